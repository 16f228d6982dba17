import type { GraphIssue } from '../../src/graph/types';
import {
  callbackSchema,
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

const world = createWorld();
const codes = (issues: readonly GraphIssue[]) => issues.map(({ code, pointer }) => `${code} ${pointer}`);

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

describe('values', () => {
  const box = testProcess('box', [
    parameter('extent', {
      type: 'object',
      subtype: 'bounding-box',
      required: ['west', 'south', 'east', 'north'],
      properties: { west: { type: 'number' }, crs: { anyOf: [{ type: 'integer' }, { type: 'string' }] } },
    }),
  ]);
  const either = testProcess('either', [
    parameter('value', [
      { type: 'number', maximum: 5 },
      { type: 'object', subtype: 'datacube' },
      { type: 'null' },
    ]),
  ]);
  const times = testProcess('times', [
    parameter('extent', {
      type: 'array',
      subtype: 'temporal-interval',
      minItems: 2,
      maxItems: 2,
      items: {
        anyOf: [
          { type: 'string', format: 'date-time' },
          { type: 'string', format: 'date' },
          { type: 'null' },
        ],
      },
    }),
  ]);
  const strange = testProcess('strange', [
    parameter('value', {
      type: 'array',
      uniqueItems: true,
      contains: { const: 7 },
      items: { not: { const: 1 }, oneOf: [{ type: 'number' }, { type: 'array', minItems: 2 }] },
      maxItems: 3,
    }),
  ]);
  const defaulted = testProcess('defaulted', [
    parameter('value', { type: 'object', subtype: 'process-graph' }, { optional: true, default: null }),
  ]);
  const typed = createWorld({ processes: [...testProcesses, box, either, times, strange, defaulted] });
  const reasons = async (process: string, args: object) =>
    (
      await typed.validate(graph({ a: node('constant', { x: 1 }), n: node(process, { ...args }, result) }))
    ).map(
      ({ message, pointer }) =>
        `${pointer?.replace('/n/arguments', '')}: ${message.replace(/^.* is not valid: /, '')}`,
    );

  test.each([
    ['box', { extent: { west: 1, south: 2, east: 3, north: 4 } }, []],
    ['box', { extent: { west: 1, south: 2, east: 3, north: from('a'), crs: param('p') } }, []],
    [
      'box',
      { extent: { west: 'x', south: 2, east: 3, north: from('a') } },
      [expect.stringMatching(/^\/extent: it must be a bounding box/)],
    ],
    ['box', { extent: { south: 2, east: 3, north: from('a') } }, [expect.stringMatching(/west/)]],
    [
      'box',
      { extent: { west: 1, south: 2, east: 3, north: 4, crs: [] } },
      ['/extent/crs: /crs must be an integer or a string, not an array.'],
    ],
    [
      'box',
      { extent: { west: 1, south: 2, east: from('a'), north: 4, crs: [] } },
      ['/extent/crs: /crs must be an integer or a string, not an array.'],
    ],
    ['either', { value: null }, []],
    ['either', { value: 6 }, ['/value: it must be <= 5.']],
    ['either', { value: {} }, ['/value: it must be a number, a data cube or null, not an object.']],
    ['times', { extent: ['2020-01-01', null] }, []],
    ['times', { extent: ['2020-01-01', param('until')] }, []],
    [
      'times',
      { extent: [null, null] },
      ['/extent: it must be a temporal interval: two instants, of which one may be null, not an array.'],
    ],
    ['times', { extent: ['2020-01-01'] }, [expect.stringMatching(/^\/extent: /)]],
    ['times', { extent: [param('since'), 5] }, ['/extent/1: /1 must be a string or null, not the number 5.']],
    ['defaulted', { value: null }, []],
    ['defaulted', { value: false }, ['/value: it must be a process graph, not the boolean false.']],
    ['strange', { value: [from('a'), 2] }, []],
    ['strange', { value: [[from('a')], 2] }, [expect.stringMatching(/fewer than 2/)]],
    ['strange', { value: [from('a'), 2, 3, 4] }, [expect.stringMatching(/more than 3/)]],
    ['strange', { value: [1, 7] }, [expect.stringMatching(/must NOT be valid/)]],
  ])('%s %j', async (process, args, expected) => {
    expect(await reasons(process, args)).toEqual(expected);
  });

  test('process graphs do not become data', async () => {
    const inner = graph({ a: node('constant', { x: 1 }, result) });
    for (const args of [{ x: inner }, { x: [inner] }, { x: { a: [from('a'), inner] } }])
      expect(await reasons('constant', args)).toEqual(['/x: it must not be or hold a process graph.']);
    const stored = {
      leak: {
        parameters: [parameter('process', callbackSchema())],
        process_graph: { c: node('constant', { x: param('process') }, result) },
      },
    };
    await expect(
      createWorld({ stored }).run(graph({ l: node('leak', { process: inner }, result) })),
    ).rejects.toMatchObject({ code: 'ProcessParameterInvalid', details: { node: ['l', 'c'] } });
  });

  test('a node whose type never fits is refused, one that may fit is not', async () => {
    const chain = (source: string) =>
      graph({ a: node(source, { x: 1, y: 2 }), b: node('add', { x: from('a'), y: 1 }, result) });
    expect(await typed.validate(chain('add'))).toEqual([]);
    const issues = await typed.validate(
      graph({ a: node('is_positive', { x: 1 }), b: node('add', { x: from('a'), y: 1 }, result) }),
    );
    expect(codes(issues)).toEqual(['ProcessParameterInvalid /b/arguments/x']);
    expect(
      await typed.validate(
        graph({ a: node('is_positive', { x: 1 }), b: node('constant', { x: from('a') }, result) }),
      ),
    ).toEqual([]);
  });
});

describe('stored processes', () => {
  const wrap = (process: string, args: object = {}) => ({
    process_graph: { n: node(process, { ...args }, result) },
  });

  test('that call each other in a circle are refused, and the circle is named', async () => {
    const looped = createWorld({ stored: { a: wrap('b'), b: wrap('c'), c: wrap('a') } });
    const [issue, ...others] = await looped.validate(wrap('a'));
    expect(issue).toMatchObject({ code: 'ProcessGraphInvalid', node: ['n'] });
    expect(issue.message).toMatch(/circle: (a → b → c → a|b → c → a → b|c → a → b → c)/);
    expect(others).toEqual([]);
  });

  test('cannot be stored when they would call themselves', async () => {
    const stored = createWorld({ stored: { a: wrap('b'), b: wrap('constant', { x: 1 }) } });
    const validate = (id: string) =>
      stored.runner.validate(wrap('a') as never, { user: 'ann', storedAs: id });
    expect(await validate('c')).toEqual([]);
    expect((await validate('a'))[0].message).toContain('a → a');
    expect((await validate('b'))[0].message).toMatch(/a → b → a|b → a → b/);
  });

  test('that are broken are reported where they are called', async () => {
    const broken = createWorld({ stored: { a: wrap('add', { x: 1 }) } });
    expect(await broken.validate(wrap('a'))).toEqual([
      {
        code: 'ProcessParameterRequired',
        message: 'The process a cannot be used at n: The process add needs a value for its parameter y.',
        node: ['n'],
        pointer: '/n',
      },
    ]);
  });

  test('cannot read parameters that they do not declare', async () => {
    const asking = createWorld({ stored: { a: wrap('constant', { x: param('tile_x') }) } });
    expect(await asking.validate(wrap('a'))).toMatchObject([
      { code: 'ProcessParameterRequired', node: ['n'] },
    ]);
  });

  test('come after predefined ones, unless the namespace says otherwise', async () => {
    const both = createWorld({ stored: { constant: wrap('text', { text: 'mine' }) } });
    const call = (namespace?: string) =>
      graph({ n: node('constant', namespace === 'user' ? {} : { x: 1 }, { result: true, namespace }) });
    expect(await both.run(call())).toBe(1);
    expect(await both.run(call('backend'))).toBe(1);
    expect(await both.run(call('user'))).toBe('mine');
  });

  test('are asked for once each', async () => {
    const shared = createWorld({ stored: { a: wrap('c'), b: wrap('c'), c: wrap('constant', { x: 1 }) } });
    await shared.run(graph({ a: node('a', {}), b: node('b', {}, result), c: node('c', {}) }));
    expect(shared.asked.sort()).toEqual(['a', 'b', 'c']);
  });

  test('do not exist for anonymous callers', async () => {
    const stored = createWorld({ stored: { a: wrap('constant', { x: 1 }) } });
    expect(codes(await stored.runner.validate(wrap('a') as never, {}))).toEqual(['ProcessUnsupported /n']);
  });
});
