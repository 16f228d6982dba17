import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { TileAddress } from '../../../src/geo/types';
import { type DiskTileCache, openTileCache } from '../../../src/store/cache/tile-cache';
import type { CacheWrite } from '../../../src/tiles/client/types';
import { locationHash, tileUuid } from '../../../src/tiles/identity';

const flight = '00000000-0000-4000-8000-00000000000a';
let folder: string;
let cache: DiskTileCache;

/** Bytes that begin as a JPEG does. */
const image = (size = 100) => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), randomBytes(size - 3)]);

function write(tile: TileAddress, changes: Partial<CacheWrite> = {}): CacheWrite {
  return {
    ...{ id: tileUuid(`${tile.z}/${tile.x}/${tile.y}/google_maps/none`), tile, source: 'google_maps' },
    ...{ capturedAt: 1.7e15, sizePixels: 256, sectorClass: 'unclassified' },
    ...changes,
  };
}

const own = (tile: TileAddress, changes: Partial<CacheWrite> = {}) =>
  write(tile, {
    ...{ id: tileUuid(`${tile.z}/${tile.x}/${tile.y}/onboard_ingest/${flight}`), source: 'onboard_ingest' },
    ...{ flightId: flight, votingStatus: 'pending' },
    ...changes,
  });

const at = (x: number, y = 5, z = 10): TileAddress => ({ z, x, y });

function filesOnDisk(): { path: string; size: number }[] {
  if (!existsSync(join(folder, 'tiles'))) return [];
  return readdirSync(join(folder, 'tiles'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: path.slice(folder.length + 1), size: readFileSync(path).length }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

const reopen = async () => {
  await cache.close();
  cache = await openTileCache(folder, { isWriter: true });
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tilegraph-cache-'));
  cache = await openTileCache(folder, { isWriter: true });
});
afterEach(async () => {
  await cache.close();
  rmSync(folder, { recursive: true, force: true });
});

test('7.9 rows have the columns of the catalogue and of the client, and their indexes', async () => {
  const bytes = image();
  const stored = await cache.put(
    write(at(1), { etag: '"x"', sectorClass: 'active_conflict', isDowngraded: true }),
    bytes,
  );
  const [row] = cache.sql.database.prepare('select * from tiles').all() as Record<string, unknown>[];
  expect(row).toMatchObject({
    ...{ tile_zoom: 10, tile_x: 1, tile_y: 5, location_hash: locationHash(at(1)), source: 'google_maps' },
    ...{
      byte_count: 100,
      sector_class: 'active_conflict',
      voting_status: null,
      etag: '"x"',
      is_downgraded: 1,
    },
    image_type: 'jpeg',
  });
  expect(row['last_accessed_at']).toBeGreaterThan(1.7e15);
  const indexes = cache.sql.database
    .prepare(`select i.name, group_concat(c.name) as columns from pragma_index_list('tiles') i, pragma_index_info(i.name) c
      where i.origin = 'c' group by i.name`)
    .all();
  expect(indexes).toEqual(
    expect.arrayContaining([
      { name: 'tiles_sector_captured', columns: 'sector_class,captured_at' },
      { name: 'tiles_last_accessed', columns: 'last_accessed_at' },
    ]),
  );
  expect(readFileSync(cache.files.path(stored!.filePath))).toEqual(bytes);
});

describe('7.10 the budget', () => {
  test('the least recently used tile goes first, and a read is a use', async () => {
    await cache.setBudget(300);
    for (const x of [1, 2, 3]) await cache.put(write(at(x)), image());
    await cache.use(at(1), async () => {});
    await cache.put(write(at(4)), image());
    const left = [1, 2, 3, 4].filter((x) => cache.neighbourhood(at(x)).some(({ tile }) => tile.x === x));
    expect(left).toEqual([1, 3, 4]);
    expect(filesOnDisk().map(({ path }) => path)).toEqual(left.map((x) => `tiles/server/10/${x}/5.jpg`));
  });

  test('a read refreshes last_accessed_at, always forward', async () => {
    const before = (await cache.put(write(at(1)), image()))!.lastAccessedAt;
    const seen = [before];
    for (let index = 0; index < 3; index++)
      await cache.use(at(1), async () => {
        seen.push(cache.byIds([write(at(1)).id]).get(write(at(1)).id)!.lastAccessedAt);
      });
    expect([...new Set(seen)].sort((a, b) => a - b)).toEqual(seen);
  });

  test('a tile in use is not evicted; what has no room is refused and leaves nothing', async () => {
    await cache.setBudget(200);
    for (const x of [1, 2]) await cache.put(write(at(x)), image());
    await cache.use(at(1), async ({ path }) => {
      await cache.put(write(at(3)), image());
      expect(readFileSync(path)).toHaveLength(100);
      await cache.use(at(3), async () => {
        expect(await cache.put(write(at(4)), image())).toBeUndefined();
      });
    });
    expect(filesOnDisk().map(({ size }) => size)).toEqual([100, 100]);
    expect(await cache.put(write(at(5)), image(201))).toBeUndefined();
    expect(cache.totals()).toEqual({ tiles: 2, bytes: 200, budgetBytes: 200 });
    // Nobody uses them any more.
    expect(await cache.put(write(at(5)), image(200))).toBeDefined();
    expect(cache.totals()).toEqual({ tiles: 1, bytes: 200, budgetBytes: 200 });
  });

  test('a smaller budget takes effect at once; none lifts it', async () => {
    for (const x of [1, 2, 3, 4]) await cache.put(write(at(x)), image());
    expect(await cache.setBudget(250)).toBe(2);
    expect(filesOnDisk()).toHaveLength(2);
    await reopen();
    expect(cache.totals()).toEqual({ tiles: 2, bytes: 200, budgetBytes: 250 });
    expect(await cache.setBudget(undefined)).toBe(0);
    for (const x of [5, 6, 7]) await cache.put(write(at(x)), image());
    expect(cache.totals()).toEqual({ tiles: 5, bytes: 500 });
  });

  test('own tiles that wait for their upload are nowhere else and stay', async () => {
    await cache.setBudget(250);
    await cache.put(own(at(1)), image());
    for (const x of [2, 3, 4]) await cache.put(write(at(x)), image());
    expect(cache.pending()).toHaveLength(1);
    expect(cache.totals().bytes).toBe(200);
  });

  test('after any writes and reads, some at once: bytes within the budget, rows and files alike', async () => {
    const action = fc.record({
      x: fc.integer({ min: 0, max: 7 }),
      size: fc.integer({ min: 3, max: 260 }),
      isOwn: fc.boolean(),
      reads: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(action, { maxLength: 4 }), { maxLength: 8 }), async (rounds) => {
        for (const tile of cache.all()) await cache.remove(tile);
        await cache.setBudget(500);
        for (const round of rounds) {
          await Promise.all(
            round.map(({ x, size, isOwn, reads }) =>
              reads
                ? cache.use(at(x), async ({ path }) => expect(readFileSync(path).length).toBeGreaterThan(0))
                : cache.put(isOwn ? own(at(x), { votingStatus: 'uploaded' }) : write(at(x)), image(size)),
            ),
          );
          const { bytes, tiles } = cache.totals();
          expect(bytes).toBeLessThanOrEqual(500);
          const onDisk = filesOnDisk();
          expect(onDisk.reduce((sum, { size }) => sum + size, 0)).toBe(bytes);
          const rows = cache.all();
          expect(rows).toHaveLength(tiles);
          expect(
            rows
              .map(({ filePath, byteCount }) => ({ path: filePath, size: byteCount }))
              .sort((a, b) => (a.path < b.path ? -1 : 1)),
          ).toEqual(onDisk);
          for (const {
            tile: { x, y, z },
            source,
          } of rows)
            expect(
              rows.filter(
                (other) =>
                  other.tile.x === x && other.tile.y === y && other.tile.z === z && other.source === source,
              ),
            ).toHaveLength(1);
        }
      }),
      { numRuns: 25 },
    );
  });
});

test('7.11 the neighbourhood has 3 × 3 cells, over the antimeridian and not over the poles', async () => {
  for (const x of [0, 1, 2, 6, 7]) for (const y of [0, 1, 2]) await cache.put(write({ z: 3, x, y }), image());
  const around = (x: number, y: number) =>
    cache.neighbourhood({ z: 3, x, y }).map(({ tile }) => `${tile.x}/${tile.y}`);
  expect(around(1, 1)).toEqual(['0/0', '1/0', '2/0', '0/1', '1/1', '2/1', '0/2', '1/2', '2/2']);
  expect(around(0, 0)).toEqual(['0/0', '1/0', '7/0', '0/1', '1/1', '7/1']);
  expect(around(7, 2)).toEqual(['0/1', '6/1', '7/1', '0/2', '6/2', '7/2']);
  expect(around(4, 4)).toEqual([]);
  const plan = cache.sql.database
    .prepare(
      'explain query plan select * from tiles where tile_zoom = 3 and tile_x in (1, 2, 3) and tile_y between 0 and 2',
    )
    .all() as { detail: string }[];
  expect(plan[0].detail).toMatch(/USING INDEX tiles_cell/);
});

test('7.12 own tiles wait by source and status, and live beside the server’s', async () => {
  await cache.put(write(at(1)), image());
  await cache.put(own(at(1), { capturedAt: 1.8e15 }), image());
  await cache.put(own(at(2), { votingStatus: 'trusted' }), image());
  expect(cache.pending()).toMatchObject([{ source: 'onboard_ingest', votingStatus: 'pending', tile: at(1) }]);
  // The server's next tile of the cell takes the place of its own only.
  await cache.put(write(at(1), { id: tileUuid('another'), source: 'uav' }), image());
  expect(
    cache
      .all()
      .map(({ source, tile }) => `${source} ${tile.x}`)
      .sort(),
  ).toEqual(['onboard_ingest 1', 'onboard_ingest 2', 'uav 1']);
  await cache.setVotingStatus(cache.pending()[0].id, 'uploaded');
  expect(cache.pending()).toEqual([]);
});

test('7.13 trusted tiles are those that nobody votes on and those that are voted for', async () => {
  const votes = [undefined, 'trusted', 'pending', 'rejected'];
  for (const [x, votingStatus] of votes.entries()) await cache.put(own(at(x), { votingStatus }), image());
  const seen = await Promise.all(votes.map((_, x) => cache.use(at(x), async () => x, { trustedOnly: true })));
  expect(seen).toEqual([0, 1, undefined, undefined]);
  // What a shorter condition would find.
  const wrong = cache.sql.database
    .prepare(`select count(*) as n from tiles where voting_status in ('trusted', null)`)
    .get();
  expect(wrong).toEqual({ n: 1 });
});

test('7.7 what a write that was cut off has left goes when the next writer comes; others only read', async () => {
  const { filePath } = (await cache.put(write(at(1)), image()))!;
  mkdirSync(join(folder, 'incoming'), { recursive: true });
  writeFileSync(join(folder, 'incoming', 'half'), 'half');
  writeFileSync(join(folder, 'tiles', 'stray.jpg'), 'no row');
  const reader = await openTileCache(folder, { isWriter: false });
  expect(filesOnDisk()).toHaveLength(2);
  expect(reader.all()).toHaveLength(1);
  await expect(openTileCache(folder, { isWriter: true })).rejects.toThrow(/written to by another process/);
  await reader.close();
  await reopen();
  expect(filesOnDisk().map(({ path }) => path)).toEqual([filePath]);
  expect(readdirSync(folder)).not.toContain('incoming');
});

test('7.7 a tile that replaces another has a file of its own, so that a row always describes its bytes', async () => {
  const first = (await cache.put(write(at(1)), image()))!;
  const second = (await cache.put(write(at(1)), image(50)))!;
  expect(second.filePath).not.toBe(first.filePath);
  expect(filesOnDisk()).toEqual([{ path: second.filePath, size: 50 }]);
  expect(cache.totals()).toEqual({ tiles: 1, bytes: 50 });
});
