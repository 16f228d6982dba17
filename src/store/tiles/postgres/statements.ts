import { blockBits, fullMask } from '../../../tiles/blocks';
import { assignmentColumns, historyColumns } from '../rows';

// Each transition is one statement, hence one transaction and one round trip: what depends on the change of the
// assignment (blocks, history) hangs on the rows that it returns. Locks are always taken in the same order: the
// assignment, then its blocks from the lowest level upwards.
//
// Blocks are changed by "insert … on conflict do update" even where they must exist: unlike an update that also
// finds rows that were committed after the statement began.

interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Position of a cell's bit in its block of level 1. */
const bit = (row: string) => `((${row}.y & 7) * 8 + (${row}.x & 7))`;

/** Sets or clears the bits of the changed cells; triggers carry on upwards where a block becomes or was full. */
const markBlock = (zoom: string, value: string, join: string) => `marked as (
  insert into tile_blocks as b (service_id, z, level, x, y, mask)
  select $1, ${zoom}, 1, c.x >> ${blockBits}, c.y >> ${blockBits}, ${value} from changed c
  on conflict (service_id, z, level, x, y) do update set mask = b.mask ${join} excluded.mask)`;
const fillBlock = markBlock('$2::smallint', `1::bigint << ${bit('c')}`, '|');
const clearBlock = markBlock('c.z', `~(1::bigint << ${bit('c')})`, '&');

const record = (actor: string, from: string, to: string) => `recorded as (
  insert into tile_history (service_id, ${historyColumns})
  select $1, z, x, y, user_id, ${actor}, ${from}, ${to}, updated_at from changed)`;

/**
 * $1 service, $2 zoom, $3 user, $4 actor, then what the cells need.
 * Answers the cell and the instant; a row of nulls when a cell was free but the insert met a conflict; nothing
 * when all cells are taken. Cells are looked up one by one until one is free, in the blocks, whose only index every plan
 * must take: one made for empty tables would look through the wrong index of the assignments.
 */
const take = (cells: string) => `with free as materialized (
  select c.x, c.y from ${cells} c
  where coalesce((select (b.mask >> ${bit('c')}) & 1 from tile_blocks b
    where b.service_id = $1 and b.z = $2::smallint and b.level = 1
      and b.x = c.x >> ${blockBits} and b.y = c.y >> ${blockBits}), 0) = 0
  limit 1),
changed as (
  insert into tile_assignments (service_id, z, x, y, user_id, stage, claimed_at, updated_at)
  select $1, $2::smallint, x, y, $3, 'claimed', clock.now, clock.now
  from free, (select clock_timestamp() as now) clock
  on conflict do nothing
  returning x, y, claimed_at),
${fillBlock},
recorded as (
  insert into tile_history (service_id, ${historyColumns})
  select $1, $2::smallint, x, y, $3, $4, 'free', 'claimed', claimed_at from changed)
select changed.* from free left join changed on true`;

/** $5 and $6 columns and rows of the cells. */
export const takeOneOf: Statement = {
  name: 'tile-take-one-of',
  text: take('(select * from unnest($5::int[], $6::int[]) as cells (x, y))'),
};

const drawn = (first: string, last: string) =>
  `${first}::int + floor(random() * (${last}::int - ${first}::int + 1))::int`;

/** $5 to $8 the window (x, y, inclusive), $9 how many cells to draw at most. */
export const takeRandom: Statement = {
  name: 'tile-take-random',
  text: take(
    `(select ${drawn('$5', '$6')} as x, ${drawn('$7', '$8')} as y from generate_series(1, $9::int))`,
  ),
};

/** $1 service, $2 user, $3 actor, $4 stages in which it is allowed. */
export const free: Statement = {
  name: 'tile-free',
  text: `with changed as (
  delete from tile_assignments where service_id = $1 and user_id = $2 and stage = any($4::text[])
  returning z, x, y, user_id, stage, data, claimed_at, clock_timestamp()::timestamptz(3) as updated_at),
${clearBlock},
${record('$3', 'stage', `'free'`)}
select ${assignmentColumns} from changed`,
};

/** $1 service, $2 user, $3 actor, $4 stages in which it is allowed, $5 the new stage. */
export const advance: Statement = {
  name: 'tile-advance',
  text: `with before as (
  select stage from tile_assignments
  where service_id = $1 and user_id = $2 and stage = any($4::text[]) for update),
changed as (
  update tile_assignments t set stage = $5, updated_at = clock_timestamp() from before
  where service_id = $1 and user_id = $2
  returning z, x, y, user_id, before.stage as from_stage, t.stage, data, claimed_at, updated_at),
${record('$3', 'from_stage', 'stage')}
select ${assignmentColumns} from changed`,
};

/** $1 service, $2 user, $3 data. */
export const keep: Statement = {
  name: 'tile-keep',
  text: `update tile_assignments set data = $3, updated_at = clock_timestamp()
where service_id = $1 and user_id = $2 returning ${assignmentColumns}`,
};

export const get: Statement = {
  name: 'tile-get',
  text: `select ${assignmentColumns} from tile_assignments where service_id = $1 and user_id = $2`,
};

export const list: Statement = {
  name: 'tile-list',
  text: `select ${assignmentColumns} from tile_assignments where service_id = $1 order by claimed_at, z, x, y`,
};

/** $1 service, $2 user or null, $3 how many of the latest or null. */
export const history: Statement = {
  name: 'tile-history',
  text: `select ${historyColumns} from (
  select id, ${historyColumns} from tile_history
  where service_id = $1 and ($2::text is null or user_id = $2) order by id desc limit $3::bigint) latest
order by id`,
};

const mask = (level: string, x: string, y: string) => `coalesce((select b.mask from tile_blocks b
    where b.service_id = $1 and b.z = $2::smallint and b.level = ${level} and b.x = ${x} and b.y = ${y}), 0)`;

/**
 * $1 service, $2 zoom, $3 level to begin at, $4 to $7 the window (x, y, inclusive), $8 how many.
 * From the blocks that cover the window down to those of level 1 that are not full.
 */
export const openBlocks: Statement = {
  name: 'tile-open-blocks',
  text: `with recursive open (level, x, y, mask) as (
  select $3::int, columns.x, rows.y, ${mask('$3::int', 'columns.x', 'rows.y')}
  from generate_series($4::int >> ${blockBits} * $3::int, $5::int >> ${blockBits} * $3::int) columns (x),
    generate_series($6::int >> ${blockBits} * $3::int, $7::int >> ${blockBits} * $3::int) rows (y)
  union all
  select child.level, child.x, child.y, ${mask('child.level', 'child.x', 'child.y')}
  from (
    select open.level - 1 as level, open.x * 8 + (bit & 7) as x, open.y * 8 + (bit >> 3) as y
    from open, generate_series(0, 63) bit
    where open.level > 1 and (open.mask >> bit) & 1 = 0) child
  where child.x between $4::int >> ${blockBits} * child.level and $5::int >> ${blockBits} * child.level
    and child.y between $6::int >> ${blockBits} * child.level and $7::int >> ${blockBits} * child.level)
select x, y, (mask >> 32)::int as high, ((mask << 32) >> 32)::int as low
from open where level = 1 and mask <> ${fullMask} limit $8::bigint`,
};
