import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { OpenEOError } from '../../src/base/errors';
import { silentLogger } from '../../src/base/logger';
import { openObjectStore } from '../../src/store/objects/open';
import type { ObjectStore } from '../../src/store/objects/types';
import { TileFiles } from '../../src/tiles/files';
import { removeFlight } from '../../src/tiles/flights';
import { takeInventory } from '../../src/tiles/inventory';
import { TileReader } from '../../src/tiles/reader';
import type { TileCatalogue } from '../../src/tiles/types';
import { parseUploadEntry, uploadTile } from '../../src/tiles/upload';
import { dialects, type TestTileStore, testTileStore } from '../support/tile-stores';
import { faults, noFaults } from './support/check-catalogue';

const flight = '00000000-0000-4000-8000-00000000000a';

describe.each(dialects)('tiles and their files on %s', (dialect) => {
  let store: TestTileStore;
  let folder: string;
  let objects: ObjectStore;
  let files: TileFiles;
  /** Pictures of different bytes, as files outside of the store. */
  let pictures: { path: string; size: number; digest: string }[];

  beforeAll(async () => {
    store = await testTileStore(dialect);
    folder = mkdtempSync(join(tmpdir(), 'tilegraph-upload-test-'));
    objects = await openObjectStore(pathToFileURL(join(folder, 'objects')).href, { logger: silentLogger });
    files = new TileFiles(objects);
    pictures = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const background = { r: index * 5, g: 0, b: 0 };
        const bytes = await sharp({ create: { width: 8, height: 8, channels: 3, background } })
          .png()
          .toBuffer();
        const path = join(folder, `${index}.png`);
        writeFileSync(path, bytes);
        return { path, size: bytes.length, digest: createHash('sha256').update(bytes).digest('hex') };
      }),
    );
  });
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await store.rows('delete from tiles returning id');
    await objects.removeAll('tiles');
  });

  const entry = (x: number, changes: Readonly<Record<string, unknown>> = {}) =>
    parseUploadEntry({
      ...{ z: 8, x, y: 3, source: 'uav', flight_id: flight, captured_at: '2024-01-01T00:00:00Z' },
      ...changes,
    });

  const upload = (x: number, picture: number, catalogue: TileCatalogue = store.store.catalogue) =>
    uploadTile({ catalogue, files, maxPixels: 1e6, logger: silentLogger }, entry(x), pictures[picture]);

  const check = () => faults(store, join(folder, 'objects'));

  test('3.8 6.6 50 writers on the same and on different cells, readers in between', async () => {
    const reader = new TileReader(store.store.catalogue, files, { cacheBytes: 1e6 });
    const digests = new Set(pictures.map(({ digest }) => digest));
    const served: (string | undefined)[] = [];
    await Promise.all(
      pictures.flatMap((_, index) => [
        upload(index % 2 === 0 ? 0 : index, index),
        ...[0, 1].map(async () => {
          const tile = await reader.get({ z: 8, x: 0, y: 3 });
          if (tile) served.push(createHash('sha256').update(tile.bytes).digest('hex'));
        }),
      ]),
    );
    for (const digest of served) expect(digests).toContain(digest);
    expect(await check()).toEqual(noFaults);
    const last = await store.store.catalogue.atCell({ z: 8, x: 0, y: 3 });
    const tile = await reader.get({ z: 8, x: 0, y: 3 });
    expect(createHash('sha256').update(tile!.bytes).digest('hex')).toBe(last?.contentSha256);
    reader.close();
  });

  test('3.8 a row that is refused takes its file with it; one that may be there does not', async () => {
    const failing = (code: 'TileInvalid' | 'StoreUnavailable') =>
      Object.create(store.store.catalogue, {
        write: { value: () => Promise.reject(new OpenEOError(code)) },
      }) as TileCatalogue;
    await expect(upload(1, 1, failing('TileInvalid'))).rejects.toMatchObject({ code: 'TileInvalid' });
    expect(await check()).toEqual(noFaults);
    const unavailable = upload(1, 1, failing('StoreUnavailable'));
    await expect(unavailable).rejects.toMatchObject({ code: 'StoreUnavailable' });
    expect(await check()).toEqual({ ...noFaults, filesWithoutRow: [`uav/${flight}/8/1/3.png`] });
    // What is left does not stand in the way.
    await upload(1, 2);
    expect((await check()).wrongDigests).toEqual([]);
  });

  test('6.6 a reader whose file is gone looks the row up once more', async () => {
    const { catalogue } = store.store;
    await upload(5, 1);
    let lookups = 0;
    const racing = Object.create(catalogue, {
      watch: { value: () => () => {} },
      file: {
        async value(hash: string) {
          const row = await catalogue.file(hash);
          // Between the first look and the reading of the file another writer replaces both.
          if (lookups++ === 0) await upload(5, 2);
          return row;
        },
      },
    }) as TileCatalogue;
    const reader = new TileReader(racing, files, { cacheBytes: 0 });
    const tile = await reader.get({ z: 8, x: 5, y: 3 });
    expect(createHash('sha256').update(tile!.bytes).digest('hex')).toBe(pictures[2].digest);
    expect(lookups).toBe(3);
  });

  test('5.5 what was loaded before a write is not kept after it', async () => {
    const { catalogue } = store.store;
    await upload(6, 1);
    let isFirst = true;
    const slow = Object.create(files, {
      read: {
        async value(path: string) {
          const bytes = await files.read(path);
          if (isFirst) {
            isFirst = false;
            await upload(6, 2);
          }
          return bytes;
        },
      },
    }) as TileFiles;
    const reader = new TileReader(catalogue, slow, { cacheBytes: 1e6 });
    await reader.get({ z: 8, x: 6, y: 3 });
    const tile = await reader.get({ z: 8, x: 6, y: 3 });
    expect(createHash('sha256').update(tile!.bytes).digest('hex')).toBe(pictures[2].digest);
    reader.close();
  });

  test('5.5 the memory for tiles is bounded by bytes', async () => {
    for (let x = 0; x < 20; x++) await upload(x, x);
    let reads = 0;
    const counting = Object.create(files, {
      read: {
        value: (path: string) => {
          reads++;
          return files.read(path);
        },
      },
    }) as TileFiles;
    const reader = new TileReader(store.store.catalogue, counting, { cacheBytes: 3000 });
    for (let x = 0; x < 20; x++) await reader.get({ z: 8, x, y: 3 });
    await reader.get({ z: 8, x: 19, y: 3 });
    expect(reads).toBe(20);
    await reader.get({ z: 8, x: 0, y: 3 });
    expect(reads).toBe(21);
    reader.close();
  });

  test('6.3 flight-delete removes what an interruption left, once it is old enough', async () => {
    await upload(1, 1);
    const orphan = await files.create(
      { tile: { z: 8, x: 9, y: 9 }, source: 'uav', flightId: flight, imageType: 'png' },
      () => Buffer.from('half'),
    );
    expect(await removeFlight(store.store.catalogue, files, flight)).toEqual({ rows: 1, files: 1 });
    expect((await check()).filesWithoutRow).toEqual([orphan]);
    const later = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
    try {
      expect(await removeFlight(store.store.catalogue, files, flight)).toEqual({ rows: 0, files: 1 });
    } finally {
      later.mockRestore();
    }
    expect(await check()).toEqual(noFaults);
  });

  test('5.14 an inventory is one question to the database, none when it is refused', async () => {
    let questions = 0;
    const counting = Object.create(store.store.catalogue, {
      summaries: {
        value: (hashes: readonly string[]) => {
          questions++;
          return store.store.catalogue.summaries(hashes);
        },
      },
    }) as TileCatalogue;
    const tiles = Array.from({ length: 5001 }, (_, x) => ({ z: 20, x, y: 0 }));
    await takeInventory(counting, { tiles: tiles.slice(0, 5000) });
    expect(questions).toBe(1);
    // 5.10
    await expect(takeInventory(counting, { tiles })).rejects.toMatchObject({ code: 'InventoryInvalid' });
    expect(questions).toBe(1);
  });
});
