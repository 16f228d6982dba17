import { nilUuid } from '../../../tiles/identity';
import {
  newestFirst,
  plainColumns,
  replacedColumns,
  rowFileColumns,
  summaryColumns,
  writeColumns,
} from '../catalogue-rows';

interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Carries the location hash of every cell that was written to. */
export const channel = 'tilegraph_tiles';

/** `extract` is exact, unlike what the driver makes of instants. */
const micros = (name: string) => `(extract(epoch from t.${name}_at) * 1000000)::bigint as ${name}_micros`;
const columns = [plainColumns, ...['captured', 'created', 'updated'].map(micros)].join(', ');

const writeCount = writeColumns.split(', ').length;
const parameters = Array.from({ length: writeCount + 1 }, (_, index) => `$${index + 1}`);

/**
 * $1 the id, $2 the location hash. Writers of one row take turns, so that each learns which file it replaced;
 * others are told of the change when the transaction commits.
 */
export const lock: Statement = {
  name: 'catalogue-lock',
  text: `select pg_advisory_xact_lock(hashtextextended($1::text, 0)), pg_notify('${channel}', $2::text)`,
};

/** The parameters of `writeColumns`, then the instant of capture. A row that was inserted has no `xmax`. */
export const upsert: Statement = {
  name: 'catalogue-upsert',
  text: `with before as (
  select file_path from tiles where tile_zoom = $2 and tile_x = $3 and tile_y = $4 and tile_size_meters = $7
    and source = $11 and coalesce(flight_id, '${nilUuid}'::uuid) = coalesce($12::uuid, '${nilUuid}'::uuid))
insert into tiles as t (${writeColumns}, captured_at, created_at, updated_at)
values (${parameters.join(', ')}, clock_timestamp(), clock_timestamp())
on conflict (tile_zoom, tile_x, tile_y, tile_size_meters, source, coalesce(flight_id, '${nilUuid}'::uuid))
do update set ${replacedColumns},
  updated_at = greatest(excluded.updated_at, t.updated_at + interval '1 microsecond')
returning ${columns}, t.xmax = 0 as is_new, (select file_path from before) as replaced_path`,
};

/** $1 the location hash. Answered by the index `tiles_leaflet_path` alone. */
export const file: Statement = {
  name: 'catalogue-file',
  text: `select t.id, t.file_path, t.source, ${micros('updated')}
from tiles t where t.location_hash = $1 order by ${newestFirst} limit 1`,
};

export const byHash: Statement = {
  name: 'catalogue-by-hash',
  text: `select ${columns} from tiles t where t.location_hash = $1 order by ${newestFirst} limit 1`,
};

export const byId: Statement = {
  name: 'catalogue-by-id',
  text: `select ${columns} from tiles t where t.id = $1`,
};

const ofHashes = (selected: string) => `select ${selected} from unnest($1::uuid[]) as wanted (hash)
cross join lateral (
  select t.* from tiles t where t.location_hash = wanted.hash order by ${newestFirst} limit 1) t`;

const ofHashesFiltered = (selected: string) => `select ${selected} from unnest($1::uuid[]) as wanted (hash)
cross join lateral (
  select t.* from tiles t where t.location_hash = wanted.hash
    and ($2::text[] is null or t.source = any($2))
    and ($3::uuid[] is null or t.flight_id = any($3) or ($4::boolean and t.flight_id is null))
    and t.captured_at >= $5::timestamptz and t.captured_at < $6::timestamptz
  order by ${newestFirst} limit 1) t`;

const summary = `${summaryColumns}, ${micros('captured')}`;

/** $1 distinct location hashes, in one array. */
export const byHashes: Statement = { name: 'catalogue-by-hashes', text: ofHashes(columns) };
export const summaries: Statement = { name: 'catalogue-summaries', text: ofHashes(summary) };

/** $1 distinct location hashes, $2 sources, $3 flights, $4 whether also tiles without a flight, $5 and $6 instants. */
export const byHashesFiltered: Statement = {
  name: 'catalogue-by-hashes-filtered',
  text: ofHashesFiltered(columns),
};
export const summariesFiltered: Statement = {
  name: 'catalogue-summaries-filtered',
  text: ofHashesFiltered(summary),
};

/** $1 zoom, $2 to $5 two ranges of columns, $6 and $7 rows, $8 how many cells. */
export const inWindow: Statement = {
  name: 'catalogue-in-window',
  text: `select ${columns} from (
  select distinct on (t.tile_zoom, t.tile_x, t.tile_y, t.tile_size_meters) t.* from tiles t
  where t.tile_zoom = $1 and (t.tile_x between $2 and $3 or t.tile_x between $4 and $5)
    and t.tile_y between $6 and $7
  order by t.tile_zoom, t.tile_x, t.tile_y, t.tile_size_meters, ${newestFirst}) t
order by t.tile_y, t.tile_x limit $8`,
};

/** $1 the flight, $2 and $3 the last row before the page, $4 how many. */
export const ofFlight: Statement = {
  name: 'catalogue-of-flight',
  text: `select ${columns} from tiles t
where t.flight_id = $1 and (t.captured_at, t.id) > ($2::timestamptz, $3::uuid)
order by t.captured_at, t.id limit $4`,
};

/** $1 the id before the page, $2 how many. */
export const byIdOrder: Statement = {
  name: 'catalogue-in-order-of-ids',
  text: `select ${columns} from tiles t where t.id > $1 order by t.id limit $2`,
};

/** $1 and $2 the last row before the page, $3 how many. */
export const byTimeOrder: Statement = {
  name: 'catalogue-in-order-of-time',
  text: `select ${columns} from tiles t where (t.captured_at, t.id) > ($1::timestamptz, $2::uuid)
order by t.captured_at, t.id limit $3`,
};

const edge = (name: string, of: string) =>
  `(extract(epoch from ${of}(${of}_captured)) * 1000000)::bigint as ${name}`;

export const extent: Statement = {
  name: 'catalogue-extent',
  text: `select tile_zoom, sum(changes) as changes, sum(row_count) as row_count, min(min_x) as min_x, max(max_x) as max_x,
  min(min_y) as min_y, max(max_y) as max_y, ${edge('min_micros', 'min')}, ${edge('max_micros', 'max')},
  max(max_pixels) as max_pixels from tile_extents group by tile_zoom order by tile_zoom`,
};

/** One step into the index for each flight, however many tiles it has. */
export const flights: Statement = {
  name: 'catalogue-flights',
  text: `with recursive found as (
  (select flight_id from tiles where flight_id is not null order by flight_id limit 1)
  union all select (select t.flight_id from tiles t where t.flight_id > found.flight_id order by t.flight_id limit 1)
  from found where found.flight_id is not null)
select flight_id from found where flight_id is not null`,
};

const removal = (condition: string) => `with gone as (
  delete from tiles where ${condition} returning file_path, location_hash)
select file_path, location_hash, pg_notify('${channel}', location_hash::text) from gone`;

export const remove: Statement = { name: 'catalogue-remove', text: removal('id = $1') };
export const removeFlight: Statement = {
  name: 'catalogue-remove-flight',
  text: removal('flight_id = $1'),
};

/** $1 the id before the page, $2 how many. */
export const allFiles: Statement = {
  name: 'catalogue-all-files',
  text: `select ${rowFileColumns} from tiles where id > $1 order by id limit $2`,
};

/** $1 the id, $2 the file that it has, $3 to $6 the one that it gets. */
export const moveFile: Statement = {
  name: 'catalogue-move-file',
  text: `with moved as (
  update tiles set file_path = $3, image_type = $4, content_sha256 = $5, byte_count = $6
  where id = $1 and file_path = $2 returning location_hash)
select pg_notify('${channel}', location_hash::text), location_hash from moved`,
};

/** $1 paths. There is no index for it: it is asked after accidents only. */
export const referenced: Statement = {
  name: 'catalogue-referenced',
  text: 'select distinct file_path from tiles where file_path = any($1::text[])',
};
