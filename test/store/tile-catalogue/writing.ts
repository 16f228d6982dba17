import { locationHash, tileId, tileSizeMeters } from '../../../src/tiles/identity';
import { parseInstant } from '../../../src/tiles/instant';
import type { TileWrite } from '../../../src/tiles/types';
import { contractError } from '../../support/contract-error';
import { cellVectors, idVectors, randomTiles } from '../../tiles/support/cells';
import { type CatalogueFixture, cell, flightA, flightB, insertRaw, t1, t2, write } from './fixture';

/** Who a tile is: computed by the code and by the database alike. */
export function describeIdentity(given: CatalogueFixture): void {
  const { catalogue, dialect } = given;

  describe('identity', () => {
    test('1.3 location-hash-stability: the database computes the vectors', async () => {
      for (const [name, hash] of cellVectors)
        expect(await given.tiles.rows(`select tile_uuid('${name}') as hash`)).toEqual([{ hash }]);
      for (const [name, source, flight, id] of idVectors)
        expect(
          await given.tiles.rows(`select tile_uuid('${name}/${source}/${flight ?? 'none'}') as id`),
        ).toEqual([{ id }]);
    });

    test('1.3 the database computes what the code does for 10,000 random cells', async () => {
      const tiles = randomTiles(10_000, 17);
      const list = JSON.stringify(tiles.map(({ z, x, y }) => `${z}/${x}/${y}`));
      const names =
        dialect === 'postgres'
          ? `json_array_elements_text('${list}') with ordinality as names (value, place) order by place`
          : `json_each('${list}') order by key`;
      const found = await given.tiles.rows<{ hash: string }>(`select tile_uuid(value) as hash from ${names}`);
      expect(found.map(({ hash }) => hash)).toEqual(tiles.map(locationHash));
    });

    test('1.4 a new row has the id of its cell, source and flight', async () => {
      const { tile } = await catalogue().write(write({ source: 'uav', flightId: flightA }));
      expect(tile.id).toBe(tileId(cell, 'uav', flightA));
      expect(await catalogue().byId(tile.id)).toEqual(tile);
      expect(await catalogue().byId(flightA)).toBeUndefined();
    });
  });
}

/** What writes, moves and removals change, what they refuse, and who hears of them. */
export function describeWriting(given: CatalogueFixture): void {
  const { catalogue, count } = given;

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
      const before = (await given.tiles.rows<Record<string, unknown>>('select * from tiles'))[0];
      await catalogue().write({
        ...write({ source: 'uav', flightId: flightA, capturedAt: t2, imageType: 'png', sizePixels: 512 }),
        ...{ contentSha256: 'cd'.repeat(32), byteCount: 99, filePath: 'other.png' },
      });
      const [after] = await given.tiles.rows<Record<string, unknown>>('select * from tiles');
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
      await insertRaw(given.tiles, { source: 'uav', flight: flightA, updatedAt: future });
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

  test('3.6 an update by id affects one row', async () => {
    const { tile } = await catalogue().write(write());
    const other = await catalogue().write(write({ source: 'uav', flightId: flightA, capturedAt: t1 }));
    const file = { filePath: 'moved.png', imageType: 'png', contentSha256: 'cd'.repeat(32), byteCount: 77 };
    expect(await catalogue().moveFile(tile, file)).toBe(true);
    expect(await catalogue().byId(tile.id)).toEqual({ ...tile, ...file });
    expect(await catalogue().byId(other.tile.id)).toEqual(other.tile);
    expect(await catalogue().moveFile({ id: flightA, filePath: tile.filePath }, file)).toBe(false);
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
}
