import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { silentLogger } from '../../../src/base/logger';
import { readMigrations } from '../../../src/store/sql/migrations';
import { withMigrationLock } from '../../../src/store/sql/postgres-migrate';
import { openTileStore } from '../../../src/store/tiles/open';
import {
  migrateEarlierTiles,
  namingFunction,
  previewEarlierTiles,
} from '../../../src/store/tiles/postgres/earlier/migrate';
import { addFlights, addServingIndex, addSources } from '../../../src/store/tiles/postgres/earlier/steps';
import { locationHash, tileId, tileSizeMeters } from '../../../src/tiles/identity';
import { parseInstant } from '../../../src/tiles/instant';
import { testDatabase } from '../../support/postgres';
import { randomTiles } from '../../tiles/support/cells';
import {
  describeTiles,
  type EarlierDatabase,
  type EarlierRow,
  type EarlierState,
  earlierDatabase,
} from '../../tiles/support/earlier-databases';

const states: readonly EarlierState[] = [12, 13, 14];
const flightA = '00000000-0000-4000-8000-00000000000a';
const flightB = '00000000-0000-4000-8000-00000000000b';
const naming = namingFunction(
  readMigrations('postgres', 'tiles').steps.find(({ sql }) => sql.join().includes('tile_uuid')) as never,
);

const opened: EarlierDatabase[] = [];
async function database(state: EarlierState, rows: readonly EarlierRow[] = []): Promise<EarlierDatabase> {
  const made = await earlierDatabase(state, rows);
  opened.push(made);
  return made;
}
afterEach(async () => {
  for (const made of opened.splice(0)) await made.drop();
});

/** Rows of 60 distinct cells of all zooms. */
const cells = randomTiles(400, 3).filter(
  ({ z }, index, all) => z > 3 && all.findIndex((other) => other.z === z) === index,
);
const plainRows: readonly EarlierRow[] = cells.map((cell, index) => ({
  ...cell,
  path: `old/${index}.jpg`,
  created: `2023-01-${String(1 + (index % 28)).padStart(2, '0')} 10:00:00.654321`,
}));

interface Row {
  readonly id: string;
  readonly legacy_id: string | null;
  readonly z: number;
  readonly x: number;
  readonly y: number;
  readonly source: string;
  readonly flight_id: string | null;
  readonly hash: string;
  readonly meters: number;
  readonly path: string;
  readonly captured: string;
}

const rowsOf = ({ query }: EarlierDatabase) =>
  query<Row>(`select id, legacy_id, tile_zoom as z, tile_x as x, tile_y as y, source, flight_id, location_hash as hash,
    tile_size_meters as meters, file_path as path,
    to_char(captured_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as captured from tiles order by file_path`);

/** Applies one migration by itself, in a transaction. */
const alone = <T>({ url }: EarlierDatabase, work: (client: Client) => Promise<T>) =>
  withMigrationLock(url, work);

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

describe.each(states)('a database of state %i', (state) => {
  test('8.2 8.6 becomes what a new one is, with rows and without', async () => {
    const fresh = await testDatabase();
    await (await openTileStore(fresh.url, { logger: silentLogger })).close();
    const client = new Client({ connectionString: fresh.url });
    await client.connect();
    const wanted = await describeTiles(
      async <R extends object>(text: string) => (await client.query<R>(text)).rows,
    );
    await client.end();
    await fresh.drop();
    for (const rows of [plainRows, []]) {
      const old = await database(state, rows);
      expect(await migrateEarlierTiles(old.url)).toMatchObject({ version: state, rows: rows.length });
      expect(await describeTiles(old.query)).toEqual(wanted);
      const vestiges = await old.query(`select count(*)::int as n from tiles where maps_version = 'v7'`);
      expect(vestiges).toEqual([{ n: rows.length }]);
    }
  });

  test('8.6 each migration runs twice without effect', async () => {
    const old = await database(state, plainRows);
    const migrations: ((client: Client) => Promise<unknown>)[] = [
      addSources,
      (client) => addFlights(client, naming),
      addServingIndex,
    ];
    const look = async () => ({
      rows: await old.query('select t.*, t.xmin::text from tiles t order by file_path'),
      indexes: await old.query(`select indexdef from pg_indexes where tablename = 'tiles' order by 1`),
    });
    for (const migrate of migrations.slice(Math.max(0, state - 12))) {
      await alone(old, migrate);
      const once = await look();
      await alone(old, migrate);
      expect(await look()).toEqual(once);
    }
    await migrateEarlierTiles(old.url);
    const once = await look();
    expect(await migrateEarlierTiles(old.url)).toBeUndefined();
    expect(await previewEarlierTiles(old.url)).toBeUndefined();
    expect(await look()).toEqual(once);
  });

  test('8.2 is refused by readers until it is migrated, and then serves and takes tiles', async () => {
    const old = await database(state, plainRows);
    await expect(openTileStore(old.url, { logger: silentLogger })).rejects.toThrow(
      /"tilegraph tiles migrate"/,
    );
    // Refusing has changed nothing.
    expect(await old.query(`select to_regclass('tile_assignments') as name`)).toEqual([{ name: null }]);
    await migrateEarlierTiles(old.url);
    const store = await openTileStore(old.url, { logger: silentLogger });
    try {
      for (const { z, x, y, path, created } of plainRows)
        expect(await store.catalogue.atCell({ z, x, y })).toMatchObject({
          ...{ filePath: path, source: 'google_maps', imageType: 'jpg' },
          // 2.4: in UTC, with microseconds, whatever the zone of the machine.
          capturedAt: parseInstant(`${created}Z`),
        });
      const { z, x, y } = plainRows[0];
      const { isNew, replacedPath, tile } = await store.catalogue.write({
        ...{ tile: { z, x, y }, source: 'google_maps', capturedAt: parseInstant('2024-01-01T00:00:00Z') },
        ...{
          filePath: 'new.png',
          imageType: 'png',
          sizePixels: 512,
          contentSha256: 'ab'.repeat(32),
          byteCount: 9,
        },
      });
      expect([isNew, replacedPath]).toEqual([false, plainRows[0].path]);
      expect(tile.legacyId).toBeDefined();
    } finally {
      await store.close();
    }
  });
});

describe('8.6 what is not known is refused and left alone', () => {
  async function refused(old: EarlierDatabase, message: RegExp): Promise<void> {
    const before = await old.query(
      `select attname, attnotnull from pg_attribute where attrelid = 'tiles'::regclass`,
    );
    await expect(migrateEarlierTiles(old.url)).rejects.toThrow(message);
    expect(
      await old.query(`select attname, attnotnull from pg_attribute where attrelid = 'tiles'::regclass`),
    ).toEqual(before);
    expect(await old.query(`select to_regclass('tilegraph_migrations_tiles') as name`)).toEqual([
      { name: null },
    ]);
  }

  test.each([
    ['alter table tiles drop tile_size_pixels', /unknown version: it has no tile_size_pixels/],
    ['alter table tiles add source text', /it has source without source and captured_at/],
    ['alter table tiles add location_hash uuid', /it has location_hash without source and captured_at/],
    ['alter table tiles add licence text not null', /it demands values for licence/],
  ])('%s', async (change, message) => {
    const old = await database(12);
    await old.query(change);
    await refused(old, message);
    await expect(previewEarlierTiles(old.url)).rejects.toThrow(message);
  });

  test('1.5 rows of cells that do not exist, and tables that refer to ids', async () => {
    const old = await database(12, plainRows.slice(0, 3));
    const [{ id }] = await old.query<{ id: string }>(
      'update tiles set tile_x = 16 where file_path = $1 returning id',
      [plainRows[0].path],
    );
    await old.query('update tiles set tile_zoom = 4 where id = $1', [id]);
    await old.query('create table notes (tile uuid references tiles (id))');
    const obstacles = [
      `1 rows have a cell that does not exist, such as ${id}`,
      'the table notes refers to the ids of tiles, which change; drop its foreign key first',
    ];
    expect(await previewEarlierTiles(old.url)).toMatchObject({ obstacles });
    await refused(old, new RegExp(`cannot be migrated. Nothing was changed.\n- ${obstacles.join('\n- ')}`));
  });

  test('2.2 unknown sources stay, and are told', async () => {
    const old = await database(13, [{ ...cells[0], path: 'a.jpg', source: 'satar' }]);
    expect(await migrateEarlierTiles(old.url)).toMatchObject({
      warnings: [expect.stringMatching(/^1 rows have an unknown source/)],
    });
    expect(await rowsOf(old)).toMatchObject([{ source: 'satar', hash: locationHash(cells[0]) }]);
  });
});

test('8.6 types that others chose become ours, and what they demanded is not demanded', async () => {
  const old = await database(12, plainRows.slice(0, 4));
  await old.query(`alter table tiles alter file_path type text, alter tile_zoom type smallint, alter tile_size_meters type numeric,
    alter created_at type timestamptz using created_at at time zone 'UTC', alter version set default 1`);
  await old.query(`update tiles set version = 1`);
  await old.query('alter table tiles alter version set not null, alter maps_version set not null');
  await migrateEarlierTiles(old.url);
  const types =
    await old.query(`select column_name as name, data_type as type, is_nullable from information_schema.columns
    where table_name = 'tiles' and column_name in ('file_path', 'tile_zoom', 'tile_size_meters', 'maps_version') order by 1`);
  expect(types).toEqual([
    { name: 'file_path', type: 'character varying', is_nullable: 'NO' },
    { name: 'maps_version', type: 'character varying', is_nullable: 'YES' },
    { name: 'tile_size_meters', type: 'double precision', is_nullable: 'NO' },
    { name: 'tile_zoom', type: 'integer', is_nullable: 'NO' },
  ]);
});

test('8.6 two that migrate at once take turns', async () => {
  const old = await database(13, plainRows);
  const reports = await Promise.all([migrateEarlierTiles(old.url), migrateEarlierTiles(old.url)]);
  expect(reports.filter((report) => report !== undefined)).toHaveLength(1);
  expect(await rowsOf(old)).toHaveLength(plainRows.length);
});
