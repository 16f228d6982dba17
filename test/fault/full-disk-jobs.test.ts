import { execFileSync } from 'node:child_process';
import { eventually, type ServerProcess, spawnServer } from '../support/process';
import { sampleCollection } from '../support/sample';
import { describeWith, program } from '../support/tools';

jest.setTimeout(300_000);

const graph = {
  load: {
    process_id: 'load_collection',
    arguments: {
      ...{ id: 'TILEGRAPH_SAMPLE', bands: ['B02', 'B03', 'B04', 'B08'], spatial_extent: null },
      temporal_extent: ['2024-06-22', '2024-06-23'],
    },
  },
  save: {
    process_id: 'save_result',
    arguments: { data: { from_node: 'load' }, format: 'GTiff' },
    result: true,
  },
};

describeWith(program('prlimit'), 'prlimit', 'a job whose results do not fit on the disk', () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await spawnServer({ env: { TILEGRAPH_COLLECTIONS: await sampleCollection() } });
  });
  afterAll(() => server?.stop());

  const limit = (bytes: string) =>
    execFileSync('prlimit', ['--pid', String(server.pid), `--fsize=${bytes}:unlimited`]);

  test('pauses with a clear word, and goes on when there is room', async () => {
    const created = await server.call('POST', '/jobs', { process: { process_graph: graph } });
    const path = `/jobs/${created.headers.get('openeo-identifier')}`;
    const row = async (address = path) =>
      (await (await server.call('GET', address)).json()) as { status: string; message?: string };
    // Room for rows of the database, and none for the pixels of the scene.
    limit('4000000');
    await server.call('POST', `${path}/results`);
    await eventually(async () => {
      expect(await row(`${server.url}/api${path}`)).toMatchObject({
        status: 'queued',
        message: expect.stringContaining('Paused: the storage is full'),
      });
    }, 120_000);
    limit('unlimited');
    await eventually(async () => expect((await row()).status).toBe('finished'), 120_000);
    const results = (await (await server.call('GET', `${path}/results`)).json()) as {
      assets: Record<string, { href: string; 'file:size': number }>;
    };
    const { href, 'file:size': size } = results.assets['result.tif'];
    expect(size).toBeGreaterThan(4_000_000);
    expect((await (await fetch(href)).arrayBuffer()).byteLength).toBe(size);
  });
});
