import type { Client } from 'pg';
import { locationHash, nilUuid, tileId, tileSizeMeters } from '../../../../tiles/identity';
import type { TileSource } from '../../../../tiles/types';
import { type Collision, findCollisions } from './collisions';
import { conformRules, conformTypes, readColumns } from './columns';
import { recogniseVersion } from './version';

/** A unique rule by any of the names that it may have: a constraint or an index of its own. */
async function dropKey(client: Client, name: string): Promise<void> {
  await client.query(`alter table tiles drop constraint if exists ${name}`);
  await client.query(`drop index if exists ${name}`);
}

async function fillSources(client: Client): Promise<void> {
  await client.query(`update tiles set source = coalesce(source, 'google_maps'),
    captured_at = coalesce(captured_at, created_at) where source is null or captured_at is null`);
}

/** 013: several sources per place. All that there is comes from the one that there was. */
export async function addSources(client: Client): Promise<void> {
  if ((await recogniseVersion(client)) !== 12) return;
  await conformTypes(client);
  await client.query(`alter table tiles add source varchar(32), add captured_at timestamp(6) with time zone`);
  await fillSources(client);
  await client.query('alter table tiles alter source set not null, alter captured_at set not null');
  await client.query(`create unique index idx_tiles_unique_location_source
    on tiles (latitude, longitude, tile_zoom, tile_size_meters, source)`);
  await dropKey(client, 'idx_tiles_unique_location');
}

interface Named {
  readonly id: string;
  readonly z: number;
  readonly x: number;
  readonly y: number;
  readonly source: string;
  readonly flight_id: string | null;
}

const rowsAtOnce = 10_000;

/**
 * Lists for every row what follows from what it is of, by the functions that say so for all others. (The database's
 * own `tile_uuid` gives the same names, at a tenth of the speed.)
 */
async function listNames(client: Client): Promise<void> {
  await client.query('drop table if exists pg_temp.tile_names');
  await client.query(`create temporary table tile_names (
    former uuid primary key, id uuid, hash uuid, meters double precision) on commit drop`);
  for (let after = nilUuid; ; ) {
    const { rows } = await client.query<Named>(
      `select id, tile_zoom as z, tile_x as x, tile_y as y, source, flight_id from tiles
       where id >= $1 order by id limit ${rowsAtOnce + 1}`,
      [after],
    );
    const page = rows.slice(0, rowsAtOnce);
    await client.query(
      'insert into tile_names select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::float8[])',
      [
        page.map(({ id }) => id),
        page.map((row) => tileId(row, row.source as TileSource, row.flight_id ?? undefined)),
        page.map(locationHash),
        page.map(tileSizeMeters),
      ],
    );
    if (rows.length <= rowsAtOnce) return;
    after = rows[rowsAtOnce].id;
  }
}

/** Keys over the advisory coordinates, by whatever name, would refuse what the new key allows. */
async function dropPlaceKeys(client: Client): Promise<void> {
  for (const name of ['idx_tiles_unique_location', 'idx_tiles_unique_location_source'])
    await dropKey(client, name);
  const { rows } = await client.query<{ name: string }>(
    `select distinct i.indexrelid::regclass::text as name from pg_index i
     join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
     where i.indrelid = to_regclass('tiles') and i.indisunique and not i.indisprimary
       and a.attname in ('latitude', 'longitude')`,
  );
  for (const { name } of rows) await dropKey(client, name);
  const { rows: checks } = await client.query<{ name: string }>(
    `select distinct quote_ident(c.conname) as name from pg_constraint c
     join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any(c.conkey)
     where c.conrelid = to_regclass('tiles') and c.contype = 'c' and a.attname in ('source', 'flight_id')`,
  );
  // Readers find out about sources by themselves.
  for (const { name } of checks) await client.query(`alter table tiles drop constraint ${name}`);
}

/**
 * 014: several flights per cell and source; ids, hashes and sizes that follow from what a row is of. Rows that are
 * the same by that give way to the newest of them.
 * @param makeNames statements that make the function `tile_uuid`
 * @returns the rows that were removed
 */
export async function addFlights(client: Client, makeNames: string): Promise<readonly Collision[]> {
  await client.query(`alter table tiles add if not exists flight_id uuid, add if not exists location_hash uuid,
    add if not exists content_sha256 bytea, add if not exists legacy_id uuid`);
  await conformTypes(client);
  await fillSources(client);
  await dropPlaceKeys(client);
  await client.query(makeNames);
  const collisions = await findCollisions(client, await readColumns(client));
  await client.query('delete from tiles where id = any($1::uuid[])', [collisions.map(({ id }) => id)]);
  await listNames(client);
  await client.query('analyze tile_names');
  await client.query(`update tiles t set id = named.id, location_hash = named.hash, tile_size_meters = named.meters,
      legacy_id = case when t.id = named.id then t.legacy_id else coalesce(t.legacy_id, t.id) end
    from tile_names named where t.id = named.former
      and (t.id, t.location_hash, t.tile_size_meters) is distinct from (named.id, named.hash, named.meters)`);
  await conformRules(client);
  await client.query(`create unique index if not exists idx_tiles_unique_identity on tiles
    (tile_zoom, tile_x, tile_y, tile_size_meters, source, coalesce(flight_id, '${nilUuid}'::uuid))`);
  await client.query(
    'create index if not exists idx_tiles_flight_captured on tiles (flight_id, captured_at)',
  );
  return collisions;
}

/** 015: the index that answers which file is served. */
export async function addServingIndex(client: Client): Promise<void> {
  await client.query(`create index if not exists tiles_leaflet_path
    on tiles (location_hash, captured_at desc, updated_at desc, id desc) include (file_path, source)`);
  await dropKey(client, 'idx_tiles_location_hash');
}

/** Columns that this program adds to those of the earlier systems. */
export async function addOptionalColumns(client: Client): Promise<void> {
  await client.query(`alter table tiles add if not exists byte_count bigint,
    add if not exists maps_version text, add if not exists version text`);
  await conformTypes(client);
  await conformRules(client);
}
