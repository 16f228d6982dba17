import fc from 'fast-check';
import type { TileAddress } from '../../src/geo/types';
import { registerTileUuid } from '../../src/store/tiles/sqlite/tile-uuid';
import { locationHash, tileId, tileSizeMeters } from '../../src/tiles/identity';
import { formatInstant, parseInstant } from '../../src/tiles/instant';
import type { CatalogueTile, TileFilter, TileWrite } from '../../src/tiles/types';
import { contractError } from '../support/contract-error';
import { type Dialect, type TestTileStore, testTileStore } from '../support/tile-stores';
import { cellVectors, idVectors, randomTiles } from '../tiles/support/cells';

const flightA = '00000000-0000-4000-8000-00000000000a';
const flightB = '00000000-0000-4000-8000-00000000000b';
const t1 = parseInstant('2024-01-01T00:00:00.000001Z');
const t2 = parseInstant('2024-02-01T00:00:00.123456Z');
const cell: TileAddress = { z: 18, x: 154321, y: 95812 };

let files = 0;

export function write(changes: Partial<TileWrite> = {}): TileWrite {
  return {
    tile: cell,
    source: 'google_maps',
    capturedAt: t1,
    filePath: `tiles/${files++}.jpg`,
    imageType: 'jpeg',
    sizePixels: 256,
    contentSha256: 'ab'.repeat(32),
    byteCount: 1234,
    ...changes,
  };
}

interface RawRow {
  readonly tile?: TileAddress;
  readonly id?: string;
  readonly source?: string;
  readonly flight?: string;
  readonly capturedAt?: number;
  readonly updatedAt?: number;
  readonly path?: string;
}

/** Writes a row by SQL alone, as another program would, and as no writer of ours may. */
export async function insertRaw({ sql, rows }: TestTileStore, row: RawRow): Promise<void> {
  const tile = row.tile ?? cell;
  const isPostgres = sql.dialect === 'postgres';
  const instant = (micros: number) => (isPostgres ? `'${formatInstant(micros)}'` : String(micros));
  const source = row.source ?? 'uav';
  const id = row.id ?? tileId(tile, source as 'uav', row.flight);
  const flight = row.flight === undefined ? 'null' : `'${row.flight}'`;
  const captured = row.capturedAt ?? t1;
  await rows(`insert into tiles (id, tile_zoom, tile_x, tile_y, latitude, longitude, tile_size_meters,
      tile_size_pixels, image_type, file_path, source, flight_id, captured_at, updated_at, location_hash)
    values ('${id}', ${tile.z}, ${tile.x}, ${tile.y}, 0, 0, ${tileSizeMeters(tile)}, 256, 'jpg',
      '${row.path ?? 'raw.jpg'}', '${source}', ${flight}, ${instant(captured)},
      ${instant(row.updatedAt ?? captured)}, '${locationHash(tile)}') returning id`);
}

const around = ({ z, x, y }: TileAddress) => ({
  zoom: z,
  columns: [[x, x] as const],
  rows: [y, y] as const,
});

/** What the tile catalogue promises on every database; the numbers are those of the storage contract. */
export function catalogueContract(dialect: Dialect): void {
  let test_: TestTileStore;
  const catalogue = () => test_.store.catalogue;
  const count = async () => Number((await test_.rows<{ n: number }>('select count(*) as n from tiles'))[0].n);

  beforeAll(async () => {
    test_ = await testTileStore(dialect);
    if (test_.sql.dialect === 'sqlite') registerTileUuid(test_.sql.database);
  });
  beforeEach(async () => {
    await test_.rows('delete from tiles returning id');
  });
  afterAll(() => test_.close());

  describe('identity', () => {
    test('1.3 location-hash-stability: the database computes the vectors', async () => {
      for (const [name, hash] of cellVectors)
        expect(await test_.rows(`select tile_uuid('${name}') as hash`)).toEqual([{ hash }]);
      for (const [name, source, flight, id] of idVectors)
        expect(await test_.rows(`select tile_uuid('${name}/${source}/${flight ?? 'none'}') as id`)).toEqual([
          { id },
        ]);
    });

    test('1.3 the database computes what the code does for 10,000 random cells', async () => {
      const tiles = randomTiles(10_000, 17);
      const list = JSON.stringify(tiles.map(({ z, x, y }) => `${z}/${x}/${y}`));
      const names =
        dialect === 'postgres'
          ? `json_array_elements_text('${list}') with ordinality as names (value, place) order by place`
          : `json_each('${list}') order by key`;
      const found = await test_.rows<{ hash: string }>(`select tile_uuid(value) as hash from ${names}`);
      expect(found.map(({ hash }) => hash)).toEqual(tiles.map(locationHash));
    });

    test('1.4 a new row has the id of its cell, source and flight', async () => {
      const { tile } = await catalogue().write(write({ source: 'uav', flightId: flightA }));
      expect(tile.id).toBe(tileId(cell, 'uav', flightA));
      expect(await catalogue().byId(tile.id)).toEqual(tile);
      expect(await catalogue().byId(flightA)).toBeUndefined();
    });
  });

  describe('writing', () => {
    test('3.1 3.5 same-source-same-flight-upsert: one row, the later write, even when captured earlier', async () => {
      const first = await catalogue().write(
        write({ source: 'uav', flightId: flightA, capturedAt: t2, filePath: 'a.jpg' }),
      );
      expect(first).toMatchObject({ isNew: true });
      expect(first.replacedPath).toBeUndefined();
      const second = await catalogue().write(
        write({
          ...{ source: 'uav', flightId: flightA.toUpperCase(), capturedAt: t1, filePath: 'b.png' },
          ...{ imageType: 'png', sizePixels: 512, byteCount: 99, contentSha256: 'cd'.repeat(32) },
        }),
      );
      expect(second).toMatchObject({ isNew: false, replacedPath: 'a.jpg' });
      expect(await count()).toBe(1);
      const { updatedAt } = second.tile;
      expect(updatedAt).toBeGreaterThan(first.tile.updatedAt);
      expect(await catalogue().atCell(cell)).toEqual({
        ...first.tile,
        ...{ filePath: 'b.png', capturedAt: t1, updatedAt, contentSha256: 'cd'.repeat(32) },
        // 3.2: these three as well.
        ...{ imageType: 'png', sizePixels: 512, byteCount: 99 },
      });
    });

    test('3.1 3.2 a second write changes exactly what it may', async () => {
      const first = await catalogue().write(write({ source: 'uav', flightId: flightA }));
      const before = (await test_.rows<Record<string, unknown>>('select * from tiles'))[0];
      await catalogue().write({
        ...write({ source: 'uav', flightId: flightA, capturedAt: t2, imageType: 'png', sizePixels: 512 }),
        ...{ contentSha256: 'cd'.repeat(32), byteCount: 99, filePath: 'other.png' },
      });
      const [after] = await test_.rows<Record<string, unknown>>('select * from tiles');
      const told = (row: Record<string, unknown>, name: string) => JSON.stringify(row[name]);
      const changed = Object.keys(before).filter((name) => told(before, name) !== told(after, name));
      // Latitude and longitude are written as well, but a cell has only one of each.
      expect(changed.filter((name) => name !== 'updated_at').sort()).toEqual(
        ['byte_count', 'captured_at', 'content_sha256', 'file_path', 'image_type'].concat('tile_size_pixels'),
      );
      const { updatedAt } = (await catalogue().byId(first.tile.id))!;
      expect(updatedAt).toBeGreaterThan(first.tile.updatedAt);
      expect(after).toMatchObject({
        id: first.tile.id,
        file_path: 'other.png',
        location_hash: locationHash(cell),
      });
    });

    test('3.2 updated_at grows even where the clock is behind the row', async () => {
      const future = parseInstant('2200-01-01T00:00:00Z');
      await insertRaw(test_, { source: 'uav', flight: flightA, updatedAt: future });
      const { tile } = await catalogue().write(write({ source: 'uav', flightId: flightA }));
      expect(tile.updatedAt).toBe(future + 1);
    });

    test.each<[string, Partial<Record<keyof TileWrite, unknown>>]>([
      ['3.3 no source', { source: undefined }],
      ['3.3 an unknown source', { source: 'satar' }],
      ['3.3 no capture time', { capturedAt: undefined }],
      ['3.3 no digest', { contentSha256: undefined }],
      ['3.3 uav without a flight', { source: 'uav' }],
      ['3.3 a flight that is no UUID', { source: 'uav', flightId: '../x' }],
      ['3.4 google_maps with a flight', { flightId: flightA }],
      ['2.3 a size that is not the cell’s', { sizeMeters: tileSizeMeters(cell) * 1.02 }],
      ['1.5 a cell that does not exist', { tile: { z: 1, x: 2, y: 0 } }],
    ])('refused without a row: %s', async (_, changes) => {
      const refused = catalogue().write(write(changes as Partial<TileWrite>));
      await expect(refused).rejects.toMatchObject(contractError('TileInvalid', 400));
      expect(await count()).toBe(0);
    });

    test('2.3 the caller’s size within 1 % is replaced by the cell’s', async () => {
      const size = tileSizeMeters(cell);
      const { tile } = await catalogue().write(write({ sizeMeters: size * 1.009 }));
      expect(tile.sizeMeters).toBe(size);
      expect((await catalogue().write(write({ sizeMeters: size }))).isNew).toBe(false);
      expect(await count()).toBe(1);
    });

    test('2.4 microseconds survive', async () => {
      await catalogue().write(write({ capturedAt: t2 }));
      expect((await catalogue().atCell(cell))?.capturedAt).toBe(t2);
    });

    test('3.6 removal by id affects one row', async () => {
      const { tile } = await catalogue().write(write({ filePath: 'gone.jpg' }));
      await catalogue().write(write({ source: 'uav', flightId: flightA }));
      expect(await catalogue().remove(tile.id)).toBe('gone.jpg');
      expect(await catalogue().remove(tile.id)).toBeUndefined();
      expect(await count()).toBe(1);
    });

    test('3.8 50 writers of one cell: each replaced file is named exactly once', async () => {
      const written = await Promise.all(
        Array.from({ length: 50 }, () => catalogue().write(write({ source: 'uav', flightId: flightB }))),
      );
      expect(await count()).toBe(1);
      const last = await catalogue().atCell(cell);
      const paths = written.map(({ tile }) => tile.filePath);
      const replaced = written.flatMap(({ replacedPath }) => replacedPath ?? []);
      expect([...replaced, last?.filePath].sort()).toEqual(paths.sort());
      expect(written.filter(({ isNew }) => isNew)).toHaveLength(1);
    });
  });

  describe('selection', () => {
    test('4.3 valid-google-only: one row, returned by region', async () => {
      const { tile } = await catalogue().write(write());
      expect(await catalogue().inWindow(around(cell), 10)).toEqual([tile]);
    });

    test('4.1 valid-multi-source: two rows, the newer one is the tile', async () => {
      await catalogue().write(write({ capturedAt: t1 }));
      const { tile } = await catalogue().write(write({ source: 'uav', flightId: flightA, capturedAt: t2 }));
      expect(await count()).toBe(2);
      expect(await catalogue().atCell(cell)).toEqual(tile);
      await catalogue().write(write({ capturedAt: t2 + 1 }));
      expect(await catalogue().atCell(cell)).toMatchObject({ source: 'google_maps' });
    });

    test('4.1 valid-multi-flight: two flights, the newer one is the tile', async () => {
      const { tile } = await catalogue().write(write({ source: 'uav', flightId: flightA, capturedAt: t2 }));
      await catalogue().write(write({ source: 'uav', flightId: flightB, capturedAt: t1 }));
      expect(await count()).toBe(2);
      expect(await catalogue().atCell(cell)).toEqual(tile);
    });

    test('4.1 time-tiebreak: updated_at decides, then the id, in any order of insertion', async () => {
      const ids = ['10', '20', '30'].map((start) => `${start}000000-0000-5000-8000-000000000000`);
      const flights = [flightA, flightB, '00000000-0000-4000-8000-00000000000c'];
      for (const order of [
        [0, 1, 2],
        [2, 0, 1],
      ]) {
        await test_.rows('delete from tiles returning id');
        for (const index of order)
          await insertRaw(test_, { id: ids[index], flight: flights[index], updatedAt: t2 });
        expect((await catalogue().atCell(cell))?.id).toBe(ids[2]);
        await test_.rows('delete from tiles returning id');
        for (const index of order)
          await insertRaw(test_, { id: ids[index], flight: flights[index], updatedAt: t2 - index });
        expect((await catalogue().atCell(cell))?.id).toBe(ids[0]);
        expect((await catalogue().file(locationHash(cell)))?.id).toBe(ids[0]);
      }
    });

    test('4.5 by id every tile is found, shown or not', async () => {
      const hidden = await catalogue().write(write({ capturedAt: t1 }));
      const shown = await catalogue().write(write({ source: 'uav', flightId: flightA, capturedAt: t2 }));
      expect((await catalogue().atCell(cell))?.id).toBe(shown.tile.id);
      expect(await catalogue().byId(hidden.tile.id)).toEqual(hidden.tile);
      expect(await catalogue().byId(flightB)).toBeUndefined();
    });

    test('9.6 captured_at stays what the writer said, whatever the source', async () => {
      for (const [source, flightId] of [
        ['google_maps', undefined],
        ['uav', flightA],
      ] as const) {
        const { tile } = await catalogue().write(write({ source, flightId, capturedAt: t2 }));
        expect(tile.capturedAt).toBe(t2);
        expect((await catalogue().byId(tile.id))?.capturedAt).toBe(t2);
        expect((await catalogue().summaries([tile.locationHash])).get(tile.locationHash)?.capturedAt).toBe(
          t2,
        );
      }
    });

    test('4.2 by coordinates only the hash counts', async () => {
      const { tile } = await catalogue().write(write());
      await catalogue().write(write({ tile: { ...cell, y: cell.y + 1 } }));
      expect(await catalogue().byHash(locationHash(cell))).toEqual(tile);
      expect(await catalogue().byHash(locationHash({ z: 0, x: 0, y: 0 }))).toBeUndefined();
      expect(await catalogue().file(locationHash(cell))).toEqual({
        id: tile.id,
        filePath: tile.filePath,
        source: tile.source,
        updatedAt: tile.updatedAt,
      });
    });

    test('4.4 4.8 bulk-inventory-ordering: 2,500 mixed hashes, one row each', async () => {
      const tiles = randomTiles(40, 5).filter(({ z }) => z > 10);
      for (const tile of tiles) {
        await catalogue().write(write({ tile, capturedAt: t1 }));
        await catalogue().write(write({ tile, source: 'uav', flightId: flightA, capturedAt: t2 }));
      }
      const hashes = Array.from({ length: 2500 }, (_, index) =>
        locationHash(index % 3 === 0 ? tiles[index % tiles.length] : { z: 20, x: index, y: index }),
      );
      const found = await catalogue().byHashes(hashes);
      const present = new Set(tiles.map(locationHash));
      expect(new Set(found.keys())).toEqual(new Set(hashes.filter((hash) => present.has(hash))));
      for (const [hash, tile] of found) {
        expect(tile.locationHash).toBe(hash);
        expect(tile).toMatchObject({ source: 'uav', capturedAt: t2 });
      }
      expect(await catalogue().byHashes([])).toEqual(new Map());
    });

    test('4.3 a region over the antimeridian has two ranges of columns', async () => {
      for (const x of [0, 1, 6, 7]) await catalogue().write(write({ tile: { z: 3, x, y: 2 } }));
      const window = { zoom: 3, columns: [[7, 7] as const, [0, 0] as const], rows: [0, 7] as const };
      const found = await catalogue().inWindow(window, 10);
      expect(found.map(({ tile }) => tile.x)).toEqual([0, 7]);
      expect(await catalogue().inWindow(window, 1)).toHaveLength(1);
    });

    test('6.7 the tiles of a flight by time, in pages', async () => {
      const expected: string[] = [];
      for (let index = 0; index < 7; index++) {
        const tile = { z: 10, x: index, y: 3 };
        // Some share their instant: the id decides.
        const capturedAt = t1 + Math.floor(index / 3);
        const options = { tile, source: 'uav', flightId: flightA, capturedAt } as const;
        await catalogue().write(write(options));
        expected.push(`${capturedAt} ${tileId(tile, 'uav', flightA)}`);
      }
      await catalogue().write(write({ source: 'uav', flightId: flightB }));
      const seen: string[] = [];
      for (let page = await catalogue().ofFlight(flightA, { limit: 3 }); page.length > 0; ) {
        seen.push(...page.map(({ capturedAt, id }) => `${capturedAt} ${id}`));
        page = await catalogue().ofFlight(flightA, { limit: 3, after: page[page.length - 1] });
      }
      expect(seen).toEqual(expected.sort());
    });

    test('6.7 all tiles by id or by time, in pages', async () => {
      for (let x = 0; x < 12; x++)
        await catalogue().write(
          write({ tile: { z: 10, x, y: 7 }, source: 'uav', flightId: flightA, capturedAt: t1 + (x % 3) }),
        );
      for (const order of ['id', 'captured_at'] as const) {
        const seen: CatalogueTile[] = [];
        for (let page = await catalogue().inOrder(order, { limit: 5 }); page.length > 0; ) {
          seen.push(...page);
          page = await catalogue().inOrder(order, { limit: 5, after: page[page.length - 1] });
        }
        const keys = seen.map(({ id, capturedAt }) => (order === 'id' ? id : `${capturedAt} ${id}`));
        expect(keys).toEqual([...keys].sort());
        expect(new Set(keys).size).toBe(12);
      }
    });

    test('6.3 removing a flight removes its rows only, and again nothing', async () => {
      await catalogue().write(write({ filePath: 'google.jpg' }));
      await catalogue().write(write({ source: 'uav', flightId: flightA, capturedAt: t2, filePath: 'a.jpg' }));
      expect(await catalogue().removeFlight(flightA)).toEqual(['a.jpg']);
      expect(await catalogue().removeFlight(flightA)).toEqual([]);
      expect((await catalogue().atCell(cell))?.filePath).toBe('google.jpg');
      expect(await catalogue().referenced(['google.jpg', 'a.jpg'])).toEqual(new Set(['google.jpg']));
    });

    test('2.2 invalid-source: a bad row by SQL is refused by readers', async () => {
      await insertRaw(test_, { source: 'satar' });
      const error = contractError('TileRowInvalid', 500);
      await expect(catalogue().atCell(cell)).rejects.toMatchObject(error);
      await expect(catalogue().file(locationHash(cell))).rejects.toMatchObject(error);
      await expect(catalogue().byHashes([locationHash(cell)])).rejects.toMatchObject(error);
      await expect(catalogue().summaries([locationHash(cell)])).rejects.toMatchObject(error);
      await expect(catalogue().inWindow(around(cell), 1)).rejects.toMatchObject(error);
    });

    test('9.8 an older uav row without a flight is tolerated', async () => {
      await insertRaw(test_, { source: 'uav' });
      const tile = await catalogue().atCell(cell);
      expect(tile).toMatchObject({ source: 'uav', imageType: 'jpg' });
      expect(tile).not.toHaveProperty('flightId');
      expect(tile).not.toHaveProperty('byteCount');
    });
  });

  test('3.6 an update by id affects one row', async () => {
    const { tile } = await catalogue().write(write());
    const other = await catalogue().write(write({ source: 'uav', flightId: flightA, capturedAt: t1 }));
    const file = { filePath: 'moved.png', imageType: 'png', contentSha256: 'cd'.repeat(32), byteCount: 77 };
    expect(await catalogue().moveFile(tile, file)).toBe(true);
    expect(await catalogue().byId(tile.id)).toEqual({ ...tile, ...file });
    expect(await catalogue().byId(other.tile.id)).toEqual(other.tile);
    expect(await catalogue().moveFile({ id: flightA, filePath: tile.filePath }, file)).toBe(false);
  });

  describe('what there is', () => {
    test('the extent of each zoom, which grows with writes by anybody and ends with the last row', async () => {
      const empty = await catalogue().extent();
      expect(empty.zooms).toEqual([]);
      await catalogue().write(write({ tile: { z: 3, x: 1, y: 2 }, sizePixels: 512 }));
      await catalogue().write(write({ tile: { z: 3, x: 4, y: 0 }, capturedAt: t2 }));
      await insertRaw(test_, { tile: { z: 5, x: 30, y: 31 }, capturedAt: t1 });
      const filled = await catalogue().extent();
      expect(filled.zooms).toEqual([
        expect.objectContaining({ zoom: 3, rowCount: 2, captured: [expect.any(Number), t2] }),
        expect.objectContaining({ zoom: 5, rowCount: 1 }),
      ]);
      const [{ columns, rows }] = filled.zooms;
      expect(columns[0] <= 1 && columns[1] >= 4 && rows[0] <= 0 && rows[1] >= 2).toBe(true);
      expect(filled.zooms[0].sizePixels).toBeGreaterThanOrEqual(512);
      expect((await catalogue().extent()).version).toBe(filled.version);
      const versions = new Set([empty.version, filled.version]);
      await catalogue().write(write({ tile: { z: 3, x: 1, y: 2 }, sizePixels: 512 }));
      versions.add((await catalogue().extent()).version);
      await test_.rows('delete from tiles where tile_zoom = 5 returning id');
      const after = await catalogue().extent();
      versions.add(after.version);
      expect(versions.size).toBe(4);
      expect(after.zooms.map(({ zoom, rowCount }) => [zoom, rowCount])).toEqual([[3, 2]]);
    });

    test('every change of the version is there when the change can be read', async () => {
      const tiles = Array.from({ length: 40 }, (_, x) => ({ z: 9, x, y: 1 }));
      const { version } = await catalogue().extent();
      await Promise.all(tiles.map((tile) => catalogue().write(write({ tile }))));
      const { version: later, zooms } = await catalogue().extent();
      expect(Number.parseInt(later, 36) - Number.parseInt(version, 36)).toBe(40);
      expect(zooms).toEqual([expect.objectContaining({ zoom: 9, rowCount: 40 })]);
    });

    test('the flights, once each', async () => {
      expect(await catalogue().flights()).toEqual([]);
      await catalogue().write(write());
      for (const flightId of [flightB, flightA])
        for (const x of [1, 2, 3])
          await catalogue().write(write({ tile: { z: 4, x, y: 1 }, source: 'uav', flightId }));
      expect(await catalogue().flights()).toEqual([flightA, flightB]);
    });

    test('4.4 a filter leaves rows, of which the usual one is the tile', async () => {
      const hash = locationHash(cell);
      const found = async (filter: TileFilter) => {
        const id = (await catalogue().byHashes([hash], filter)).get(hash)?.id;
        expect((await catalogue().summaries([hash], filter)).get(hash)?.id).toBe(id);
        return id;
      };
      const google = (await catalogue().write(write({ capturedAt: t1 }))).tile;
      const a = (await catalogue().write(write({ source: 'uav', flightId: flightA, capturedAt: t1 + 1 })))
        .tile;
      const b = (await catalogue().write(write({ source: 'uav', flightId: flightB, capturedAt: t2 }))).tile;
      expect(await found({})).toBe(b.id);
      expect(await found({ sources: ['google_maps'] })).toBe(google.id);
      expect(await found({ sources: [] })).toBeUndefined();
      expect(await found({ flights: [flightA] })).toBe(a.id);
      expect(await found({ flights: [flightA, undefined] })).toBe(a.id);
      expect(await found({ flights: [undefined] })).toBe(google.id);
      expect(await found({ flights: [] })).toBeUndefined();
      expect(await found({ capturedBefore: t2 })).toBe(a.id);
      expect(await found({ capturedFrom: t2 })).toBe(b.id);
      expect(await found({ capturedFrom: t2 + 1 })).toBeUndefined();
      expect(await found({ sources: ['uav'], capturedBefore: t1 + 1 })).toBeUndefined();
    });
  });

  test('8.5 all rows by id with their files, in pages, whatever their source', async () => {
    const ids: string[] = [];
    for (let x = 0; x < 5; x++)
      ids.push((await catalogue().write(write({ tile: { z: 9, x, y: 1 } }))).tile.id);
    await insertRaw(test_, { source: 'satar', path: 'satar.jpg' });
    const seen = [];
    for (let page = await catalogue().allFiles({ limit: 4 }); page.length > 0; ) {
      seen.push(...page);
      page = await catalogue().allFiles({ limit: 4, after: page[page.length - 1].id });
    }
    expect(seen.map(({ id }) => id)).toEqual([...seen.map(({ id }) => id)].sort());
    expect(seen.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
    const { id: raw, ...rest } = seen.find(({ source }) => source === 'satar')!;
    expect(rest).toEqual({ tile: cell, source: 'satar', imageType: 'jpg', filePath: 'satar.jpg' });
    expect(raw).toBeDefined();
    expect(seen.find(({ id }) => id === ids[2])).toMatchObject({
      byteCount: 1234,
      contentSha256: 'ab'.repeat(32),
    });
  });

  test('8.5 a row gets another file of the same bytes unless somebody else has given it one', async () => {
    const { tile } = await catalogue().write(write({ filePath: 'a.jpg' }));
    const heard: (string | undefined)[] = [];
    const stop = catalogue().watch((hash) => heard.push(hash));
    const moved = { filePath: 'b.png', imageType: 'png', contentSha256: 'cd'.repeat(32), byteCount: 7 };
    expect(await catalogue().moveFile({ id: tile.id, filePath: 'other.jpg' }, moved)).toBe(false);
    expect(await catalogue().byId(tile.id)).toEqual(tile);
    expect(await catalogue().moveFile(tile, moved)).toBe(true);
    expect(heard).toContain(tile.locationHash);
    stop();
    // Neither the selection nor a client's tag has changed.
    expect(await catalogue().byId(tile.id)).toEqual({ ...tile, ...moved });
  });

  test('5.5 every write and removal is announced', async () => {
    const heard: (string | undefined)[] = [];
    const stop = catalogue().watch((hash) => heard.push(hash));
    const { tile } = await catalogue().write(write());
    expect(heard).toContain(tile.locationHash);
    heard.length = 0;
    await catalogue().remove(tile.id);
    expect(heard).toContain(tile.locationHash);
    stop();
  });

  describe('invariants', () => {
    const cells = Array.from({ length: 4 }, (_, index) => ({ z: 2, x: index % 2, y: index >> 1 }));
    const anyWrite = fc.record({
      cell: fc.constantFrom(...cells),
      flight: fc.constantFrom(undefined, flightA, flightB),
      capturedAt: fc.integer({ min: t1, max: t1 + 3 }),
    });

    test('9.1 9.2 9.3 9.4 9.7 9.8 9.9 hold after any sequence of writes and removals', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyWrite, { maxLength: 12 }), fc.boolean(), async (writes, removes) => {
          await test_.rows('delete from tiles returning id');
          const keys = new Set<string>();
          for (const { cell: tile, flight, capturedAt } of writes) {
            const source = flight === undefined ? 'google_maps' : 'uav';
            await catalogue().write(write({ tile, source, flightId: flight, capturedAt }));
            keys.add(tileId(tile, source, flight));
          }
          if (removes) {
            await catalogue().removeFlight(flightA);
            for (const tile of cells) keys.delete(tileId(tile, 'uav', flightA));
          }
          const flags = await test_.rows<{
            id: string;
            source: string;
            flight_id: string | null;
            hash: string;
          }>(`select id, source, flight_id, location_hash as hash from tiles`);
          expect(new Set(flags.map(({ id }) => id))).toEqual(keys);
          expect(flags).toHaveLength(keys.size);
          for (const row of flags)
            expect((row.source === 'google_maps') === (row.flight_id === null)).toBe(true);
          const inRegion = await catalogue().inWindow({ zoom: 2, columns: [[0, 3]], rows: [0, 3] }, 100);
          const bulk = await catalogue().byHashes(cells.map(locationHash));
          const summaries = await catalogue().summaries(cells.map(locationHash));
          for (const tile of cells) {
            const rows = await test_.rows<{ id: string; location_hash: string }>(
              `select id, location_hash from tiles where tile_zoom = ${tile.z} and tile_x = ${tile.x} and tile_y = ${tile.y}
               order by captured_at desc, updated_at desc, id desc`,
            );
            for (const row of rows) expect(row.location_hash).toBe(locationHash(tile));
            const shown = await catalogue().atCell(tile);
            expect(shown?.id).toBe(rows[0]?.id);
            expect(inRegion.find((other) => other.locationHash === locationHash(tile))).toEqual(shown);
            expect(bulk.get(locationHash(tile))).toEqual(shown);
            const told = summaries.get(locationHash(tile));
            expect(told === undefined).toBe(shown === undefined);
            if (told) expect(shown).toMatchObject(told);
          }
        }),
        { numRuns: 25 },
      );
    });
  });

  test('2.1 2.6 2.7 2.8 2.9 columns and indexes have their names', async () => {
    const names =
      dialect === 'postgres'
        ? `select column_name as name from information_schema.columns where table_name = 'tiles'`
        : `select name from pragma_table_info('tiles')`;
    const wanted = [
      ...['id', 'tile_zoom', 'tile_x', 'tile_y', 'latitude', 'longitude', 'tile_size_meters'],
      ...['tile_size_pixels', 'image_type', 'file_path', 'created_at', 'updated_at', 'source'],
      ...[
        'captured_at',
        'flight_id',
        'location_hash',
        'content_sha256',
        'legacy_id',
        'maps_version',
        'version',
      ],
    ];
    expect((await test_.rows<{ name: string }>(names)).map(({ name }) => name)).toEqual(
      expect.arrayContaining(wanted),
    );
    const indexes =
      dialect === 'postgres'
        ? `select indexname as name from pg_indexes where tablename = 'tiles' and indexname <> 'tiles_pkey'`
        : `select name from pragma_index_list('tiles') where origin = 'c'`;
    // 2.8: and none of those that went.
    expect((await test_.rows<{ name: string }>(indexes)).map(({ name }) => name).sort()).toEqual([
      'idx_tiles_captured',
      'idx_tiles_flight_captured',
      'idx_tiles_unique_identity',
      'tiles_leaflet_path',
    ]);
  });
}
