import type { Callback } from '../../../src/graph/types';
import {
  callbackSchema,
  createWorld,
  from,
  graph,
  node,
  param,
  parameter,
  result,
  testProcess,
  testProcesses,
} from '../kit';

describe('running a graph', () => {
  test('computes each node once, whatever the order they are written in', async () => {
    const world = createWorld();
    const value = await world.run(
      graph({
        sum: node('add', { x: from('a'), y: from('b') }, result),
        b: node('multiply', { x: from('a') }),
        a: node('add', { x: 1, y: 2 }),
      }),
    );
    expect(value).toBe(9);
    expect(world.calls).toEqual(['add', 'multiply', 'add']);
  });

  test('takes the marked node, not the last one, and runs the others too', async () => {
    const world = createWorld();
    const value = await world.run(
      graph({ a: node('add', { x: 1, y: 2 }, result), b: node('multiply', { x: from('a') }) }),
    );
    expect(value).toBe(3);
    expect(world.calls).toEqual(['add', 'multiply']);
  });

  test('puts references into arrays and objects', async () => {
    const nested = graph({
      a: node('add', { x: 1, y: 2 }),
      b: node('constant', { x: { list: [from('a'), { deep: param('p') }], plain: [1] } }, result),
    });
    await expect(createWorld().run(nested, { p: 'q' })).resolves.toEqual({
      list: [3, { deep: 'q' }],
      plain: [1],
    });
  });

  test('runs callbacks with their own, the enclosing and the graph’s parameters', async () => {
    const inner = graph({
      sum: node('add', { x: param('x'), y: param('offset') }),
      all: node('add', { x: from('sum'), y: param('context') }, result),
    });
    const outer = graph({
      rows: node(
        'map',
        {
          data: [
            [1, 2],
            [3, 4],
          ],
          process: graph({
            cells: node('map', { data: param('x'), process: inner, context: 1000 }, result),
          }),
        },
        result,
      ),
    });
    await expect(createWorld().run(outer, { offset: 10 })).resolves.toEqual([
      [1011, 1012],
      [1013, 1014],
    ]);
  });

  test('a callback’s own parameter hides one of the same name outside', async () => {
    const definition = graph({
      rows: node(
        'map',
        { data: [1, 2], process: graph({ t: node('multiply', { x: param('x') }, result) }) },
        result,
      ),
    });
    await expect(createWorld().run(definition, { x: 100 })).resolves.toEqual([2, 4]);
  });

  test('stored processes see their own parameters only, with their defaults', async () => {
    const stored = {
      scale: {
        id: 'scale',
        parameters: [
          parameter('x', { type: 'number' }),
          parameter('by', { type: 'number' }, { optional: true, default: 10 }),
        ],
        process_graph: { m: node('multiply', { x: param('x'), y: param('by') }, result) },
      },
    };
    const world = createWorld({ stored });
    const call = (args: object) => graph({ s: node('scale', { ...args }, result) });
    await expect(world.run(call({ x: 2 }), { by: 3 })).resolves.toBe(20);
    await expect(world.run(call({ x: 2, by: 4 }))).resolves.toBe(8);
    await expect(world.validate(call({}))).resolves.toMatchObject([{ code: 'ProcessParameterRequired' }]);
    await expect(world.validate(call({ x: 'two' }))).resolves.toMatchObject([
      { code: 'ProcessParameterInvalid', pointer: '/s/arguments/x' },
    ]);
  });

  test('a callback handed through a stored process keeps the scope that it was written in', async () => {
    const stored = {
      each: {
        parameters: [
          parameter('data', { type: 'array' }),
          parameter('process', callbackSchema('x', 'context')),
          parameter('p', {}, { optional: true, default: 'theirs' }),
        ],
        process_graph: {
          m: node('map', { data: param('data'), process: param('process'), context: param('p') }, result),
        },
      },
    };
    const inner = graph({ n: node('list', { data: [param('x'), param('p'), param('context')] }, result) });
    const definition = graph({ e: node('each', { data: [1], process: inner }, result) });
    await expect(createWorld({ stored }).run(definition, { p: 'mine' })).resolves.toEqual([
      [1, 'mine', 'theirs'],
    ]);
  });

  test('process graphs may lie inside an object, as in filters by metadata', async () => {
    const filter = testProcess(
      'filter',
      [
        parameter('properties', {
          type: 'object',
          subtype: 'metadata-filter',
          additionalProperties: callbackSchema('value'),
        }),
      ],
      (args) =>
        Object.entries(args.properties as Record<string, Callback>).map(([name, callback]) => [
          name,
          callback.parameters,
          callback.invoke?.({ value: 4 }),
        ]),
    );
    const world = createWorld({ processes: [...testProcesses, filter] });
    const call = (name: string) =>
      graph({
        f: node(
          'filter',
          {
            properties: {
              'eo:cloud_cover': graph({ a: node('add', { x: param(name), y: param('p') }, result) }),
            },
          },
          result,
        ),
      });
    await expect(world.run(call('value'), { p: 1 })).resolves.toEqual([['eo:cloud_cover', ['value'], 5]]);
    expect(await world.validate(call('x'), ['p'])).toMatchObject([{ code: 'ProcessParameterRequired' }]);
    await expect(
      world.validate(graph({ f: node('filter', { properties: { a: 1 } }, result) })),
    ).resolves.toMatchObject([{ pointer: '/f/arguments/properties/a' }]);
  });

  test('an optional parameter of a stored process without a value leaves the argument out', async () => {
    const stored = {
      scale: {
        parameters: [parameter('by', { type: 'number' }, { optional: true })],
        process_graph: { m: node('multiply', { x: 3, y: param('by') }, result) },
      },
    };
    await expect(createWorld({ stored }).run(graph({ s: node('scale', {}, result) }))).resolves.toBe(6);
  });
});
