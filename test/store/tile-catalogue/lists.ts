import { locationHash } from '../../../src/tiles/identity';
import type { TileFilter } from '../../../src/tiles/types';
import { type CatalogueFixture, cell, flightA, flightB, insertRaw, t1, t2, write } from './fixture';

/** What there is: zooms, flights, files. */
export function describeLists(given: CatalogueFixture): void {
  const { catalogue } = given;

  describe('what there is', () => {
    test('the extent of each zoom, which grows with writes by anybody and ends with the last row', async () => {
      const empty = await catalogue().extent();
      expect(empty.zooms).toEqual([]);
      await catalogue().write(write({ tile: { z: 3, x: 1, y: 2 }, sizePixels: 512 }));
      await catalogue().write(write({ tile: { z: 3, x: 4, y: 0 }, capturedAt: t2 }));
      await insertRaw(given.tiles, { tile: { z: 5, x: 30, y: 31 }, capturedAt: t1 });
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
      await given.tiles.rows('delete from tiles where tile_zoom = 5 returning id');
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
    await insertRaw(given.tiles, { source: 'satar', path: 'satar.jpg' });
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
}
