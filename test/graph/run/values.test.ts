import { OpenEOError } from '../../../src/base/errors';
import { injectedUser } from '../../../src/graph/parameters';
import { LabeledArray, OpaqueHandle } from '../../../src/graph/types';
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
} from '../kit';

describe('parameters of the graph', () => {
  const definition = graph({ m: node('multiply', { x: param('x'), y: param('y') }, result) }, [
    parameter('x', { type: 'number' }, { optional: true, default: 5 }),
    parameter('y', { type: 'number' }),
  ]);

  test('given values go before defaults of the graph, those before defaults of the process', async () => {
    const world = createWorld();
    await expect(world.run(definition, { x: 2, y: 7 })).resolves.toBe(14);
    await expect(world.run(definition, { y: 7 })).resolves.toBe(35);
    await expect(world.run(definition)).resolves.toBe(10);
  });

  test('a missing value is named together with the node and the process', async () => {
    const needy = graph({ n: node('text', { text: param('title') }, result) }, [
      parameter('title', { type: 'string' }),
    ]);
    const error = await rejection(createWorld().run(needy));
    expect(error).toMatchObject({ code: 'ProcessParameterRequired', status: 400, details: { node: ['n'] } });
    expect(error.message).toMatch(/text \(node n\).*"title"/);
  });

  test('values of a run are checked against the schema of the argument', async () => {
    const open = graph({ n: node('multiply', { x: param('p') }, result) });
    const error = await rejection(createWorld().run(open, { p: 'text' }));
    expect(error).toMatchObject({ code: 'ProcessParameterInvalid', details: { node: ['n'] } });
    expect(error.message).toContain('must be a number, not the string "text"');
  });

  test('values of a run are checked against the schema that the graph declares', async () => {
    await expect(createWorld().run(definition, { x: 1, y: 'two' })).rejects.toMatchObject({
      code: 'ProcessParameterInvalid',
      details: { parameter: 'y' },
    });
  });

  test('the user becomes the id where text is wanted, and stays an object elsewhere', async () => {
    const user = injectedUser({ id: 'ann', name: 'Ann', roles: ['admin'] });
    const world = createWorld();
    const asText = graph({ n: node('text', { text: param('_openeo_user') }, result) });
    await expect(world.run(asText, { _openeo_user: user })).resolves.toBe('ann');
    const asObject = graph({ n: node('constant', { x: param('_openeo_user') }, result) });
    await expect(world.run(asObject, { _openeo_user: user })).resolves.toEqual({
      user_id: 'ann',
      name: 'Ann',
      roles: ['admin'],
    });
  });
});

describe('opaque handles', () => {
  const use = testProcess(
    'use_store',
    [parameter('store', { type: 'object', subtype: 'tile-store' })],
    (args) => (args.store as OpaqueHandle<string>).open(),
  );
  const world = createWorld({ processes: [...testProcesses, use] });
  const store = new OpaqueHandle('tile-store', 'the secret');
  const reference = param('_openeo_tile_store');

  test('reach a process that names their subtype', async () => {
    const definition = graph({ n: node('use_store', { store: reference }, result) });
    await expect(world.run(definition, { _openeo_tile_store: store })).resolves.toBe('the secret');
  });

  test.each([
    ['an open parameter', node('constant', { x: reference }, result)],
    ['an array', node('list', { data: [reference] }, result)],
    ['an object', node('constant', { x: { a: reference } }, result)],
    ['text', node('text', { text: reference }, result)],
    [
      'a callback',
      node('map', { data: [1], process: graph({ c: node('constant', { x: reference }, result) }) }, result),
    ],
  ])('are refused by %s', async (_, step) => {
    const error = await rejection(world.run(graph({ n: step }), { _openeo_tile_store: store }));
    expect(error).toBeInstanceOf(OpenEOError);
    expect(error.message).not.toContain('secret');
  });

  test('a plain object is none', async () => {
    await expect(
      world.validate(graph({ n: node('use_store', { store: {} }, result) })),
    ).resolves.toMatchObject([{ code: 'ProcessParameterInvalid', argument: 'store' }]);
  });

  test('their absence is explained when somebody knows why', async () => {
    const definition = graph({ n: node('use_store', { store: reference }, result) });
    const reason = new OpenEOError('TileStoreUnavailable', { reason: 'no database is configured.' });
    const missing = new Map([['_openeo_tile_store', reason]]);
    await expect(world.runner.validate(definition, { supplied: new Set(), missing })).resolves.toMatchObject([
      { code: 'TileStoreUnavailable', message: reason.message, node: ['n'] },
    ]);
    const plan = await world.runner.plan(definition, {});
    await expect(world.runner.run(plan, world.request({}, { missing }))).rejects.toMatchObject({
      code: 'TileStoreUnavailable',
      details: { node: ['n'] },
    });
  });
});

describe('values that JSON does not have', () => {
  test('NaN and the infinities are numbers, but no integers', async () => {
    const whole = testProcess('whole', [parameter('x', { type: 'integer' })], (args) => args.x);
    const world = createWorld({ processes: [...testProcesses, whole] });
    const pass = graph({ n: node('multiply', { x: param('p'), y: 1 }, result) });
    await expect(world.run(pass, { p: Number.NaN })).resolves.toBeNaN();
    await expect(world.run(pass, { p: Number.NEGATIVE_INFINITY })).resolves.toBe(Number.NEGATIVE_INFINITY);
    for (const p of [Number.NaN, Number.POSITIVE_INFINITY, 1.5])
      await expect(
        world.run(graph({ n: node('whole', { x: param('p') }, result) }), { p }),
      ).rejects.toMatchObject({ code: 'ProcessParameterInvalid' });
  });

  test('labeled arrays are arrays', async () => {
    const definition = graph({
      l: node('label', { data: [1, 2] }),
      m: node(
        'map',
        { data: from('l'), process: graph({ t: node('multiply', { x: param('x') }, result) }) },
        result,
      ),
    });
    await expect(createWorld().run(definition)).resolves.toEqual([2, 4]);
    await expect(createWorld().run(graph({ l: node('label', { data: [1] }, result) }))).resolves.toEqual(
      new LabeledArray(['l0'], [1]),
    );
  });
});

describe('errors of processes', () => {
  test('those of ours learn where they arose, once', async () => {
    const refuse = testProcess('refuse', [], () => {
      throw new OpenEOError('CollectionNotFound', { identifier: 'nowhere' });
    });
    const stored = { wrapped: { process_graph: { inner: node('refuse', {}, result) } } };
    const world = createWorld({ processes: [...testProcesses, refuse], stored });
    const definition = graph({
      outer: node('call', { process: graph({ middle: node('wrapped', {}, result) }) }, result),
    });
    await expect(world.run(definition)).rejects.toMatchObject({
      code: 'CollectionNotFound',
      details: { identifier: 'nowhere', node: ['outer', 'process', 'middle', 'inner'], process: 'refuse' },
    });
  });

  test('an error that several graphs share keeps no trace of any', async () => {
    const shared = new OpenEOError('CollectionNotFound', { identifier: 'nowhere' });
    const refuse = testProcess('refuse', [], () => {
      throw shared;
    });
    const world = createWorld({ processes: [...testProcesses, refuse] });
    for (const id of ['first', 'second']) {
      const error = await rejection(world.run(graph({ [id]: node('refuse', {}, result) })));
      expect(error).toBeInstanceOf(OpenEOError);
      expect(error).toMatchObject({ status: 404, message: shared.message, details: { node: [id] } });
    }
    expect(shared.details).toEqual({ identifier: 'nowhere' });
  });

  test('others pass as they are', async () => {
    await expect(createWorld().run(graph({ n: node('fail', {}, result) }))).rejects.toThrow(TypeError);
  });
});
