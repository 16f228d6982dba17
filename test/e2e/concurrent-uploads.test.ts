import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { locationHash, tileId } from '../../src/tiles/identity';
import { adminPassword } from '../support/api';
import { connectH2, requestH2 } from '../support/h2';
import { testDatabase } from '../support/postgres';
import { type ServerProcess, spawnServer } from '../support/process';
import { type Dialect, dialects } from '../support/tile-stores';
import { lookAtRemains, noFaults } from '../tiles/support/check-catalogue';

const writers = 50;
/** Of each writer, one after the other. */
const turns = 2;
const flight = '00000000-0000-4000-8000-00000000000a';
/** The first writers share this cell; the others have one each. */
const shared = { z: 14, x: 0, y: 9 };
const cellOf = (writer: number) => (writer < writers / 2 ? shared : { z: 14, x: writer, y: 9 });

interface Picture {
  readonly bytes: Buffer;
  readonly digest: string;
}

interface Listed {
  readonly present: boolean;
  readonly location_hash: string;
  readonly tile: { readonly id: string; readonly estimated_bytes: number } | null;
}

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe.each(dialects)('a server on %s with many writers and readers', (dialect: Dialect) => {
  let dataDir: string;
  let url: string;
  let drop = async () => {};
  let server: ServerProcess;
  let headers: { authorization: string };
  /** By writer and turn, all different. */
  let pictures: Picture[][];
  const known = new Set<string>();

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'tilegraph-concurrent-'));
    const database = dialect === 'postgres' ? await testDatabase() : undefined;
    url = database?.url ?? `sqlite:///${join(dataDir, 'tiles.db')}`;
    drop = database?.drop ?? drop;
    server = await spawnServer({
      dataDir,
      env: {
        TILEGRAPH_TILE_STORE_URL: url,
        TILEGRAPH_OBJECT_STORE_URL: pathToFileURL(join(dataDir, 'objects')).href,
      },
    });
    headers = { authorization: `Bearer ${await server.login('admin', adminPassword)}` };
    pictures = await Promise.all(
      Array.from({ length: writers }, (_, writer) =>
        Promise.all(
          Array.from({ length: turns }, async (_, turn) => {
            const background = { r: 5 * writer, g: 80 * turn, b: 128 };
            const image = sharp({ create: { width: 64, height: 64, channels: 3, background } });
            const bytes = await image.jpeg().toBuffer();
            return { bytes, digest: digestOf(bytes) };
          }),
        ),
      ),
    );
    for (const { digest } of pictures.flat()) known.add(digest);
  });
  afterAll(async () => {
    await server?.stop();
    await drop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function upload(writer: number, turn: number): Promise<number> {
    const form = new FormData();
    const captured_at = `2024-01-01T00:00:0${turn}Z`;
    form.set(
      'metadata',
      JSON.stringify([{ ...cellOf(writer), source: 'uav', flight_id: flight, captured_at }]),
    );
    form.append('files', new Blob([new Uint8Array(pictures[writer][turn].bytes)]), 'tile.jpg');
    const response = await fetch(`${server.url}/api/satellite/upload`, {
      method: 'POST',
      headers,
      body: form,
    });
    const answer = (await response.json()) as { id: string };
    expect([response.status, answer]).toEqual([
      response.status === 201 ? 201 : 200,
      expect.objectContaining({ id: tileId(cellOf(writer), 'uav', flight) }),
    ]);
    return response.status;
  }

  /** @returns whether there was a tile, which is then one that somebody has sent, whole, as its digest says */
  function checkTile(status: number, body: Buffer, digest: unknown): boolean {
    if (status === 404) return false;
    expect([status, known.has(digestOf(body))]).toEqual([200, true]);
    expect(digest).toBe(`sha-256=:${createHash('sha256').update(body).digest('base64')}:`);
    return true;
  }

  test('3.8 5.6 6.6 9.3 50 writers on the same and on different cells, readers in between', async () => {
    let isWriting = true;
    let seen = 0;
    const session = await connectH2(server.url);
    const cells = Array.from({ length: writers }, (_, writer) => cellOf(writer));

    async function readH2(first: number): Promise<void> {
      for (let turn = first; isWriting; turn++) {
        const { z, x, y } = cells[(turn * 7) % writers];
        const answer = await requestH2(session, { ':path': `/tiles/${z}/${x}/${y}`, ...headers });
        if (checkTile(answer.status, answer.body, answer.headers['repr-digest'])) seen++;
      }
    }
    async function readH1(first: number): Promise<void> {
      for (let turn = first; isWriting; turn++) {
        const { z, x, y } = cells[(turn * 11) % writers];
        const response = await fetch(`${server.url}/tiles/${z}/${x}/${y}`, { headers });
        const body = Buffer.from(await response.arrayBuffer());
        if (checkTile(response.status, body, response.headers.get('repr-digest'))) seen++;
      }
    }
    /** What there is stays: tiles are replaced, and nobody ever sees a moment without one. */
    async function takeInventory(): Promise<void> {
      const present = new Set<number>();
      while (isWriting) {
        const address = `${server.url}/api/satellite/tiles/inventory`;
        const response = await server.call('POST', address, { tiles: cells });
        const { tiles } = (await response.json()) as { tiles: Listed[] };
        expect(tiles.map((each) => each.location_hash)).toEqual(cells.map(locationHash));
        for (const [index, each] of tiles.entries()) {
          if (present.has(index)) expect([index, each.present]).toEqual([index, true]);
          if (!each.present) continue;
          present.add(index);
          const sizes = pictures.flat().map(({ bytes }) => bytes.length);
          expect(each.tile?.id).toBe(tileId(cells[index], 'uav', flight));
          expect(sizes).toContain(each.tile?.estimated_bytes);
        }
      }
    }

    const reading = Promise.all([
      ...[0, 1, 2, 3].map(readH2),
      ...[0, 1, 2, 3].map(readH1),
      ...[takeInventory(), takeInventory()],
    ]);
    // What fails is told below; until then it must not count as nobody's.
    reading.catch(() => {});
    const statuses = await Promise.all(
      cells.map(async (_, writer) => {
        const got: number[] = [];
        for (let turn = 0; turn < turns; turn++) got.push(await upload(writer, turn));
        return got;
      }),
    );
    isWriting = false;
    await reading;
    session.close();
    expect(seen).toBeGreaterThan(0);
    // One writer has made each tile, all others have replaced it.
    const made = (of: readonly number[][]) => of.flat().filter((status) => status === 201).length;
    expect(made(statuses.slice(0, writers / 2))).toBe(1);
    for (const own of statuses.slice(writers / 2)) expect(own).toEqual([201, 200]);

    await server.stop();
    const { before, after, swept, digests } = await lookAtRemains(url, join(dataDir, 'objects'));
    expect(before).toEqual(noFaults);
    expect(swept).toEqual([]);
    expect(after).toEqual(noFaults);
    expect(digests.size).toBe(1 + writers / 2);
    for (let writer = writers / 2; writer < writers; writer++)
      expect(digests.get(tileId(cellOf(writer), 'uav', flight))).toBe(pictures[writer][turns - 1].digest);
    expect(known).toContain(digests.get(tileId(shared, 'uav', flight)));
    expect(server.logs()).not.toMatch(/"level":"(?:error|warning)"/);
  }, 120_000);
});
