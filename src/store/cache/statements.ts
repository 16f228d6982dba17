/** Of several tiles of a cell the first one in this order is the one to show. */
const newestFirst = 'captured_at desc, updated_at desc, id desc';

export const columns = [
  'id, tile_zoom, tile_x, tile_y, latitude, longitude, tile_size_meters, tile_size_pixels, image_type, file_path',
  'created_at, updated_at, source, captured_at, flight_id, location_hash, content_sha256, byte_count',
  'sector_class, last_accessed_at, voting_status, etag, is_downgraded',
].join(', ');

const parameters = columns.replace(/\w+/g, '?');

export const insert = `insert into tiles (${columns}) values (${parameters})`;

/** Id, zoom, column, row: what a tile of the server takes the place of. */
export const replacedByServer = `select * from tiles where id = ?
or (tile_zoom = ? and tile_x = ? and tile_y = ? and source <> 'onboard_ingest')`;

/** Id: what an own tile takes the place of. */
export const replacedByOwn = 'select * from tiles where id = ?';

/** Nothing is said of most tiles: they are trusted unless somebody votes. (`in ('trusted', null)` finds none.) */
const trusted = "(voting_status is null or voting_status = 'trusted')";

export const ofCell = `select * from tiles where tile_zoom = ? and tile_x = ? and tile_y = ? order by ${newestFirst} limit 1`;
export const trustedOfCell = `select * from tiles where tile_zoom = ? and tile_x = ? and tile_y = ? and ${trusted}
order by ${newestFirst} limit 1`;

/** Zoom, three columns, first and last row. */
export const around = `select * from tiles where tile_zoom = ? and tile_x in (?, ?, ?) and tile_y between ? and ?
order by tile_y, tile_x, ${newestFirst}`;

/** A JSON array of ids. */
export const byIds = 'select * from tiles where id in (select value from json_each(?))';

export const pending = `select * from tiles where source = 'onboard_ingest' and voting_status = 'pending' order by captured_at, id`;

export const setVotingStatus = 'update tiles set voting_status = ? where id = ?';

/** Instant, id. Never back: two uses in a moment keep their order. */
export const touch = `update tiles set last_accessed_at = max(?,
  (select coalesce(max(last_accessed_at), 0) + 1 from tiles)) where id = ?`;

/** What has not reached a server yet is nowhere else. */
export const leastRecent = `select id, file_path as path, byte_count as bytes from tiles
where not (source = 'onboard_ingest' and voting_status is 'pending') order by last_accessed_at, id`;

export const remove = 'delete from tiles where id = ?';

export const state =
  'select total_bytes as bytes, tile_count as tiles, budget_bytes as budget from cache_state';
export const setBudget = 'update cache_state set budget_bytes = ?';

export const allPaths = 'select file_path as path from tiles';
export const all = 'select * from tiles order by id';
export const bySector = `select sector_class as name, count(*) as tiles, sum(byte_count) as bytes,
  sum(is_downgraded) as downgraded from tiles group by sector_class order by sector_class`;
