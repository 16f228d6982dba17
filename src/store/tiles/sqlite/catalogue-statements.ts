import { newestFirst, plainColumns, replacedColumns, writeColumns } from '../catalogue-rows';

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

/** A JSON array of distinct location hashes. CROSS JOIN keeps the order of the tables. */
export const byHashes = `select ${columns} from json_each(?) wanted cross join tiles t on t.rowid = (
  select t.rowid from tiles t where t.location_hash = wanted.value order by ${newestFirst} limit 1)`;

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

export const remove = 'delete from tiles where id = ? returning file_path, location_hash';
export const removeFlight = 'delete from tiles where flight_id = ? returning file_path, location_hash';

/** The id before the page, how many. */
export const paths = 'select id, file_path as filePath from tiles where id > ? order by id limit ?';

/** A JSON array of paths. There is no index for it: it is asked after accidents only. */
export const referenced = `select distinct file_path from tiles
where file_path in (select value from json_each(?))`;
