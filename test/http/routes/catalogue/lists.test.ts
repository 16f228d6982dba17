import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { locationHash, tileId, tileSizeMeters } from '../../../../src/tiles/identity';
import { errorOf } from '../../../support/api';
import { describeCatalogue, flightB, google, picture, uav } from './support';

describeCatalogue((world) => {
  const { inventory, objectsFolder, tile, upload } = world;
  let x = 0;

  beforeEach(() => {
    x++;
  });

  describe('POST /api/satellite/tiles/inventory', () => {
    const refused = [400, 'InventoryInvalid'];

    test('5.9 exactly one list; 5.11 an empty one is fine', async () => {
      expect(await errorOf(await inventory({}))).toEqual(refused);
      expect(await errorOf(await inventory({ tiles: [], location_hashes: [] }))).toEqual(refused);
      expect(await errorOf(await inventory({ tiles: {} }))).toEqual(refused);
      for (const name of ['tiles', 'location_hashes']) {
        const response = await inventory({ [name]: [] });
        expect([response.status, await response.json()]).toEqual([200, { tiles: [] }]);
      }
    });

    test('5.10 5,000 entries are accepted, 5,001 are not', async () => {
      const tiles = Array.from({ length: 5001 }, (_, index) => ({ z: 20, x: index, y: x }));
      expect(await errorOf(await inventory({ tiles }))).toEqual(refused);
      const response = await inventory({ tiles: tiles.slice(1) });
      expect(response.status).toBe(200);
      expect(((await response.json()) as { tiles: unknown[] }).tiles).toHaveLength(5000);
    });

    test('5.11 a bad entry is named by its index', async () => {
      const good = { z: 1, x: 0, y: 0 };
      for (const bad of [{ z: 1, x: 2, y: 0 }, null, 'a', { z: 1, x: 0 }, { z: '1', x: 0, y: 0 }]) {
        const response = await inventory({ tiles: [good, bad] });
        expect(response.status).toBe(400);
        expect(((await response.json()) as { message: string }).message).toContain('tiles[1]');
      }
      const response = await inventory({ location_hashes: [locationHash(good), 'no-uuid'] });
      expect(((await response.json()) as { message: string }).message).toContain('location_hashes[1]');
    });

    test('5.12 5.13 5.15 present and absent, in order, duplicates included', async () => {
      const bytes = await picture('red');
      await upload([uav(x, flightB, '2024-03-01T00:00:00.123456Z')], [bytes]);
      const cell = { z: 10, x, y: 5 };
      const empty = { z: 11, x, y: 5 };
      const known = {
        id: tileId(cell, 'uav', flightB),
        location_hash: locationHash(cell),
        captured_at: '2024-03-01T00:00:00.123456Z',
        source: 'uav',
        resolution_m_per_px: tileSizeMeters(cell) / 16,
        estimated_bytes: bytes.length,
      };
      const present = { location_hash: locationHash(cell), present: true, tile: known };
      const absent = { location_hash: locationHash(empty), present: false, tile: null };
      const byCell = await inventory({ tiles: [empty, cell, cell] });
      expect(await byCell.json()).toEqual({
        tiles: [
          { ...empty, ...absent },
          { ...cell, ...present },
          { ...cell, ...present },
        ],
      });
      const hashes = [locationHash(cell).toUpperCase(), locationHash(empty), locationHash(cell)];
      const byHash = await inventory({ location_hashes: hashes });
      expect(await byHash.json()).toEqual({ tiles: [present, absent, present] });
    });

    test('5.15 GET answers 405', async () => {
      const response = await fetch(`${world.server.url}/api/satellite/tiles/inventory`);
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST');
    });
  });

  test('4.3 GET /api/satellite/tiles/region: one tile per cell', async () => {
    await upload([google(x, { z: 3, x: 4, y: 3 })], [await picture('red')]);
    const get = (query: string) =>
      world.server.call(
        'GET',
        `${world.server.url}/api/satellite/tiles/region?${query}`,
        undefined,
        world.reader,
      );
    const response = await get('lat=1&lon=1&size=10&zoom=3');
    expect(((await response.json()) as { tiles: unknown[] }).tiles).toMatchObject([
      { z: 3, x: 4, y: 3, source: 'google_maps', location_hash: locationHash({ z: 3, x: 4, y: 3 }) },
    ]);
    expect(await (await get('lat=1&lon=-170&size=10&zoom=3')).json()).toEqual({ tiles: [] });
    expect(await errorOf(await get('lat=1&lon=1&size=10'))).toEqual([400, 'TileInvalid']);
    expect(await errorOf(await get('lat=1&lon=1&size=1000000&zoom=20'))).toEqual([400, 'TileInvalid']);
  });

  test('6.7 6.3 flight-delete: a flight in pages, and its removal, which may be repeated', async () => {
    const flight = '00000000-0000-4000-8000-0000000000cc';
    const bytes = await picture('red');
    const below = await picture('blue');
    await upload([google(x)], [below]);
    for (const second of [2, 0, 1])
      await upload([{ ...uav(x, flight, `2024-05-01T00:00:0${second}Z`), y: 5 + second }], [bytes]);
    const list = `${world.server.url}/api/satellite/flights/${flight}`;
    const pages: unknown[][] = [];
    for (let after = ''; ; ) {
      const page = (await (
        await world.server.call('GET', `${list}/tiles?limit=2${after}`, undefined, world.reader)
      ).json()) as { tiles: { y: number }[]; next: string | null };
      pages.push(page.tiles.map(({ y }) => y));
      if (page.next === null) break;
      after = `&after=${page.next}`;
    }
    expect(pages).toEqual([[5, 6], [7]]);
    expect(Buffer.from(await (await tile(`10/${x}/5`)).arrayBuffer())).toEqual(bytes);
    expect(await errorOf(await world.server.call('DELETE', list, undefined, world.reader))).toEqual([
      403,
      'PermissionsInsufficient',
    ]);
    const removed = await world.server.call('DELETE', list, undefined, world.uploader);
    expect(await removed.json()).toEqual({ removed_tiles: 3, removed_files: 3 });
    const again = await world.server.call('DELETE', list, undefined, world.uploader);
    expect(await again.json()).toEqual({ removed_tiles: 0, removed_files: 0 });
    expect(readdirSync(join(objectsFolder(), 'tiles/uav'))).not.toContain(flight);
    expect(Buffer.from(await (await tile(`10/${x}/5`)).arrayBuffer())).toEqual(below);
    expect(await errorOf(await world.server.call('GET', `${list}/tiles`, undefined, world.reader))).toEqual([
      404,
      'TileNotFound',
    ]);
    const wrong = `${world.server.url}/api/satellite/flights/..%2f/tiles`;
    expect((await world.server.call('GET', wrong, undefined, world.reader)).status).toBe(400);
  });
});
