import { defineCube } from '../../src/raster/cube';
import {
  createWorld,
  from,
  graph,
  node,
  param,
  parameter,
  rejection,
  result,
  testProcess,
  testProcesses,
} from './kit';

/** A process that waits until the test lets it go on. */
function createGate() {
  const waiting: ((value: unknown) => void)[] = [];
  let most = 0;
  const gate = testProcess(
    'gate',
    [parameter('x', {}, { optional: true })],
    (args, { signal }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        waiting.push(() => resolve(args.x));
        most = Math.max(most, waiting.length);
      }),
  );
  return {
    gate,
    get most() {
      return most;
    },
    get waiting() {
      return waiting.length;
    },
    async open() {
      for (const go of waiting.splice(0)) go(undefined);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

test('independent slow nodes run at once, up to a limit', async () => {
  const gate = createGate();
  const world = createWorld({ processes: [...testProcesses, gate.gate], options: { concurrency: 3 } });
  const nodes = Object.fromEntries(
    Array.from({ length: 7 }, (_, index) => [`n${index}`, node('gate', { x: index })]),
  );
  const running = world.run(
    graph({ ...nodes, all: node('list', { data: Object.keys(nodes).map(from) }, result) }),
  );
  for (const expected of [3, 3, 1]) {
    while (gate.waiting < expected) await tick();
    await tick();
    expect(gate.waiting).toBe(expected);
    await gate.open();
  }
  await expect(running).resolves.toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(gate.most).toBe(3);
});

test('a node starts as soon as what it reads is there', async () => {
  const gate = createGate();
  const world = createWorld({ processes: [...testProcesses, gate.gate] });
  const running = world.run(
    graph({
      slow: node('gate', { x: 1 }),
      quick: node('later', { x: 2 }),
      after: node('multiply', { x: from('quick') }),
      both: node('add', { x: from('slow'), y: from('after') }, result),
    }),
  );
  while (!world.calls.includes('multiply')) await tick();
  expect(world.calls).not.toContain('add');
  await gate.open();
  await expect(running).resolves.toBe(5);
});

test('callbacks may be slow', async () => {
  const world = createWorld();
  const inner = graph({
    a: node('later', { x: param('x') }),
    b: node('multiply', { x: from('a'), y: 3 }),
    c: node('add', { x: from('a'), y: from('b') }, result),
  });
  await expect(
    world.run(graph({ m: node('map', { data: [1, 2], process: inner }, result) })),
  ).resolves.toEqual([4, 8]);
});

test('a long graph whose processes answer at once lets others have their turn', async () => {
  const busy = testProcess('busy', [parameter('x', {})], (args) => {
    for (const start = performance.now(); performance.now() - start < 5; );
    return args.x;
  });
  const world = createWorld({ processes: [...testProcesses, busy] });
  const chain = (length: number) =>
    Object.fromEntries(
      Array.from({ length }, (_, index) => [
        `n${index}`,
        node('busy', { x: index === 0 ? 7 : from(`n${index - 1}`) }, { result: index === length - 1 }),
      ]),
    );
  const plan = await world.runner.plan(graph(chain(30)), {});
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await expect(world.runner.run(plan, world.request())).resolves.toBe(7);
  isOver = true;
  expect(turns).toBeGreaterThan(2);
});

describe('an abort', () => {
  test('before the run keeps everything from starting', async () => {
    const world = createWorld();
    const plan = await world.runner.plan(graph({ a: node('add', { x: 1, y: 2 }, result) }), {});
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(world.runner.run(plan, world.request({}, { signal }))).rejects.toThrow('gone');
    expect(world.calls).toEqual([]);
  });

  test('in the middle ends the run at once, even when a process does not listen', async () => {
    const deaf = testProcess('deaf', [], () => new Promise(() => {}));
    const world = createWorld({ processes: [...testProcesses, deaf] });
    const plan = await world.runner.plan(
      graph({ a: node('deaf', {}), b: node('constant', { x: from('a') }, result) }),
      {},
    );
    const controller = new AbortController();
    const running = world.runner.run(plan, world.request({}, { signal: controller.signal }));
    await tick();
    controller.abort(new Error('gone'));
    await expect(running).rejects.toThrow('gone');
    expect(world.calls).toEqual(['deaf']);
  });

  test('between nodes that answer at once', async () => {
    const controller = new AbortController();
    const leave = testProcess('leave', [], () => controller.abort(new Error('gone')));
    const world = createWorld({ processes: [...testProcesses, leave] });
    const plan = await world.runner.plan(
      graph({ a: node('leave', {}), b: node('list', { data: [from('a')] }, result) }),
      {},
    );
    const running = world.runner.run(plan, world.request({}, { signal: controller.signal }));
    await expect(running).rejects.toThrow('gone');
    expect(world.calls).toEqual(['leave']);
  });

  test('through the signal of a call ends that callback', async () => {
    const stopping = testProcess(
      'stopping',
      [parameter('process', { type: 'object', subtype: 'process-graph', parameters: [] })],
      async (args) => {
        const callback = args.process as { call(values: object, signal: AbortSignal): Promise<unknown> };
        return callback.call({}, AbortSignal.abort('enough')).catch((reason) => reason);
      },
    );
    const world = createWorld({ processes: [...testProcesses, stopping] });
    const inner = graph({ a: node('add', { x: 1, y: 2 }, result) });
    await expect(world.run(graph({ s: node('stopping', { process: inner }, result) }))).resolves.toBe(
      'enough',
    );
  });
});

test('the first error ends the run, later ones go unnoticed', async () => {
  const gate = createGate();
  const world = createWorld({ processes: [...testProcesses, gate.gate] });
  const refused = rejection(
    world.run(
      graph({
        slow: node('gate', { x: 'no number' }),
        wrong: node('add', { x: from('slow'), y: 1 }, result),
        later: node('later', { x: 1 }),
        fails: node('fail', {}),
      }),
    ),
  );
  await expect(refused).resolves.toBeInstanceOf(TypeError);
  await gate.open();
});

describe('cubes', () => {
  const cube = (name: string) =>
    defineCube({
      dimensions: [{ type: 'other', name, labels: [1] }],
      dataType: 'float32',
      nodata: null,
      missing: 'nan',
      locality: 'local',
      isGridFixed: false,
      dataVersion: '1',
      read: async () => ({ shape: [1], data: new Float32Array(1) }),
    });
  const input = cube('input');
  const shared = cube('shared');
  const load = testProcess('load', [], () => input);
  const data = parameter('data', { type: 'object', subtype: 'datacube' });
  const pass = testProcess('pass', [data], (args) => args.data);
  const stored = {
    twice: {
      parameters: [data],
      process_graph: {
        a: node('pass', { data: param('data') }),
        b: node('list', { data: [from('a'), param('data')] }, result),
      },
    },
  };
  const world = createWorld({
    processes: [...testProcesses, load, pass],
    stored,
    options: { shareReads: (given) => (given === input ? shared : given) },
  });

  test('with one reader are handed on, with several their reads are shared', async () => {
    await expect(
      world.run(graph({ l: node('load', {}), p: node('pass', { data: from('l') }, result) })),
    ).resolves.toBe(input);
    await expect(
      world.run(
        graph({
          l: node('load', {}),
          p: node('pass', { data: from('l') }, result),
          q: node('pass', { data: from('l') }),
        }),
      ),
    ).resolves.toBe(shared);
  });

  test('read by one node in two of its arguments are shared', async () => {
    const both = testProcess('both', [
      parameter('one', { type: 'object', subtype: 'datacube' }),
      parameter('other', { type: 'object', subtype: 'datacube' }),
    ]);
    const sharing = createWorld({
      processes: [...testProcesses, load, both],
      options: { shareReads: (given) => (given === input ? shared : given) },
    });
    const read = { one: from('l'), other: from('l') };
    await expect(
      sharing.run(graph({ l: node('load', {}), b: node('both', read, result) })),
    ).resolves.toMatchObject({ one: shared, other: shared });
  });

  test('read several times inside a stored process are shared there', async () => {
    await expect(
      world.run(graph({ l: node('load', {}), t: node('twice', { data: from('l') }, result) })),
    ).resolves.toEqual([shared, shared]);
  });

  test('are no plain objects', async () => {
    const plain = testProcess('plain', [parameter('x', { type: 'object' })]);
    const raster = testProcess('raster', [parameter('data', { type: 'object', subtype: 'raster-cube' })]);
    const typed = createWorld({ processes: [...testProcesses, load, plain, raster] });
    for (const [process, name] of [
      ['plain', 'x'],
      ['text', 'text'],
      ['raster', 'data'],
    ])
      await expect(
        typed.run(graph({ l: node('load', {}), p: node(process, { [name]: from('l') }, result) })),
      ).rejects.toMatchObject({ code: 'ProcessParameterInvalid', details: { node: ['p'] } });
  });
});
