import { blockBits, fullMask } from '../../../tiles/blocks';
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

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `(${index})`).join(', ');

const mask = (level: string, x: string, y: string) => `coalesce((select b.mask from tile_blocks b
    where b.service_id = :service and b.z = :zoom and b.level = ${level} and b.x = ${x} and b.y = ${y}), 0)`;

const range = (name: string) => `${name} (value) as (
  select :${name}0 >> ${blockBits} * :level
  union all
  select value + 1 from ${name} where value < :${name}1 >> ${blockBits} * :level)`;

const childX = '(open.x * 8 + (bit & 7))';
const childY = '(open.y * 8 + (bit >> 3))';

/**
 * From the blocks that cover the window (x0 … x1, y0 … y1) down to those of level `last` that are not full, in
 * one statement and hence of one state of the database.
 */
export const openBlocks = `with recursive ${range('x')}, ${range('y')},
bits (bit) as materialized (values ${numbers(64)}),
open (level, x, y, mask) as (
  select :level, x.value, y.value, ${mask(':level', 'x.value', 'y.value')} from x, y
  union all
  select level - 1, ${childX}, ${childY}, ${mask('open.level - 1', childX, childY)} from open, bits
  where level > :last and (mask >> bit) & 1 = 0
    and ${childX} between :x0 >> ${blockBits} * (level - 1) and :x1 >> ${blockBits} * (level - 1)
    and ${childY} between :y0 >> ${blockBits} * (level - 1) and :y1 >> ${blockBits} * (level - 1))
select x, y, mask >> 32 as high, (mask << 32) >> 32 as low
from open where level = :last and mask <> ${fullMask} limit :limit`;
