import { drawing, encode } from '../../../pyramid/support/pictures';
import { type Documents, failing, JobsApi, type Json, twoFiles } from './jobs-api';

jest.setTimeout(180_000);

let api: JobsApi;

beforeAll(async () => {
  api = await JobsApi.open({ limitPixels: 1_000_000 });
});
afterAll(() => api?.server.stop());

const refusal = async (graph: Json) => api.refusal('GET', `/jobs/${await api.create(graph)}/estimate`);

test('an estimate is measured on a sample', async () => {
  const estimate = await api.json('GET', `/jobs/${await api.create(twoFiles)}/estimate`);
  expect(estimate).toMatchObject({ costs: 0, duration: expect.stringMatching(/^PT\d+S$/) });
  const id = await api.run(twoFiles);
  const results = (await api.json('GET', `/jobs/${id}/results`)) as unknown as Documents;
  const size = Object.values(results.assets).reduce((sum, asset) => sum + (asset['file:size'] as number), 0);
  // The results are smaller than the sample, so that the estimate is exact.
  expect(estimate['size']).toBe(size);
  expect(estimate['tilegraph:values']).toBeGreaterThan(1000);
  expect(estimate['tilegraph:bytes_read']).toBeGreaterThan(1000);
});

const tiles = (data: unknown, more: Json = {}) => ({
  tiles: { process_id: 'tile_generation', arguments: { data, ...more }, result: true },
});

/** The sample's newest bands as bytes, in a GTiff. */
const coloured = {
  newest: {
    process_id: 'reduce_dimension',
    arguments: {
      data: { from_node: 'load' },
      dimension: 't',
      reducer: {
        process_graph: {
          first: {
            process_id: 'first',
            arguments: { data: { from_parameter: 'data' } },
            result: true,
          },
        },
      },
    },
  },
  colours: {
    process_id: 'colormap',
    arguments: { data: { from_node: 'ndvi' }, min: -1, max: 1 },
  },
  ndvi: { process_id: 'ndvi', arguments: { data: { from_node: 'newest' }, red: 'B04', nir: 'B08' } },
  save: {
    process_id: 'save_result',
    arguments: { data: { from_node: 'colours' }, format: 'GTiff' },
    result: true,
  },
};

const cubeTiles = (more: Json) => {
  const { newest, ndvi, colours } = coloured;
  return { load: twoFiles.load, newest, ndvi, colours, ...tiles({ from_node: 'colours' }, more) };
};

/** A file of Ann's: a picture larger than what stands for it. */
async function upload(path: string, body: Buffer) {
  const headers = { authorization: `Bearer ${api.ann}`, 'content-type': 'application/octet-stream' };
  await fetch(`${api.server.api}/files/${path}`, { method: 'PUT', headers, body: new Uint8Array(body) });
  return body.length;
}

const load = (more: Json) => ({
  process_id: 'load_collection',
  arguments: { id: 'TILEGRAPH_SAMPLE', spatial_extent: null, temporal_extent: null, ...more },
});

test.each<[string, Json, number, string]>([
  [
    'a collection that is not there',
    { load: { ...load({ id: 'NOPE' }), result: true } },
    404,
    'CollectionNotFound',
  ],
  [
    'a file that is not there',
    {
      load: {
        process_id: 'load_uploaded_files',
        arguments: { paths: ['no.tif'], format: 'GTiff' },
        result: true,
      },
    },
    404,
    'FileNotFound',
  ],
  ['a host that is not allowed', failing, 400, 'HostNotAllowed'],
  ['a picture that is not there', tiles('no.png'), 404, 'FileNotFound'],
  ['a project that is not there', tiles({ project: 'no', version: 1, asset: 'x' }), 404, 'ProjectNotFound'],
  ['zooms in the wrong order', cubeTiles({ minzoom: 9, maxzoom: 8 }), 400, 'RequestInvalid'],
  [
    'a result that is too large for its format',
    {
      load: load({}),
      large: { process_id: 'resample_spatial', arguments: { data: { from_node: 'load' }, resolution: 1 } },
      save: {
        process_id: 'save_result',
        arguments: { data: { from_node: 'large' }, format: 'WEBP' },
        result: true,
      },
    },
    400,
    'ProcessGraphComplexity',
  ],
])('the estimate of a job that fails for %s is that failure', async (_, graph, status, code) => {
  expect(await refusal(graph)).toEqual([status, code]);
});

test.each<[string, () => Promise<{ graph: Json; read?: number; pixels?: number }>]>([
  [
    'a picture',
    async () => {
      const read = await upload('map.png', await encode(drawing(2500, 2300), 2500, 2300, 'png'));
      const pixels = 2500 * 2300 + 1250 * 1150 + 625 * 575 + 313 * 288 + 157 * 144;
      return { graph: tiles('map.png', { format: 'webp' }), read, pixels };
    },
  ],
  [
    'a raster',
    async () => {
      const results = (await api.json(
        'GET',
        `/jobs/${await api.run({ load: twoFiles.load, ...coloured })}/results`,
      )) as unknown as Documents;
      const file = await fetch(Object.values(results.assets)[0].href);
      const read = await upload('scene.tif', Buffer.from(await file.arrayBuffer()));
      return { graph: tiles('scene.tif', { minzoom: 10, maxzoom: 20 }), read };
    },
  ],
  ['a data cube', async () => ({ graph: cubeTiles({ minzoom: 12, maxzoom: 20, archive: 'pmtiles' }) })],
  [
    'an area that leaves the middle out',
    async () => {
      const corner = (x: number, y: number) => [
        [x, y],
        [x + 6e-4, y],
        [x + 6e-4, y + 6e-4],
        [x, y],
      ];
      const coordinates = [[corner(11.3402, 47.7402)], [corner(11.3432, 47.742)]];
      return { graph: cubeTiles({ maxzoom: 20, area: { type: 'MultiPolygon', coordinates } }) };
    },
  ],
])('tiles of %s are estimated by some of them', async (_, prepare) => {
  const { graph, read, pixels } = await prepare();
  const id = await api.create(graph);
  const estimate = await api.json('GET', `/jobs/${id}/estimate`);
  expect(estimate['duration']).toMatch(/^PT\d+S$/);
  // And the value that describes them.
  if (pixels) expect(estimate['tilegraph:values']).toBe(pixels + 1);
  if (read) expect(estimate['tilegraph:bytes_read']).toBe(read);
  else expect(estimate['tilegraph:bytes_read']).toBeGreaterThan(1000);
  const { objects } = api.server.application;
  expect((await objects.list('pyramids/')).items).toEqual([]);
  expect((await api.call('POST', `/jobs/${id}/results`)).status).toBe(202);
  await api.ends(id);
  const { items } = await objects.list(`pyramids/${id}/`);
  const size = items.reduce((sum, each) => sum + each.size, 0);
  // The archive lies there too.
  expect((estimate['size'] as number) / size).toBeGreaterThan(0.5);
  expect((estimate['size'] as number) / size).toBeLessThan(2);
  await api.call('DELETE', `/jobs/${id}`);
});

test.each<[string, Json]>([
  [
    'runs code of its owner',
    { process_id: 'run_udf', arguments: { data: [1], udf: 'return 1', runtime: 'JavaScript' } },
  ],
  [
    'changes something',
    {
      process_id: 'tile_upload',
      arguments: { data: 'a.png', source: 'uav', captured_at: '2024-06-22T10:00:00Z', zoom: 12 },
    },
  ],
])('a job that %s is not tried out', async (_, node) => {
  expect(await refusal({ node: { ...node, result: true } })).toEqual([500, 'EstimateComplexity']);
});

test('tiles of what code of its owner gives are not tried out', async () => {
  const udf = { process_id: 'run_udf', arguments: { data: 'x', udf: 'return 1', runtime: 'JavaScript' } };
  expect(await refusal({ udf, ...tiles({ from_node: 'udf' }) })).toEqual([500, 'EstimateComplexity']);
});
