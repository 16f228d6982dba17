import { locationHash, tileId } from '../../../src/tiles/identity';
import type { CatalogueTile } from '../../../src/tiles/types';
import { contractError } from '../../support/contract-error';
import { randomTiles } from '../../tiles/support/cells';
import { around, type CatalogueFixture, cell, flightA, flightB, insertRaw, t1, t2, write } from './fixture';

/** Which of several rows of a cell is the tile, and how tiles are found. */
export function describeSelection(given: CatalogueFixture): void {
  const { catalogue, count } = given;

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
        await given.tiles.rows('delete from tiles returning id');
        for (const index of order)
          await insertRaw(given.tiles, { id: ids[index], flight: flights[index], updatedAt: t2 });
        expect((await catalogue().atCell(cell))?.id).toBe(ids[2]);
        await given.tiles.rows('delete from tiles returning id');
        for (const index of order)
          await insertRaw(given.tiles, { id: ids[index], flight: flights[index], updatedAt: t2 - index });
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
      await insertRaw(given.tiles, { source: 'satar' });
      const error = contractError('TileRowInvalid', 500);
      await expect(catalogue().atCell(cell)).rejects.toMatchObject(error);
      await expect(catalogue().file(locationHash(cell))).rejects.toMatchObject(error);
      await expect(catalogue().byHashes([locationHash(cell)])).rejects.toMatchObject(error);
      await expect(catalogue().summaries([locationHash(cell)])).rejects.toMatchObject(error);
      await expect(catalogue().inWindow(around(cell), 1)).rejects.toMatchObject(error);
    });

    test('9.8 an older uav row without a flight is tolerated', async () => {
      await insertRaw(given.tiles, { source: 'uav' });
      const tile = await catalogue().atCell(cell);
      expect(tile).toMatchObject({ source: 'uav', imageType: 'jpg' });
      expect(tile).not.toHaveProperty('flightId');
      expect(tile).not.toHaveProperty('byteCount');
    });
  });
}
