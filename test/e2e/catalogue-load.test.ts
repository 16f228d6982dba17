import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { adminPassword } from '../support/api';
import { type ServerProcess, spawnServer } from '../support/process';
import { describeWith, program } from '../support/tools';

const requests = 10_000;

describeWith(program('h2load'), 'h2load', 'tiles under load', () => {
  let folder: string;
  let server: ServerProcess;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tilegraph-load-'));
    const env = {
      TILEGRAPH_TILE_STORE_URL: `sqlite:///${join(folder, 'tiles.db')}`,
      TILEGRAPH_TILES_PUBLIC: 'true',
    };
    server = await spawnServer({ dataDir: folder, env });
    const form = new FormData();
    const entries = Array.from({ length: 20 }, (_, x) => ({
      ...{ z: 14, x, y: 5, source: 'google_maps', captured_at: '2024-01-01T00:00:00Z' },
    }));
    form.set('metadata', JSON.stringify(entries));
    for (const { x } of entries) {
      const background = { r: 12 * x, g: 0, b: 0 };
      const bytes = await sharp({ create: { width: 256, height: 256, channels: 3, background } })
        .png()
        .toBuffer();
      form.append('files', new Blob([new Uint8Array(bytes)]), 'tile.png');
    }
    const headers = { authorization: `Bearer ${await server.login('admin', adminPassword)}` };
    const response = await fetch(`${server.url}/api/satellite/upload`, {
      method: 'POST',
      headers,
      body: form,
    });
    expect(response.status).toBe(207);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ['HTTP/2', ['-c', '4', '-m', '50']],
    ['HTTP/1.1', ['--h1', '-c', '8']],
  ])(
    '5.6 5.7 10,000 requests over %s without an error',
    async (_, options) => {
      const list = join(folder, 'list');
      writeFileSync(list, Array.from({ length: 20 }, (_, x) => `/tiles/14/${x}/5\n`).join(''));
      const args = [...options, '-n', String(requests), '-i', list, '-B', server.url];
      const { stdout } = await promisify(execFile)('h2load', args);
      expect(stdout).toContain(`${requests} succeeded, 0 failed, 0 errored, 0 timeout`);
      expect(stdout).toContain(`status codes: ${requests} 2xx, 0 3xx, 0 4xx, 0 5xx`);
    },
    120_000,
  );
});
