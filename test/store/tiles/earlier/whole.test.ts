import { Client } from 'pg';
import { silentLogger } from '../../../../src/base/logger';
import { openTileStore } from '../../../../src/store/tiles/open';
import {
  migrateEarlierTiles,
  previewEarlierTiles,
} from '../../../../src/store/tiles/postgres/earlier/migrate';
import { addFlights, addServingIndex, addSources } from '../../../../src/store/tiles/postgres/earlier/steps';
import { locationHash } from '../../../../src/tiles/identity';
import { parseInstant } from '../../../../src/tiles/instant';
import { testDatabase } from '../../../support/postgres';
import {
  describeTiles,
  type EarlierDatabase,
  type EarlierState,
} from '../../../tiles/support/earlier-databases';
import { alone, cells, earlierDatabases, naming, plainRows, rowsOf } from './support';

const database = earlierDatabases();

const states: readonly EarlierState[] = [12, 13, 14];

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
