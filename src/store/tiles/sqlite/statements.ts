import { fullMask } from '../../../tiles/blocks';
import { assignmentColumns, historyColumns } from '../rows';

export const get = `select ${assignmentColumns} from tile_assignments where service_id = ? and user_id = ?`;

/** How many cells {@link firstFree} looks at. */
export const lookedAt = 8;

/**
 * Bit and block (x, y) of each of {@link lookedAt} cells, then service and z: which of the cells is free, if any. One
 * statement for several, because calling one costs more than looking a block up. Blocks answer faster than the
 * assignments, of which there are so many more that they don't stay in memory.
 */
export const firstFree = `with cells (cell, bit, x, y) as (values ${Array.from(
  { length: lookedAt },
  (_, index) => `(${index}, ?, ?, ?)`,
).join(', ')})
select cell from cells where coalesce((select (b.mask >> cells.bit) & 1 from tile_blocks b
  where b.service_id = ? and b.z = ? and b.level = 1 and b.x = cells.x and b.y = cells.y), 0) = 0 limit 1`;

/** Service, z, x, y, user, now, now. Changes nothing where the user has a tile. */
export const insert = `insert into tile_assignments
(service_id, z, x, y, user_id, stage, claimed_at, updated_at) values (?, ?, ?, ?, ?, 'claimed', ?, ?)
on conflict (service_id, user_id) do nothing`;

/** Service, z, x, y. */
export const remove = 'delete from tile_assignments where service_id = ? and z = ? and x = ? and y = ?';

/** New stage, now, service, user. */
export const advance =
  'update tile_assignments set stage = ?, updated_at = ? where service_id = ? and user_id = ?';

/** Data, now, service, user. */
export const keep = `update tile_assignments set data = ?, updated_at = ?
where service_id = ? and user_id = ? returning ${assignmentColumns}`;

/** Bit, service, z, level, x, y of the block, and the bit again. Answers whether the block became full. */
export const fillBlock = `insert into tile_blocks (mask, service_id, z, level, x, y)
values (1 << ?, ?, ?, ?, ?, ?)
on conflict do update set mask = mask | excluded.mask returning mask | (1 << ?) = ${fullMask} as flips`;

/** The same parameters, for a bit that is set. Answers whether the block was full. */
export const clearBlock = `update tile_blocks set mask = mask & ~(1 << ?)
where service_id = ? and z = ? and level = ? and x = ? and y = ?
returning mask | (1 << ?) = ${fullMask} as flips`;

/** Service, z, x, y, user, actor, from, to, now. */
export const record = `insert into tile_history (service_id, ${historyColumns})
values (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export const list = `select ${assignmentColumns} from tile_assignments
where service_id = ? order by claimed_at, z, x, y`;

/** `limit` −1 for all. */
export const history = `select ${historyColumns} from (
  select id, ${historyColumns} from tile_history
  where service_id = :service and (:user is null or user_id = :user) order by id desc limit :limit)
order by id`;

/** Service, z, level, x, y. */
export const mask = `select mask >> 32 as high, (mask << 32) >> 32 as low from tile_blocks
where service_id = ? and z = ? and level = ? and x = ? and y = ?`;

/** Users as a JSON array, service. */
export const held = `select ${assignmentColumns} from json_each(?) u
cross join tile_assignments on service_id = ? and user_id = u.value`;
