import { randomUUID } from 'node:crypto';
import {
  migrateEarlierTiles,
  previewEarlierTiles,
} from '../../../../src/store/tiles/postgres/earlier/migrate';
import { addFlights, addServingIndex, addSources } from '../../../../src/store/tiles/postgres/earlier/steps';
import { locationHash, tileId, tileSizeMeters } from '../../../../src/tiles/identity';
import type { EarlierRow } from '../../../tiles/support/earlier-databases';
import { alone, cells, earlierDatabases, flightA, flightB, naming, plainRows, rowsOf } from './support';

const database = earlierDatabases();

describe('013', () => {
  test('8.1 backfill-completeness: every row gets its source and its time, none is lost', async () => {
    const old = await database(12, plainRows);
    await alone(old, addSources);
    const found = await old.query<{ source: string; same: boolean; path: string }>(
      `select source, captured_at = created_at as same, file_path as path from tiles`,
    );
    expect(found.map(({ path }) => path).sort()).toEqual(plainRows.map(({ path }) => path).sort());
    for (const row of found) expect(row).toMatchObject({ source: 'google_maps', same: true });
    const indexes = await old.query<{ name: string }>(
      `select indexname as name from pg_indexes where tablename = 'tiles' order by 1`,
    );
    expect(indexes.map(({ name }) => name)).toEqual(['idx_tiles_unique_location_source', 'tiles_pkey']);
  });
});

describe('014', () => {
  test('8.2 location-hash-backfill: every row has the hash, id and size that the code computes', async () => {
    const old = await database(13, [
      ...plainRows,
      ...cells.slice(0, 9).map((cell, index) => ({ ...cell, path: `uav/${index}.jpg`, source: 'uav' })),
    ]);
    const before = new Map(
      (await old.query<{ id: string; path: string }>('select id, file_path as path from tiles')).map(
        (row) => [row.path, row.id],
      ),
    );
    expect(await alone(old, (client) => addFlights(client, naming))).toEqual([]);
    const found = await rowsOf(old);
    expect(found).toHaveLength(plainRows.length + 9);
    for (const { z, x, y, source, ...row } of found) {
      expect(row).toMatchObject({
        ...{ hash: locationHash({ z, x, y }), id: tileId({ z, x, y }, source as 'uav', undefined) },
        ...{ meters: tileSizeMeters({ z, x, y }), flight_id: null, legacy_id: before.get(row.path) },
      });
    }
    // 1.3: and the database's own helper says the same.
    const cell = `tile_zoom || '/' || tile_x || '/' || tile_y`;
    expect(
      await old.query(`select count(*)::int as n from tiles where location_hash = tile_uuid(${cell})
        and id = tile_uuid(${cell} || '/' || source || '/none')`),
    ).toEqual([{ n: found.length }]);
    const indexes = await old.query<{ name: string }>(
      `select indexname as name from pg_indexes where tablename = 'tiles' order by 1`,
    );
    expect(indexes.map(({ name }) => name)).toEqual([
      'idx_tiles_flight_captured',
      'idx_tiles_unique_identity',
      'tiles_pkey',
    ]);
  });

  test('8.3 rows that collide under the new key: the newest stays, and the others are reported', async () => {
    const cell = { z: 18, x: 154321, y: 95812 };
    const ids = ['10', '20', '30', '40', '50'].map((start) => `${start}000000-0000-4000-8000-000000000000`);
    const at = (day: string) => `2023-01-${day} 00:00:00`;
    // The float keys told these apart: centres that were computed in other ways.
    const rows: EarlierRow[] = [
      { ...cell, id: ids[0], path: 'a.jpg', captured: at('02'), latitude: 43.1, updated: at('09') },
      { ...cell, id: ids[1], path: 'b.jpg', captured: at('03'), latitude: 43.2, updated: at('03') },
      { ...cell, id: ids[2], path: 'c.jpg', captured: at('03'), latitude: 43.3, updated: at('04') },
      { ...cell, id: ids[3], path: 'd.jpg', captured: at('03'), latitude: 43.4, updated: at('04') },
      { ...cell, id: ids[4], path: 'u.jpg', captured: at('01'), latitude: 43.5, source: 'uav' },
    ];
    const old = await database(13, rows);
    const collisions = [
      { id: ids[0], filePath: 'a.jpg', keptId: ids[3] },
      { id: ids[1], filePath: 'b.jpg', keptId: ids[3] },
      { id: ids[2], filePath: 'c.jpg', keptId: ids[3] },
    ];
    expect(await previewEarlierTiles(old.url)).toEqual({
      ...{ version: 13, rows: 5, collisions, obstacles: [], warnings: [] },
    });
    expect(await old.query('select id from tiles')).toHaveLength(5);
    expect(await migrateEarlierTiles(old.url)).toMatchObject({ version: 13, rows: 5, collisions });
    expect((await rowsOf(old)).map(({ path, legacy_id }) => [path, legacy_id])).toEqual([
      ['d.jpg', ids[3]],
      ['u.jpg', ids[4]],
    ]);
  });

  test('8.2 rows of several flights that others named are named anew, and keep their first id', async () => {
    const cell = { z: 12, x: 1000, y: 2000 };
    const foreign = randomUUID();
    const old = await database(14, [
      { ...cell, path: 'a.jpg', source: 'uav', flight: flightA, id: foreign, size: 9783.94 },
      { ...cell, path: 'b.jpg', source: 'uav', flight: flightB },
      { ...cell, path: 'c.jpg' },
    ]);
    const legacy = (await rowsOf(old)).map((row) => row.legacy_id);
    await migrateEarlierTiles(old.url);
    const found = await rowsOf(old);
    expect(found.map(({ id }) => id)).toEqual([
      tileId(cell, 'uav', flightA),
      tileId(cell, 'uav', flightB),
      tileId(cell, 'google_maps', undefined),
    ]);
    expect(found.map(({ legacy_id }) => legacy_id)).toEqual([foreign, ...legacy.slice(1)]);
    expect(new Set(found.map(({ meters }) => meters))).toEqual(new Set([tileSizeMeters(cell)]));
  });
});

describe('015', () => {
  test('8.4 the serving index comes, the plain one goes', async () => {
    const old = await database(14, plainRows);
    await alone(old, addServingIndex);
    const indexes = await old.query<{ name: string; text: string }>(
      `select indexname as name, indexdef as text from pg_indexes where tablename = 'tiles' order by 1`,
    );
    expect(indexes.map(({ name }) => name)).toEqual([
      'idx_tiles_unique_identity',
      'tiles_leaflet_path',
      'tiles_pkey',
    ]);
    expect(indexes[1].text).toMatch(
      /\(location_hash, captured_at DESC, updated_at DESC, id DESC\) INCLUDE \(file_path, source\)$/,
    );
    // A system that came this far by itself has nothing left but what only this program adds.
    const before = await rowsOf(old);
    expect(await migrateEarlierTiles(old.url)).toMatchObject({
      version: 15,
      rows: plainRows.length,
      collisions: [],
    });
    expect(await rowsOf(old)).toEqual(before);
  });
});
