import type { Client } from 'pg';

/** A column of a table `tiles`, as PostgreSQL describes it. */
export interface ColumnFact {
  /** With its length: `character varying(32)`. */
  readonly type: string;
  readonly isRequired: boolean;
  readonly hasDefault: boolean;
}

export type ColumnFacts = ReadonlyMap<string, ColumnFact>;

/** What every state has had. */
export const firstColumns = [
  ...['id', 'tile_zoom', 'tile_x', 'tile_y', 'latitude', 'longitude', 'tile_size_meters', 'tile_size_pixels'],
  ...['image_type', 'file_path', 'created_at', 'updated_at'],
];
/** What came with several sources. */
export const sourceColumns = ['source', 'captured_at'];
/** What came with several flights. */
export const flightColumns = ['flight_id', 'location_hash', 'content_sha256', 'legacy_id'];
/** What may be there at any time, and is always optional. */
export const optionalColumns = ['byte_count', 'maps_version', 'version'];

const instant = 'timestamp(6) with time zone';

/** The types of the table as new databases have it (drizzle/pg/tiles). */
const wantedTypes: ReadonlyMap<string, string> = new Map([
  ...['id', 'flight_id', 'location_hash', 'legacy_id'].map((name) => [name, 'uuid'] as const),
  ...['tile_zoom', 'tile_x', 'tile_y', 'tile_size_pixels'].map((name) => [name, 'integer'] as const),
  ...['latitude', 'longitude', 'tile_size_meters'].map((name) => [name, 'double precision'] as const),
  ...['created_at', 'updated_at', 'captured_at'].map((name) => [name, instant] as const),
  ['image_type', 'character varying(10)'],
  ['file_path', 'character varying(500)'],
  ['source', 'character varying(32)'],
  ['content_sha256', 'bytea'],
  ['byte_count', 'bigint'],
]);

const requiredColumns = [...firstColumns, ...sourceColumns, 'location_hash'];

/** The columns of the table `tiles`; none where there is no such table. */
export async function readColumns(client: Client): Promise<ColumnFacts> {
  const { rows } = await client.query<{ name: string; type: string; required: boolean; preset: boolean }>(
    `select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as required, atthasdef as preset
     from pg_attribute where attrelid = to_regclass('tiles') and attnum > 0 and not attisdropped`,
  );
  return new Map(
    rows.map(({ name, type, required, preset }) => [
      name,
      { type, isRequired: required, hasDefault: preset },
    ]),
  );
}

/** How the values of a column become those of another type. Instants without a zone are in UTC. */
function conversion(name: string, from: string, to: string): string {
  if (to === instant && from.endsWith('without time zone')) return `${name} at time zone 'UTC'`;
  if (to === 'bytea' && from !== 'bytea') return `decode(${name}, 'hex')`;
  return `${name}::${to}`;
}

/** Gives the columns that are there the types and defaults of a new database. */
export async function conformTypes(client: Client): Promise<void> {
  const changes: string[] = [];
  for (const [name, { type, hasDefault }] of await readColumns(client)) {
    const wanted = wantedTypes.get(name);
    if (wanted === undefined) continue;
    if (hasDefault) changes.push(`alter ${name} drop default`);
    if (type !== wanted && type.replace(' with', '(6) with') !== wanted)
      changes.push(`alter ${name} type ${wanted} using ${conversion(name, type, wanted)}`);
    if (name === 'created_at' || name === 'updated_at') changes.push(`alter ${name} set default now()`);
  }
  // One by one: a column's default must be gone before its type changes.
  for (const change of changes) await client.query(`alter table tiles ${change}`);
}

/** Demands what a new database demands. Columns that nobody writes any more must not be demanded. */
export async function conformRules(client: Client): Promise<void> {
  for (const [name, { isRequired, hasDefault }] of await readColumns(client)) {
    const mustBeThere = requiredColumns.includes(name);
    if (mustBeThere && !isRequired) await client.query(`alter table tiles alter ${name} set not null`);
    if (!mustBeThere && isRequired && !hasDefault)
      await client.query(`alter table tiles alter ${name} drop not null`);
  }
}
