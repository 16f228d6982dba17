import type { Json } from '../support/api';
import { sampleCollection } from '../support/sample';
import { startServer, type TestServer } from '../support/server';

let server: TestServer;
beforeAll(async () => {
  // A window may take half of it.
  server = await startServer({ collections: [await sampleCollection()], limitMemory: 2 ** 27 });
});
afterAll(() => server?.stop());

const load = {
  process_id: 'load_collection',
  arguments: { id: 'TILEGRAPH_SAMPLE', spatial_extent: null, temporal_extent: null },
};
const node = (process_id: string, args: Json, rest: Json = {}) => ({ process_id, arguments: args, ...rest });
const from = (from_node: string) => ({ from_node });

async function post(process_graph: Json): Promise<{ status: number; body: Buffer; error: Json }> {
  const response = await server.call('POST', '/result', { process: { process_graph } });
  const body = Buffer.from(await response.arrayBuffer());
  return { status: response.status, body, error: response.ok ? {} : (JSON.parse(body.toString()) as Json) };
}

describe('a server with little memory', () => {
  const mean = {
    process_graph: { m: node('mean', { data: { from_parameter: 'data' } }, { result: true }) },
  };

  test('computes what fits, window by window', async () => {
    const { status, body } = await post({
      load,
      mean: node('reduce_dimension', { data: from('load'), dimension: 't', reducer: mean }),
      save: node('save_result', { data: from('mean'), format: 'GTiff' }, { result: true }),
    });
    expect([status, body.length > 100_000]).toEqual([200, true]);
  });

  test('refuses what needs a whole scene at once, says what to do, and lives on', async () => {
    const { status, error } = await post({
      load,
      // Over x every window needs all columns and rows of all bands and dates.
      sorted: node('reduce_dimension', { data: from('load'), dimension: 'x', reducer: mean }),
      save: node('save_result', { data: from('sorted'), format: 'JSON' }, { result: true }),
    });
    expect([status, error]).toEqual([
      400,
      expect.objectContaining({
        code: 'MemoryLimitExceeded',
        message: expect.stringMatching(/would need \d+ MiB .* smaller area/),
      }),
    ]);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  test.each([
    ['array_concat', (data: unknown) => ({ array1: data, array2: data })],
    ['array_create', (data: unknown) => ({ data: [data, data, data], repeat: 10 })],
  ])('refuses plain values that double by %s', async (process_id, args) => {
    const nodes = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [
        `n${index}`,
        node(
          process_id,
          args(index === 0 ? [1, 2, 3] : from(`n${index - 1}`)),
          index === 39 ? { result: true } : {},
        ),
      ]),
    );
    const { status, error } = await post(nodes);
    expect([status, error['code']]).toEqual([400, 'MemoryLimitExceeded']);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  test('refuses a text that doubles', async () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => {
        const text = index === 0 ? 'long' : from(`n${index - 1}`);
        return [
          `n${index}`,
          node('text_concat', { data: [text, text] }, index === 39 ? { result: true } : {}),
        ];
      }),
    );
    const { status, error } = await post(nodes);
    expect([status, error['code']]).toEqual([400, 'MemoryLimitExceeded']);
  });
});
