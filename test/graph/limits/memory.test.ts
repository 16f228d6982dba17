import { MemoryBudget } from '../../../src/raster/memory/budget';
import {
  createWorld,
  from,
  graph,
  node,
  param,
  parameter,
  rejection,
  result,
  type TestProcess,
  testProcess,
  testProcesses,
} from '../kit';

describe('plain values', () => {
  const worldWith = (maxPlainBytes: number, process: TestProcess) =>
    createWorld({ processes: [...testProcesses, process], options: { maxPlainBytes } });
  const repeat = (count: number) =>
    testProcess('repeat', [parameter('x', { description: 'anything' })], ({ x }) =>
      Array.from({ length: count }, () => x),
    );
  const chain = (length: number, id: string, name: string, first: unknown) =>
    graph(
      Object.fromEntries(
        Array.from({ length }, (_, index) => [
          `n${index}`,
          node(id, { [name]: index === 0 ? first : from(`n${index - 1}`) }, { result: index === length - 1 }),
        ]),
      ),
    );

  test('arrays that a run keeps are counted together', async () => {
    const world = worldWith(100_000, repeat(2000));
    await expect(world.run(graph({ a: node('repeat', { x: 1 }, result) }))).resolves.toHaveLength(2000);
    const nodes = Object.fromEntries(
      Array.from({ length: 5 }, (_, index) => [`a${index}`, node('repeat', { x: index })]),
    );
    const error = await rejection(world.run(graph({ ...nodes, end: node('constant', { x: 1 }, result) })));
    expect(error).toMatchObject({ code: 'MemoryLimitExceeded', status: 400 });
  });

  test('of all runs share a memory, and wait for each other', async () => {
    const memory = new MemoryBudget(200_000, 50);
    const open: (() => void)[] = [];
    const wait = testProcess(
      'wait',
      [parameter('x', { description: 'anything' })],
      () => new Promise((resolve) => open.push(() => resolve(1))),
    );
    const world = createWorld({
      processes: [...testProcesses, repeat(5000), wait],
      options: { holdPlain: () => memory.hold() },
    });
    // 80,000 bytes; all runs beside the windows may have 100,000.
    const definition = graph({
      many: node('repeat', { x: 1 }),
      wait: node('wait', { x: from('many') }),
      end: node('constant', { x: [from('wait')].length }, result),
    });
    const first = world.run(definition);
    expect(memory.bytes).toBe(0);
    while (open.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(memory.bytes).toBe(80_000);
    const second = await rejection(world.run(definition));
    expect(second).toMatchObject({ code: 'TooManyRequests', status: 429 });
    const huge = createWorld({
      processes: [...testProcesses, repeat(10_000)],
      options: { holdPlain: () => memory.hold() },
    });
    const third = await rejection(huge.run(graph({ many: node('repeat', { x: 1 }, result) })));
    expect(third).toMatchObject({ code: 'MemoryLimitExceeded', status: 400 });
    open[0]();
    await first;
    expect(memory.bytes).toBe(0);
  });

  test('a result counts for as long as somebody has it', async () => {
    const memory = new MemoryBudget(200_000);
    const world = createWorld({
      processes: [...testProcesses, repeat(4000)],
      options: { holdPlain: () => memory.hold() },
    });
    const definition = graph({ many: node('repeat', { x: 1 }, result) });
    const held = await world.run(definition);
    expect(memory.bytes).toBeGreaterThanOrEqual(64_000);
    expect(held).toHaveLength(4000);
  });

  test('those of callbacks are forgotten when the callback ends', async () => {
    const world = worldWith(100_000, repeat(2000));
    const each = graph({
      many: node('repeat', { x: param('x') }),
      end: node('constant', { x: param('x') }, result),
    });
    const data = Array.from({ length: 50 }, (_, index) => index);
    await expect(world.run(graph({ n: node('map', { data, process: each }, result) }))).resolves.toEqual(
      data,
    );
  });

  test('arrays of arrays count as what they are written out', async () => {
    const world = worldWith(1_000_000, repeat(100));
    await expect(world.run(chain(2, 'repeat', 'x', 1))).resolves.toHaveLength(100);
    const error = await rejection(world.run(chain(5, 'repeat', 'x', 1)));
    expect(error).toMatchObject({ code: 'MemoryLimitExceeded' });
  });

  test('texts that grow beyond what a string can be are refused', async () => {
    const double = testProcess(
      'double',
      [parameter('x', { description: 'anything' })],
      ({ x }) => `${x}${x}`,
    );
    const world = worldWith(2 ** 40, double);
    const error = await rejection(world.run(chain(40, 'double', 'x', 'long')));
    expect(error).toMatchObject({ code: 'MemoryLimitExceeded', details: { process: 'double' } });
  });
});

describe('what is written in graphs', () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
  const written = (count: number) =>
    graph({ n: node('constant', { x: numbers(count) }), end: node('constant', { x: 1 }, result) });
  const worldWith = (memory: MemoryBudget, stored: Readonly<Record<string, unknown>> = {}) =>
    createWorld({ stored, options: { holdPlain: () => memory.hold() } });

  test('counts in the memory of all runs for as long as somebody has the plan', async () => {
    const memory = new MemoryBudget(2_000_000, 50);
    const world = worldWith(memory);
    const plan = await world.runner.plan(written(20_000), { user: 'ann', supplied: new Set() });
    expect(memory.bytes).toBeGreaterThan(20_000 * 32);
    expect(world.runner.sizeOf(plan)).toBe(memory.bytes);
    await expect(world.runner.run(plan, world.request())).resolves.toBe(1);
    // The first has more than half of what there is.
    expect(await rejection(world.run(written(20_000)))).toMatchObject({ code: 'TooManyRequests' });
    expect(await rejection(world.run(written(40_000)))).toMatchObject({ code: 'MemoryLimitExceeded' });
    expect(world.runner.sizeOf(plan)).toBe(memory.bytes);
  });

  test('does not count where it is little, and is given back where it is wrong', async () => {
    const memory = new MemoryBudget(2_000_000, 50);
    const world = worldWith(memory);
    await world.runner.plan(written(1000), { user: 'ann', supplied: new Set() });
    expect(memory.bytes).toBe(0);
    const wrong = graph({ n: node('add', { x: numbers(20_000), y: 1 }, result) });
    expect(await world.validate(wrong)).not.toEqual([]);
    expect(await rejection(world.run(wrong))).toMatchObject({ code: 'ProcessParameterInvalid' });
    expect(memory.bytes).toBe(0);
  });

  test('counts with the stored processes that it calls, of which a few are loaded at once', async () => {
    const names = numbers(60).map((index) => `stored_${index}`);
    const stored = Object.fromEntries(names.map((name) => [name, written(2000)]));
    const newWorld = () => worldWith(new MemoryBudget(2_000_000, 50), stored);
    const calls = (count: number) =>
      graph(
        Object.fromEntries(
          names.slice(0, count).map((name, index) => [name, node(name, {}, { result: index === 0 })]),
        ),
      );
    await expect(newWorld().run(calls(4))).resolves.toBe(1);
    const world = newWorld();
    expect(await rejection(world.run(calls(60)))).toMatchObject({ code: 'MemoryLimitExceeded' });
    expect(world.asked.length).toBeLessThan(40);
  });
});
