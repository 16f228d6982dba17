import type { Json } from '../../support/api';
import { sampleCollection } from '../../support/sample';
import { startServer, type TestServer } from '../../support/server';

jest.setTimeout(300_000);

const from = (from_node: string) => ({ from_node });
const param = (from_parameter: string) => ({ from_parameter });
const node = (process_id: string, args: object, more: object = {}) => ({
  process_id,
  arguments: args,
  ...more,
});
const result = { result: true };
const callback = (process_id: string, args: object) => ({
  process_graph: { c: node(process_id, args, result) },
});
const load = node('load_collection', {
  id: 'TILEGRAPH_SAMPLE',
  spatial_extent: { west: 11.33, south: 47.75, east: 11.336, north: 47.754 },
  temporal_extent: ['2024-03-01', '2024-07-01'],
  bands: ['B04', 'B08'],
});
/** Pixels so small that a scene of a few fields has millions of them along an axis. */
const fine = (resolution: number) =>
  node('resample_spatial', { data: from('load'), resolution, projection: 32632 });

/** Each node takes what the one before it gave. */
function chain(length: number, first: object, step: (before: object) => object): Json {
  const graph: Record<string, object> = { n0: first };
  for (let index = 1; index <= length; index++) graph[`n${index}`] = step(from(`n${index - 1}`));
  Object.assign(graph[`n${length}`], result);
  return graph as Json;
}

const circle = (count: number) => {
  const ring = Array.from({ length: count }, (_, index) => {
    const angle = (index / count) * 2 * Math.PI;
    return [600_000 + 1000 * Math.cos(angle), 5_200_000 + 1000 * Math.sin(angle)];
  });
  return { type: 'Polygon', coordinates: [[...ring, ring[0]]] };
};
const points = (count: number, first: object = {}) => ({
  type: 'FeatureCollection',
  features: Array.from({ length: count }, (_, index) => ({
    type: 'Feature',
    properties: index === 0 ? first : {},
    geometry: { type: 'Point', coordinates: [11 + index / 1e6, 47] },
  })),
});

/** Small requests for what would take gigabytes, or hours. */
type Refused = Readonly<Record<string, readonly [code: string, graph: object]>>;
const large: Refused = {
  'an array of 10⁹ elements': [
    'ProcessGraphComplexity',
    { a: node('array_create', { data: [1], repeat: 1e9 }, result) },
  ],
  'a text that doubles sixty times': [
    'MemoryLimitExceeded',
    chain(60, node('text_concat', { data: ['abcdefgh'] }), (text) =>
      node('text_concat', { data: [text, text] }),
    ),
  ],
  'an array that doubles sixty times': [
    'MemoryLimitExceeded',
    chain(60, node('array_create', { data: [1, 2, 3] }), (data) =>
      node('array_concat', { array1: data, array2: data }),
    ),
  ],
  'arrays of the same array, eight levels deep': [
    'MemoryLimitExceeded',
    chain(8, node('array_create', { data: [1], repeat: 1000 }), (data) =>
      node('array_create', { data: [data], repeat: 1000 }),
    ),
  ],
  'arrays that a callback makes for each element': [
    'MemoryLimitExceeded',
    {
      many: node('array_create', { data: [1], repeat: 100_000 }),
      each: node(
        'array_apply',
        {
          data: from('many'),
          process: callback('array_create', { data: [param('x')], repeat: 1000 }),
        },
        result,
      ),
    },
  ],
  'texts that a callback makes for each element': [
    'MemoryLimitExceeded',
    {
      many: node('array_create', { data: [1], repeat: 100_000 }),
      each: node(
        'array_apply',
        {
          data: from('many'),
          process: callback('text_concat', { data: [param('index'), 'x'.repeat(1000)] }),
        },
        result,
      ),
    },
  ],
  'hours of ten thousand years': [
    'ProcessGraphComplexity',
    {
      one: node('create_data_cube', {}),
      first: node('add_dimension', {
        ...{ data: from('one'), name: 't', label: '0001-01-01', type: 'temporal' },
      }),
      last: node('add_dimension', {
        ...{ data: from('one'), name: 't', label: '9999-12-31', type: 'temporal' },
      }),
      both: node('merge_cubes', { cube1: from('first'), cube2: from('last') }),
      hours: node(
        'aggregate_temporal_period',
        { data: from('both'), period: 'hour', reducer: callback('mean', { data: param('data') }) },
        result,
      ),
    },
  ],
  'pixels of a millionth of a meter': [
    'ProcessParameterInvalid',
    { load, fine: { ...fine(1e-6), ...result } },
  ],
  'the labels of 46 million columns': [
    'ProcessGraphComplexity',
    {
      load,
      fine: fine(1e-5),
      labels: node('dimension_labels', { data: from('fine'), dimension: 'x' }, result),
    },
  ],
  'a condition on 46 million columns': [
    'ProcessGraphComplexity',
    {
      load,
      fine: fine(1e-5),
      labels: node(
        'filter_labels',
        {
          ...{ data: from('fine'), dimension: 'x' },
          condition: callback('gt', { x: param('value'), y: 0 }),
        },
        result,
      ),
    },
  ],
  'a label for each of 20 million pixels': [
    'ProcessGraphComplexity',
    {
      load,
      fine: fine(0.1),
      flat: node(
        'flatten_dimensions',
        { data: from('fine'), dimensions: ['x', 'y'], target_dimension: 'xy' },
        result,
      ),
    },
  ],
  'labels of many cubes, each of which alone would do': [
    'MemoryLimitExceeded',
    {
      load,
      ...Object.fromEntries(
        Array.from({ length: 20 }, (_, index) => [
          `fine${index}`,
          node('resample_spatial', {
            data: from('load'),
            resolution: 0.0005 + index / 1e6,
            projection: 32632,
          }),
        ]),
      ),
      ...Object.fromEntries(
        Array.from({ length: 20 }, (_, index) => [
          `labels${index}`,
          node('dimension_labels', { data: from(`fine${index}`), dimension: 'x' }),
        ]),
      ),
      end: node('constant', { x: 1 }, result),
    },
  ],
  'a thousand properties of ten thousand geometries each': [
    'ProcessGraphComplexity',
    {
      shapes: node(
        'load_geojson',
        {
          data: points(11_000),
          properties: Array.from({ length: 1000 }, (_, index) => `p${index}`),
        },
        result,
      ),
    },
  ],
  'a property that is one long array': [
    'ProcessGraphComplexity',
    {
      shapes: node(
        'load_geojson',
        { data: points(11_000, { a: new Array(1000).fill(1) }), properties: ['a'] },
        result,
      ),
    },
  ],
};

const long: Refused = {
  'callbacks in callbacks, 10¹⁵ calls': [
    'RequestTimeout',
    {
      many: node('array_create', { data: [1], repeat: 100_000 }),
      each: node(
        'array_apply',
        {
          data: from('many'),
          process: {
            process_graph: {
              many: node('array_create', { data: [1], repeat: 100_000 }),
              each: node('array_apply', {
                data: from('many'),
                process: callback('array_create', { data: [1], repeat: 10 }),
              }),
              count: node('count', { data: from('each') }, result),
            },
          },
        },
        result,
      ),
    },
  ],
  'a number of random points that takes hours': [
    'RequestTimeout',
    {
      shape: node('load_geojson', { data: circle(20_000), properties: [] }),
      points: node(
        'vector_to_random_points',
        { data: from('shape'), geometry_count: 1_000_000, seed: 1 },
        result,
      ),
    },
  ],
};

/** The code of the answer, or its status where it is no error. */
async function outcome(server: TestServer, process_graph: object): Promise<string> {
  const answer = await server.call('POST', '/result', { process: { process_graph } });
  const body = await answer.text();
  return answer.ok ? `${answer.status}` : (JSON.parse(body) as { code: string }).code;
}

test.each([
  ['memory', large, {}],
  ['time', long, { limitSeconds: 4 }],
])(
  'small graphs that would take all %s are refused, and others go on beside them',
  async (_, graphs, limits) => {
    const server = await startServer({
      collections: [await sampleCollection()],
      limitMemory: 128 << 20,
      ...limits,
    });
    try {
      let isOver = false;
      const found = Promise.all(
        Object.entries(graphs).map(async ([name, [, graph]]) => [name, await outcome(server, graph)]),
      ).finally(() => {
        isOver = true;
      });
      const sum = { sum: node('add', { x: 1, y: 2 }, result) };
      while (!isOver) expect(await outcome(server, sum)).toBe('200');
      expect(await found).toEqual(Object.entries(graphs).map(([name, [code]]) => [name, code]));
    } finally {
      await server.stop();
    }
  },
);

test('geometries that are written into a graph count in the memory of all runs, whatever takes them', async () => {
  const server = await startServer({ collections: [await sampleCollection()], limitMemory: 16 << 20 });
  const ring = (count: number) => {
    const corners = Array.from({ length: count }, (_, index) => {
      const angle = (index / count) * 2 * Math.PI;
      return [11.333 + 0.002 * Math.cos(angle), 47.752 + 0.001 * Math.sin(angle)];
    });
    return { type: 'Polygon', coordinates: [[...corners, corners[0]]] };
  };
  const taken = (geometries: object) => ({
    load_geojson: node('load_geojson', { data: geometries, properties: [] }, result),
    mask_polygon: node('mask_polygon', { data: from('load'), mask: geometries }, result),
    filter_spatial: node('filter_spatial', { data: from('load'), geometries }, result),
    aggregate_spatial: node(
      'aggregate_spatial',
      { data: from('load'), geometries, reducer: callback('mean', { data: param('data') }) },
      result,
    ),
  });
  try {
    for (const [count, expected] of [
      [100, '200'],
      [100_000, 'MemoryLimitExceeded'],
    ] as const)
      for (const [name, take] of Object.entries(taken(ring(count))))
        expect([name, count, await outcome(server, { load, take })]).toEqual([name, count, expected]);
    // Values of the small ones, until they are collected.
    expect(server.application.memory.bytes).toBeLessThan(1000);
  } finally {
    await server.stop();
  }
});
