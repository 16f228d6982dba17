import {
  callbackSchema,
  codes,
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
