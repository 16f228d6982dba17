import type { Json } from '../support/api';
import { eventually } from '../support/process';
import { sampleCollection } from '../support/sample';
import { startServer, type TestServer } from '../support/server';

let server: TestServer;
let alone: TestServer;
beforeAll(async () => {
  const collections = [await sampleCollection()];
  [server, alone] = await Promise.all([
    startServer({ collections, workers: 2 }),
    startServer({ collections, workers: 0 }),
  ]);
}, 180_000);
// Idle threads end by themselves.
beforeEach(() => server.application.threads.warm(), 60_000);
afterAll(() => Promise.all([server?.stop(), alone?.stop()]));

const node = (process_id: string, args: Json, rest: Json = {}) => ({ process_id, arguments: args, ...rest });
const from = (from_node: string) => ({ from_node });
const param = (from_parameter: string) => ({ from_parameter });
const result = { result: true };
const load = (bands?: readonly string[]) =>
  node('load_collection', {
    id: 'TILEGRAPH_SAMPLE',
    spatial_extent: { west: 11.31, south: 47.74, east: 11.345, north: 47.76 },
    temporal_extent: null,
    bands,
  });
const reducer = (process_id: string) => ({
  process_graph: { r: node(process_id, { data: param('data') }, result) },
});
const save = (data: string, format = 'GTiff', options: Json = {}) =>
  node('save_result', { data: from(data), format, options: { ...options } }, result);

const composite = {
  load: load(['B04', 'B08']),
  ndvi: node('ndvi', { data: from('load'), nir: 'B08', red: 'B04' }),
  median: node('reduce_dimension', { data: from('ndvi'), dimension: 't', reducer: reducer('median') }),
  save: save('median', 'GTiff', { level: 1 }),
};

const graphs: Readonly<Record<string, Json>> = {
  'a composite': composite,
  'a masked composite': {
    load: load(['B04', 'SCL']),
    classes: node('filter_bands', { data: from('load'), bands: ['SCL'] }),
    clouds: node('apply', {
      data: from('classes'),
      process: { process_graph: { r: node('gte', { x: param('x'), y: 8 }, result) } },
    }),
    layer: node('drop_dimension', { data: from('clouds'), name: 'bands' }),
    red: node('filter_bands', { data: from('load'), bands: ['B04'] }),
    clear: node('mask', { data: from('red'), mask: from('layer') }),
    first: node('reduce_dimension', { data: from('clear'), dimension: 't', reducer: reducer('first') }),
    save: save('first', 'GTiff', { level: 1 }),
  },
  'a kernel over a resampled cube': {
    load: load(['B08']),
    day: node('filter_temporal', { data: from('load'), extent: ['2024-05-01', '2024-07-01'] }),
    coarse: node('resample_spatial', {
      data: from('day'),
      resolution: 25,
      projection: 32632,
      method: 'bilinear',
    }),
    blur: node('apply_kernel', {
      data: from('coarse'),
      kernel: [
        [1, 2, 1],
        [2, 4, 2],
        [1, 2, 1],
      ],
      factor: 0.0625,
      border: 'reflect',
    }),
    save: save('blur', 'GTiff', { level: 1 }),
  },
};

async function post(target: TestServer, graph: Json, query = ''): Promise<Buffer> {
  const response = await target.call('POST', `/result${query}`, { process: { process_graph: graph } });
  const body = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(body.toString());
  return body;
}

describe('threads that compute pixels', () => {
  test.each(Object.keys(graphs))(
    'give the same bytes as the main thread: %s',
    async (name) => {
      const before = server.application.threads.reads;
      const [one, other] = await Promise.all([post(server, graphs[name]), post(alone, graphs[name])]);
      expect(server.application.threads.reads - before).toBeGreaterThan(0);
      expect(one.equals(other)).toBe(true);
    },
    120_000,
  );

  test('know the values of parameters', async () => {
    const graph = {
      ...composite,
      scaled: node('apply', {
        data: from('median'),
        process: { process_graph: { r: node('multiply', { x: param('x'), y: param('factor') }, result) } },
      }),
      save: save('scaled', 'GTiff', { level: 1 }),
    };
    const parameters = [{ name: 'factor', description: 'How much', schema: { type: 'number' }, default: 1 }];
    const before = server.application.threads.reads;
    const bodies = await Promise.all(
      [server, alone].map(async (target) => {
        const process = { parameters, process_graph: graph };
        const response = await target.call('POST', '/result?factor=100', { process });
        return Buffer.from(await response.arrayBuffer());
      }),
    );
    expect(server.application.threads.reads).toBeGreaterThan(before);
    expect(bodies[0].equals(bodies[1])).toBe(true);
  }, 120_000);

  test('compute batch jobs, too', async () => {
    const before = server.application.threads.reads;
    const created = await server.call('POST', '/jobs', { process: { process_graph: composite } });
    const job = `/jobs/${created.headers.get('openeo-identifier')}`;
    expect((await server.call('POST', `${job}/results`)).status).toBe(202);
    await eventually(async () => {
      const { status } = (await (await server.call('GET', job)).json()) as { status: string };
      expect(status).toBe('finished');
    }, 90_000);
    const results = (await (await server.call('GET', `${job}/results`)).json()) as {
      assets: Record<string, { href: string; type: string }>;
    };
    const asset = Object.values(results.assets).find(({ type }) => type.startsWith('image/tiff'))!;
    const body = Buffer.from(await (await fetch(asset.href)).arrayBuffer());
    expect(body.equals(await post(alone, composite))).toBe(true);
    expect(server.application.threads.reads).toBeGreaterThan(before);
  }, 180_000);

  test('give back their memory, also when the client leaves', async () => {
    const controller = new AbortController();
    const token = await server.login('admin', 'correct horse battery');
    const before = server.application.threads.reads;
    const everything = { ...composite.load.arguments, spatial_extent: null };
    const process_graph = { ...composite, load: node('load_collection', everything) };
    const request = fetch(`${server.api}/result`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ process: { process_graph } }),
      signal: controller.signal,
    }).catch((error: Error) => error.name);
    const loads = () => server.application.threads.threads.map(({ load: windows }) => windows);
    await eventually(() => expect(server.application.threads.reads).toBeGreaterThan(before), 60_000);
    controller.abort();
    await request;
    await eventually(() => {
      expect(loads()).toEqual([0, 0]);
      expect(server.application.memory.bytes).toBe(0);
    }, 60_000);
    expect((await post(server, composite)).length).toBeGreaterThan(1000);
  }, 180_000);

  test('are replaced when they crash, and nobody notices', async () => {
    const expected = await post(alone, composite);
    const before = server.application.threads.reads;
    const answer = post(server, composite);
    await eventually(() => expect(server.application.threads.reads).toBeGreaterThan(before), 60_000);
    const [first] = server.application.threads.threads;
    await first.worker.terminate();
    expect((await answer).equals(expected)).toBe(true);
    expect(server.application.threads.threads.includes(first)).toBe(false);
  }, 180_000);

  test('leave alone what they cannot repeat', async () => {
    const before = server.application.threads.reads;
    // Looks at pixels before there is a result.
    const graph = {
      load: load(['B04']),
      trimmed: node('trim_cube', { data: from('load') }),
      mean: node('reduce_dimension', { data: from('trimmed'), dimension: 't', reducer: reducer('mean') }),
      save: save('mean', 'GTiff', { level: 1 }),
    };
    const [one, other] = await Promise.all([post(server, graph), post(alone, graph)]);
    expect(one.equals(other)).toBe(true);
    expect(server.application.threads.reads).toBe(before);
  }, 120_000);
});
