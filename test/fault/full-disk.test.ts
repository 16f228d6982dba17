import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { translateFileError } from '../../src/store/objects/disk-errors';
import { adminPassword } from '../support/api';
import { eventually, type ServerProcess, spawnServer } from '../support/process';
import { describeWith, program } from '../support/tools';

test('StorageFailure 507: a device without room', async () => {
  const device = await open('/dev/full', 'w');
  const failure = await device.write('a').then(undefined, translateFileError);
  await device.close();
  expect(failure).toMatchObject({ code: 'StorageFailure', status: 507, cause: { code: 'ENOSPC' } });
});

/** A picture that does not compress. */
async function noise(sizePx: number): Promise<Buffer> {
  const data = Buffer.from(Array.from({ length: sizePx * sizePx }, () => Math.random() * 256));
  return sharp(data, { raw: { width: sizePx, height: sizePx, channels: 1 } })
    .png()
    .toBuffer();
}

describeWith(program('prlimit'), 'prlimit', 'a server whose files may not grow any more', () => {
  let dataDir: string;
  let server: ServerProcess;
  let token: string;
  let x = 0;

  const limit = (bytes: string) =>
    execFileSync('prlimit', ['--pid', String(server.pid), `--fsize=${bytes}:unlimited`]);
  const filesIn = (folder: string) =>
    existsSync(join(dataDir, folder))
      ? readdirSync(join(dataDir, folder), { recursive: true, withFileTypes: true }).filter((each) =>
          each.isFile(),
        )
      : [];
  const inventory = async () => {
    const body = { tiles: Array.from({ length: x + 1 }, (_, column) => ({ z: 9, x: column, y: 1 })) };
    const answer = await server.call('POST', `${server.url}/api/satellite/tiles/inventory`, body);
    return ((await answer.json()) as { tiles: { present: boolean }[] }).tiles.filter(
      ({ present }) => present,
    );
  };

  async function upload(bytes: Buffer): Promise<Response> {
    const form = new FormData();
    const entry = { z: 9, x: x++, y: 1, source: 'google_maps', captured_at: '2024-01-01T00:00:00Z' };
    form.set('metadata', JSON.stringify([entry]));
    form.append('files', new Blob([new Uint8Array(bytes)]), 'a.png');
    const headers = { authorization: `Bearer ${token}` };
    return fetch(`${server.url}/api/satellite/upload`, { method: 'POST', headers, body: form });
  }

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'tilegraph-full-'));
    const env = { TILEGRAPH_TILE_STORE_URL: `sqlite:///${join(dataDir, 'tiles.db')}` };
    server = await spawnServer({ dataDir, env });
    token = await server.login('admin', adminPassword);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  afterEach(() => limit('unlimited'));

  test.each([
    // The form, then the database: a picture of 1 KB fits where its row does not.
    ['the picture', 1024 * 1024, 1200, 507],
    ['its row', 4096, 16, 500],
  ])('StorageFailure where %s does not fit, and nothing is left', async (_, bytes, sizePx, status) => {
    const picture = await noise(sizePx);
    expect((await upload(await noise(16))).status).toBe(201);
    const before = { files: filesIn('objects').length, rows: (await inventory()).length };
    limit(String(bytes));
    const refused = await upload(picture);
    expect([refused.status, await refused.json()]).toEqual([
      status,
      expect.objectContaining({ code: 'StorageFailure' }),
    ]);
    limit('unlimited');
    await eventually(() => expect(filesIn('uploads')).toEqual([]));
    expect({ files: filesIn('objects').length, rows: (await inventory()).length }).toEqual(before);
    // And goes on when there is room again.
    expect((await upload(picture)).status).toBe(201);
  });
});
