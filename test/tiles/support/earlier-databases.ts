import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { locationHash, tileCentre, tileId, tileSizeMeters } from '../../../src/tiles/identity';
import type { TileSource } from '../../../src/tiles/types';
import { type TestDatabase, testDatabase } from '../../support/postgres';

export type EarlierState = 12 | 13 | 14;

/** What a row of an earlier system says. */
export interface EarlierRow {
  readonly z: number;
  readonly x: number;
  readonly y: number;
  readonly path: string;
  /** Default: random. */
  readonly id?: string;
  /** UTC, without a zone; default 2023-01-01. */
  readonly created?: string;
  readonly updated?: string;
  /** From state 13 on. */
  readonly source?: string;
  readonly captured?: string;
  /** From state 14 on. */
  readonly flight?: string;
  /** Default: the cell's centre. */
  readonly latitude?: number;
  readonly size?: number;
  readonly imageType?: string;
}

const firstTable = `create table tiles (
  id uuid primary key default gen_random_uuid(),
  tile_zoom integer not null, tile_x integer not null, tile_y integer not null,
  latitude double precision not null, longitude double precision not null,
  tile_size_meters double precision not null, tile_size_pixels integer not null,
  image_type varchar(10) not null, maps_version varchar(50), version integer,
  file_path varchar(500) not null,
  created_at timestamp not null default now(), updated_at timestamp not null default now());
create unique index idx_tiles_unique_location on tiles (latitude, longitude, tile_zoom, tile_size_meters)`;

const sourceTable = `alter table tiles add source varchar(32) not null default 'google_maps', add captured_at timestamp;
update tiles set captured_at = created_at;
alter table tiles alter captured_at set not null;
create unique index idx_tiles_unique_location_source on tiles (latitude, longitude, tile_zoom, tile_size_meters, source);
drop index idx_tiles_unique_location`;

const flightTable = `alter table tiles add flight_id uuid, add location_hash uuid, add content_sha256 bytea, add legacy_id uuid;
create unique index idx_tiles_unique_identity on tiles (tile_zoom, tile_x, tile_y, tile_size_meters, source,
  coalesce(flight_id, '00000000-0000-0000-0000-000000000000'::uuid));
create index idx_tiles_location_hash on tiles (location_hash);
drop index idx_tiles_unique_location_source`;

export interface EarlierDatabase extends TestDatabase {
  query<Row extends object = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
}

/** A database as a system left it that stopped at a state; its rows come by SQL alone. */
export async function earlierDatabase(
  state: EarlierState,
  rows: readonly EarlierRow[] = [],
): Promise<EarlierDatabase> {
  const database = await testDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(firstTable);
  if (state >= 13) await client.query(sourceTable);
  if (state >= 14) await client.query(flightTable);
  for (const row of rows) await insert(client, state, row);
  return {
    url: database.url,
    query: async <Row extends object>(text: string, values?: unknown[]) =>
      (await client.query<Row>(text, values)).rows,
    async drop() {
      await client.end();
      await database.drop();
    },
  };
}

async function insert(client: Client, state: EarlierState, row: EarlierRow): Promise<void> {
  const { latitude, longitude } = tileCentre(row);
  const created = row.created ?? '2023-01-01 00:00:00.123456';
  const values: Record<string, unknown> = {
    id: row.id ?? randomUUID(),
    ...{ tile_zoom: row.z, tile_x: row.x, tile_y: row.y },
    ...{ latitude: row.latitude ?? latitude, longitude },
    ...{ tile_size_meters: row.size ?? tileSizeMeters(row) + 0.0004, tile_size_pixels: 256 },
    ...{ image_type: row.imageType ?? 'jpg', maps_version: 'v7', file_path: row.path },
    ...{ created_at: created, updated_at: row.updated ?? created },
  };
  if (state >= 13) {
    values['source'] = row.source ?? 'google_maps';
    values['captured_at'] = row.captured ?? created;
  }
  if (state >= 14) {
    values['flight_id'] = row.flight ?? null;
    values['location_hash'] = locationHash(row);
    // As the migration of those who came this far made it: ids follow from the row, sizes from the cell.
    values['id'] = row.id ?? tileId(row, values['source'] as TileSource, row.flight);
    values['tile_size_meters'] = row.size ?? tileSizeMeters(row);
    values['legacy_id'] = row.id ? null : randomUUID();
  }
  const names = Object.keys(values);
  await client.query(
    `insert into tiles (${names.join(', ')}) values (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
    Object.values(values),
  );
}

/** Columns, indexes and rules of the table `tiles`, and the names of functions: what two databases can differ in. */
export async function describeTiles(query: EarlierDatabase['query']): Promise<Record<string, unknown>> {
  return {
    columns:
      await query(`select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as required,
        pg_get_expr(adbin, adrelid) as preset
      from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
      where attrelid = 'tiles'::regclass and attnum > 0 and not attisdropped
        and attname not in ('maps_version', 'version') order by attname`),
    indexes: await query(`select pg_get_indexdef(indexrelid) as text from pg_index
      where indrelid = 'tiles'::regclass order by 1`),
    rules: await query(`select contype, pg_get_constraintdef(oid) as text from pg_constraint
      where conrelid = 'tiles'::regclass and contype <> 'n' order by 2`),
    functions: await query(`select proname as name, prosrc as text from pg_proc
      where pronamespace = 'public'::regnamespace order by 1`),
    steps: await query('select step, hash from tilegraph_migrations_tiles order by step'),
  };
}
