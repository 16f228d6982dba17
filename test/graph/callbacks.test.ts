import type { ProcessDefinition } from '../../src/graph/types';
import { createWorld, graph, node, param, parameter, testProcess, testProcesses } from './kit';

const result = { result: true };
const schema = (returns: unknown) => ({
  type: 'object',
  subtype: 'process-graph',
  parameters: [parameter('x', { type: 'number' })],
  returns: { schema: returns },
});
const twice = graph({ m: node('multiply', { x: param('x'), y: 2 }, result) });

const plan = (definition: ProcessDefinition) =>
  createWorld().runner.plan(definition, { supplied: new Set() });

describe('process graphs as defaults of parameters', () => {
  const declared = [
    parameter('data', { type: 'array' }),
    parameter('process', schema({}), { optional: true, default: twice }),
  ];
  const map = {
    process_graph: { m: node('map', { data: param('data'), process: param('process') }, result) },
  };
  const stored = { each: { parameters: declared, ...map } };

  test('of a stored process: used where the argument is left out', async () => {
    const world = createWorld({ stored });
    await expect(world.run(graph({ e: node('each', { data: [1, 2] }, result) }))).resolves.toEqual([2, 4]);
    const process = graph({ a: node('add', { x: param('x'), y: 1 }, result) });
    await expect(world.run(graph({ e: node('each', { data: [1, 2], process }, result) }))).resolves.toEqual([
      2, 3,
    ]);
  });

  test('of a stored process, handed a parameter without a value', async () => {
    const outer = {
      parameters: [parameter('p', schema({}), { optional: true })],
      process_graph: { e: node('each', { data: [3], process: param('p') }, result) },
    };
    const world = createWorld({ stored: { ...stored, outer } });
    await expect(world.run(graph({ o: node('outer', {}, result) }))).resolves.toEqual([6]);
  });

  test('of the graph itself', async () => {
    const world = createWorld();
    await expect(world.run({ parameters: declared, ...map }, { data: [1, 2] })).resolves.toEqual([2, 4]);
  });

  test('may call stored processes, which are then loaded, checked and planned', async () => {
    const calls = graph({ d: node('double', { x: param('x') }, result) });
    const double = {
      parameters: [parameter('x', { type: 'number' })],
      process_graph: { m: node('multiply', { x: param('x') }, result) },
    };
    const using = { parameters: [declared[0], { ...declared[1], default: calls }], ...map };
    const world = createWorld({ stored: { double } });
    await expect(world.run(using, { data: [5] })).resolves.toEqual([10]);
    await expect(createWorld().validate(using)).resolves.toMatchObject([{ code: 'ProcessUnsupported' }]);
    const writes = graph({ w: node('record', { x: 1 }, result) });
    const writing = await plan({
      parameters: [declared[0], { ...declared[1], default: writes }],
      ...map,
    });
    expect(writing.effects).toBe('write');
  });

  test('see the parameters of the callback alone', async () => {
    const reaching = graph({ m: node('add', { x: param('x'), y: param('data') }, result) });
    const definition = { parameters: [declared[0], { ...declared[1], default: reaching }], ...map };
    await expect(createWorld().validate(definition)).resolves.toMatchObject([
      { code: 'ProcessParameterRequired' },
    ]);
  });

  test('call no processes in a circle', async () => {
    const circle = graph({ e: node('each', { data: [1] }, result) });
    const world = createWorld({
      stored: { each: { parameters: [declared[0], { ...declared[1], default: circle }], ...map } },
    });
    await expect(world.validate(graph({ e: node('each', { data: [1] }, result) }))).resolves.toMatchObject([
      { code: 'ProcessGraphInvalid', message: expect.stringMatching(/circle/) },
    ]);
  });

  test('change the hash with what they are', async () => {
    const { hash } = await plan({ parameters: declared, ...map });
    const renamed = { process_graph: { other: { ...twice.process_graph['m'] } } };
    const same = await plan({
      parameters: [declared[0], { ...declared[1], default: renamed }],
      ...map,
    });
    expect(same.hash).toBe(hash);
    const thrice = graph({ m: node('multiply', { x: param('x'), y: 3 }, result) });
    const different = await plan({
      parameters: [declared[0], { ...declared[1], default: thrice }],
      ...map,
    });
    expect(different.hash).not.toBe(hash);
  });
});

describe('what process graphs give has to be what their caller expects', () => {
  const decide = testProcess('decide', [parameter('process', schema({ type: 'boolean' }))], (args) =>
    (args.process as { invoke(values: object): unknown }).invoke({ x: 1 }),
  );
  const world = createWorld({ processes: [...testProcesses, decide] });
  const call = (process: object) => graph({ d: node('decide', { process }, result) });
  const refused = {
    code: 'ProcessParameterInvalid',
    message: expect.stringMatching(/number where boolean is expected/),
  };

  test('truth values and no-data are', async () => {
    await expect(world.run(call(graph({ p: node('is_positive', { x: param('x') }, result) })))).resolves.toBe(
      true,
    );
    await expect(world.run(call(graph({ p: node('constant', { x: null }, result) })))).resolves.toBeNull();
  });

  test('a wrong result is found before the run where the process says what it gives', async () => {
    await expect(world.validate(call(twice))).resolves.toMatchObject([refused]);
  });

  test('and in the run where it does not, also when it comes later', async () => {
    await expect(world.run(call(graph({ p: node('constant', { x: 1 }, result) })))).rejects.toMatchObject(
      refused,
    );
    await expect(world.run(call(graph({ p: node('later', { x: 1 }, result) })))).rejects.toMatchObject(
      refused,
    );
    await expect(world.run(call(graph({ p: node('later', { x: false }, result) })))).resolves.toBe(false);
  });
});
