import { codes, createWorld, from, graph, node, param, parameter, rejection, result } from '../kit';

const world = createWorld();

test('all problems of a graph are found at once, each with its place', async () => {
  const issues = await world.validate(
    graph({
      'a/b': node('add', { x: 'one', z: 3 }),
      b: node('nothing_like_it', { data: from('nowhere') }),
      c: node(
        'map',
        { data: from('a/b'), process: graph({ d: node('add', { x: 1, y: from('c') }) }) },
        result,
      ),
      e: node('text', { text: param('unheard') }, result),
    }),
    [],
  );
  expect(issues.map(({ code, node: path, argument, pointer }) => [code, path, argument, pointer])).toEqual([
    ['ProcessGraphInvalid', ['c', 'process'], undefined, '/c/arguments/process/process_graph'],
    ['ProcessGraphInvalid', [], undefined, ''],
    ['ProcessParameterRequired', ['a/b'], 'y', '/a~1b/arguments/y'],
    ['ProcessParameterUnsupported', ['a/b'], 'z', '/a~1b/arguments/z'],
    ['ProcessParameterInvalid', ['a/b'], 'x', '/a~1b/arguments/x'],
    ['ProcessUnsupported', ['b'], undefined, '/b'],
    ['ProcessGraphInvalid', ['b'], 'data', '/b/arguments/data'],
    ['ProcessParameterInvalid', ['c'], 'data', '/c/arguments/data'],
    ['ProcessGraphInvalid', ['c', 'process', 'd'], 'y', '/c/arguments/process/process_graph/d/arguments/y'],
    ['ProcessParameterRequired', ['e'], 'text', '/e/arguments/text'],
  ]);
  for (const { message } of issues) expect(message).toMatch(/\.$/);
});

test('planning throws the first problem and counts the others', async () => {
  const broken = graph({ a: node('add', { x: 'one', z: 3 }, result) });
  const error = await rejection(world.run(broken));
  expect(error).toMatchObject({ code: 'ProcessParameterRequired', status: 400 });
  expect(error.message).toMatch(/parameter y\..*\(node a\) There are 2 others\.$/);
  expect(error.details.issues).toHaveLength(3);
});

test.each([
  ['nothing', undefined, 'ProcessInvalid'],
  ['null', null, 'ProcessInvalid'],
  ['text', 'graph', 'ProcessInvalid'],
  ['no graph', {}, 'ProcessGraphMissing'],
  ['a null graph', { process_graph: null }, 'ProcessGraphMissing'],
  ['an array for a graph', { process_graph: [] }, 'ProcessGraphInvalid'],
  ['an empty graph', { process_graph: {} }, 'ProcessGraphInvalid'],
  ['a node that is no object', graph({ a: 1 }), 'ProcessGraphInvalid'],
  ['a node without arguments', graph({ a: { process_id: 'add', result: true } }), 'ProcessGraphInvalid'],
  [
    'a process id that is no text',
    graph({ a: { process_id: 1, arguments: {}, result: true } }),
    'ProcessGraphInvalid',
  ],
  [
    'a namespace that is no text',
    graph({ a: node('constant', { x: 1 }, { result: true, namespace: 3 }) }),
    'ProcessGraphInvalid',
  ],
  [
    'an unknown namespace',
    graph({ a: node('constant', { x: 1 }, { result: true, namespace: '@bob' }) }),
    'ProcessUnsupported',
  ],
  [
    'a result that is no boolean',
    graph({ a: node('constant', { x: 1 }, { result: 'yes' }) }),
    'ProcessGraphInvalid',
  ],
  [
    'a reference to a number',
    graph({ a: node('constant', { x: { from_node: 1 } }, result) }),
    'ProcessGraphInvalid',
  ],
  [
    'a reference with other keys',
    graph({ a: node('constant', { x: { from_parameter: 'p', or: 1 } }, result) }),
    'ProcessGraphInvalid',
  ],
  [
    'a callback that is no graph',
    graph({ a: node('call', { process: { process_graph: 1 } }, result) }),
    'ProcessGraphInvalid',
  ],
  [
    'a circle',
    graph({ a: node('constant', { x: from('b') }, result), b: node('constant', { x: from('a') }) }),
    'ProcessGraphInvalid',
  ],
  [
    'a node that reads itself',
    graph({ a: node('constant', { x: [from('a')] }, result) }),
    'ProcessGraphInvalid',
  ],
  [
    'parameters that are no array',
    { ...graph({ a: node('constant', { x: 1 }, result) }), parameters: {} },
    'ProcessInvalid',
  ],
  [
    'a nameless parameter',
    graph({ a: node('constant', { x: 1 }, result) }, [{ schema: {} } as never]),
    'ProcessInvalid',
  ],
  [
    'a parameter twice',
    graph({ a: node('constant', { x: 1 }, result) }, [parameter('p', {}), parameter('p', {})]),
    'ProcessInvalid',
  ],
  [
    'a schema that is none',
    graph({ a: node('constant', { x: 1 }, result) }, [parameter('p', { type: 'nonsense' })]),
    'ProcessInvalid',
  ],
  [
    'a slow pattern',
    graph({ a: node('constant', { x: 1 }, result) }, [parameter('p', { pattern: '(a+)+$' })]),
    'ProcessInvalid',
  ],
  [
    'a tile parameter',
    graph({ a: node('constant', { x: 1 }, result) }, [parameter('tile_x', {})]),
    'ProcessParameterInvalid',
  ],
  [
    'a server parameter',
    graph({ a: node('constant', { x: 1 }, result) }, [parameter('_openeo_user', {})]),
    'ProcessParameterInvalid',
  ],
])('%s is refused', async (_, definition, code) => {
  const issues = await world.validate(definition);
  expect(issues.map((issue) => issue.code)).toEqual([code]);
});

test('the circle is spelt out', async () => {
  const issues = await world.validate(
    graph({
      a: node('constant', { x: from('c') }),
      b: node('constant', { x: from('a') }),
      c: node('constant', { x: from('b') }),
      d: node('constant', { x: from('a') }, result),
      e: node('constant', { x: from('e') }),
    }),
  );
  expect(issues.map(({ message }) => message)).toEqual([
    expect.stringContaining('a → c → b → a'),
    expect.stringContaining('e → e'),
  ]);
});

describe('names', () => {
  const asks = graph({ a: node('constant', { x: param('p') }, result) });

  test('that only a run supplies are no problem for a validation', async () => {
    expect(await world.validate(asks)).toEqual([]);
  });
  test('must be supplied or declared once that is known', async () => {
    expect(codes(await world.validate(asks, []))).toEqual(['ProcessParameterRequired /a/arguments/x']);
    expect(await world.validate(asks, ['p'])).toEqual([]);
    expect(await world.validate({ ...asks, parameters: [parameter('p', {})] }, [])).toEqual([]);
  });
  test('of callbacks come from the process that calls them', async () => {
    const callback = (name: string) =>
      graph({
        m: node(
          'map',
          { data: [], process: graph({ a: node('constant', { x: param(name) }, result) }) },
          result,
        ),
      });
    expect(await world.validate(callback('x'), [])).toEqual([]);
    expect(codes(await world.validate(callback('y'), []))).toEqual([
      'ProcessParameterRequired /m/arguments/process/process_graph/a/arguments/x',
    ]);
  });
});
