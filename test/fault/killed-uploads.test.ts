import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { tileId } from '../../src/tiles/identity';
import { adminPassword } from '../support/api';
import { faultRounds } from '../support/fault-rounds';
import { testDatabase } from '../support/postgres';
import { type ServerProcess, spawnServer } from '../support/process';
import { type Dialect, dialects } from '../support/tile-stores';
import { lookAtRemains, noFaults } from '../tiles/support/check-catalogue';

const flight = '00000000-0000-4000-8000-00000000000a';
const uploaders = 8;

let pictures: { bytes: Buffer; digest: string }[];
beforeAll(async () => {
  pictures = await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      const bytes = await sharp({
        create: { width: 64, height: 64, channels: 3, background: { r: index * 20, g: 0, b: 0 } },
      })
        .png()
        .toBuffer();
      return { bytes, digest: createHash('sha256').update(bytes).digest('hex') };
    }),
  );
});

describe.each(dialects)('a server on %s that is killed while it takes uploads', (dialect: Dialect) => {
  let dataDir: string;
  let url: string;
  let drop = async () => {};
  /** What was answered with success, by the id of the tile: none of it may be lost. */
  const acknowledged = new Map<string, string>();
  let cells = 0;

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'tilegraph-killed-'));
    const database = dialect === 'postgres' ? await testDatabase() : undefined;
    url = database?.url ?? `sqlite:///${join(dataDir, 'tiles.db')}`;
    drop = database?.drop ?? drop;
  });
  afterAll(async () => {
    await drop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function upload(server: ServerProcess, token: string, x: number, picture: number): Promise<void> {
    const form = new FormData();
    const tile = { z: 14, x, y: 7 };
    const entry = { ...tile, source: 'uav', flight_id: flight, captured_at: '2024-01-01T00:00:00Z' };
    form.set('metadata', JSON.stringify([entry]));
    form.append('files', new Blob([new Uint8Array(pictures[picture].bytes)]), 'a.png');
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${server.url}/api/satellite/upload`, {
      method: 'POST',
      headers,
      body: form,
    });
    if (!response.ok) throw new Error(await response.text());
    acknowledged.set(tileId(tile, 'uav', flight), x < 3 ? 'any' : pictures[picture].digest);
  }

  /** Some uploads go to the same three cells, the others to a new one each; goes on until the server is gone. */
  async function uploadOn(server: ServerProcess, token: string, seed: number): Promise<void> {
    for (let turn = seed; ; turn++) {
      const x = turn % 2 === 0 ? turn % 3 : 100 + cells++;
      await upload(server, token, x, turn % pictures.length);
    }
  }

  async function readOn(server: ServerProcess, token: string): Promise<void> {
    for (let turn = 0; ; turn++) {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${server.url}/tiles/14/${turn % 3}/7`, { headers });
      const digest = createHash('sha256')
        .update(Buffer.from(await response.arrayBuffer()))
        .digest('hex');
      if (response.status === 200) expect(pictures.map((each) => each.digest)).toContain(digest);
      else expect(response.status).toBe(404);
    }
  }

  /** By SQL and the disk alone, then what the sweep finds and removes, then again. */
  async function check(): Promise<void> {
    const { before, after, swept, digests } = await lookAtRemains(url, join(dataDir, 'objects'));
    expect(before).toEqual({ ...noFaults, filesWithoutRow: expect.any(Array) });
    for (const [id, wanted] of acknowledged)
      expect([id, digests.get(id)]).toEqual([id, wanted === 'any' ? expect.any(String) : wanted]);
    expect(swept.filter(({ kind }) => kind === 'row without file')).toEqual([]);
    expect(after).toEqual(noFaults);
  }

  test.each(Array.from({ length: faultRounds }, (_, index) => index + 1))(
    '3.8 leaves no row without its file: round %i',
    async (round) => {
      const env = {
        TILEGRAPH_TILE_STORE_URL: url,
        TILEGRAPH_OBJECT_STORE_URL: pathToFileURL(join(dataDir, 'objects')).href,
      };
      const server = await spawnServer({ dataDir, env });
      const token = await server.login('admin', adminPassword);
      const before = acknowledged.size;
      const work = [
        ...Array.from({ length: uploaders }, (_, index) => uploadOn(server, token, round * 31 + index * 5)),
        readOn(server, token),
      ].map((each) => each.catch(() => {}));
      // Long enough that uploads are under way, and then any moment of theirs.
      while (acknowledged.size < before + 3) await delay(5);
      await delay(Math.random() * 150);
      await server.kill();
      await Promise.all(work);
      await check();
    },
    120_000,
  );
});
