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

test.each<[string, Json]>([
  [
    'runs code of its owner',
    { process_id: 'run_udf', arguments: { data: [1], udf: 'return 1', runtime: 'JavaScript' } },
  ],
  ['changes something', { process_id: 'tile_generation', arguments: { data: 'a.png' } }],
])('a job that %s is not tried out', async (_, node) => {
  expect(await refusal({ node: { ...node, result: true } })).toEqual([500, 'EstimateComplexity']);
});
