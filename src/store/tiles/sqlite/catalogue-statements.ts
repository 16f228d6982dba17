import {
  newestFirst,
  plainColumns,
  replacedColumns,
  rowFileColumns,
  summaryColumns,
  writeColumns,
} from '../catalogue-rows';

const instants = ['captured', 'created', 'updated'].map((name) => `t.${name}_at as ${name}_micros`);
const columns = [plainColumns, ...instants].join(', ');

const writeCount = writeColumns.split(', ').length;
const parameters = Array.from({ length: writeCount + 3 }, () => '?').join(', ');

/** Zoom, column, row, size, source, flight. */
export const before = `select file_path from tiles where tile_zoom = ? and tile_x = ? and tile_y = ?
and tile_size_meters = ? and source = ? and flight_key = ?`;

/** `writeColumns`, then captured, now, now. */
export const upsert = `insert into tiles as t (${writeColumns}, captured_at, created_at, updated_at)
values (${parameters})
on conflict (tile_zoom, tile_x, tile_y, tile_size_meters, source, flight_key) do update set ${replacedColumns},
  updated_at = max(excluded.updated_at, t.updated_at + 1)
returning ${columns.replaceAll('t.', '')}`;

/** Location hash. Answered by the index `tiles_leaflet_path` alone. */
export const file = `select t.id, t.file_path, t.source, t.updated_at as updated_micros
from tiles t where t.location_hash = ? order by ${newestFirst} limit 1`;

export const byHash = `select ${columns} from tiles t where t.location_hash = ? order by ${newestFirst} limit 1`;

export const byId = `select ${columns} from tiles t where t.id = ?`;

const ofHashes = (selected: string) => `select ${selected} from json_each(?) wanted cross join tiles t
on t.rowid = (select t.rowid from tiles t where t.location_hash = wanted.value order by ${newestFirst} limit 1)`;

const ofHashesFiltered = (selected: string) => `select ${selected} from json_each(?) wanted cross join tiles t
on t.rowid = (
  select t.rowid from tiles t where t.location_hash = wanted.value
    and (? is null or t.source in (select value from json_each(?)))
    and (? is null or t.flight_id in (select value from json_each(?)) or (? and t.flight_id is null))
    and t.captured_at >= ? and t.captured_at < ?
  order by ${newestFirst} limit 1)`;

const summary = `${summaryColumns}, t.captured_at as captured_micros`;

/** A JSON array of distinct location hashes. CROSS JOIN keeps the order of the tables. */
export const byHashes = ofHashes(columns);
export const summaries = ofHashes(summary);

/**
 * A JSON array of distinct location hashes; sources twice (JSON array or null); flights twice, and whether also tiles
 * without a flight; two instants.
 */
export const byHashesFiltered = ofHashesFiltered(columns);
export const summariesFiltered = ofHashesFiltered(summary);

/** Zoom, two ranges of columns, rows, how many cells. */
export const inWindow = `select ${columns} from (
  select t.*, row_number() over (
    partition by t.tile_zoom, t.tile_x, t.tile_y, t.tile_size_meters order by ${newestFirst}) as place
  from tiles t where t.tile_zoom = ? and (t.tile_x between ? and ? or t.tile_x between ? and ?)
    and t.tile_y between ? and ?) t
where t.place = 1 order by t.tile_y, t.tile_x limit ?`;

/** Flight, the last row before the page (instant, id), how many. */
export const ofFlight = `select ${columns} from tiles t
where t.flight_id = ? and (t.captured_at, t.id) > (?, ?) order by t.captured_at, t.id limit ?`;

/** The id before the page, how many. */
export const byIdOrder = `select ${columns} from tiles t where t.id > ? order by t.id limit ?`;

/** The last row before the page (instant, id), how many. */
export const byTimeOrder = `select ${columns} from tiles t where (t.captured_at, t.id) > (?, ?)
order by t.captured_at, t.id limit ?`;

export const extent = `select tile_zoom, changes, row_count, min_x, max_x, min_y, max_y,
  min_captured as min_micros, max_captured as max_micros, max_pixels from tile_extents order by tile_zoom`;

/** One step into the index for each flight, however many tiles it has. */
export const flights = `with recursive found (flight_id) as (
  select min(flight_id) from tiles
  union all select (select min(t.flight_id) from tiles t where t.flight_id > found.flight_id)
  from found where found.flight_id is not null)
select flight_id from found where flight_id is not null`;

export const remove = 'delete from tiles where id = ? returning file_path, location_hash';
export const removeFlight = 'delete from tiles where flight_id = ? returning file_path, location_hash';

/** The id before the page, how many. */
export const allFiles = `select ${rowFileColumns} from tiles where id > ? order by id limit ?`;

/** The file that it gets, the id, the file that it has. */
export const moveFile = `update tiles set file_path = ?, image_type = ?, content_sha256 = ?, byte_count = ?
where id = ? and file_path = ? returning location_hash`;

/** A JSON array of paths. There is no index for it: it is asked after accidents only. */
export const referenced = `select distinct file_path from tiles
where file_path in (select value from json_each(?))`;
