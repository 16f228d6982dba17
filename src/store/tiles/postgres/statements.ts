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

const record = (actor: string, from: string, to: string) => `recorded as (
  insert into tile_history (service_id, ${historyColumns})
  select $1, z, x, y, user_id, ${actor}, ${from}, ${to}, updated_at from changed)`;

/** Clears the bits of the freed cells; triggers carry on upwards where a block was full. */
const clearBlock = `marked as (
  insert into tile_blocks as b (service_id, z, level, x, y, mask)
  select $1, c.z, 1, c.x >> ${blockBits}, c.y >> ${blockBits}, ~(1::bigint << ${bit('c')}) from changed c
  on conflict (service_id, z, level, x, y) do update set mask = b.mask & excluded.mask)`;

const drawn = (first: string, last: string) => `${first} + floor(random() * (${last} - ${first} + 1))::int`;

/**
 * Several claims: $1 services, $2 zooms, $3 users, $4 actors, $5 to $8 the windows (x, y, inclusive). A claim looks at
 * cells until one is free: at the cells $9 to $10 (counted from 1) of $11 and $12, which hold columns and rows, or at as
 * many random ones of its window where $13 says so. Of a user's claims for a service all but one count as taken.
 *
 * Answers for each claim (counted from 1) that found a free cell the cell and the instant, or nulls where the insert
 * met a conflict. Cells are looked up in the blocks, whose only index every plan must take: one made for empty tables
 * would look through the wrong index of the assignments. A block may get several bits, never 64 at once: see
 * {@link mostClaims}. The order is that of blocks at all levels, so that transactions hardly ever wait for each other
 * in a ring.
 */
export const take: Statement = {
  name: 'tile-take',
  text: `with free as materialized (
  select distinct on (c.service_id, c.user_id) c.*, cell.x, cell.y
  from unnest($1::text[], $2::smallint[], $3::text[], $4::text[], $5::int[], $6::int[], $7::int[], $8::int[],
      $9::int[], $10::int[], $13::boolean[])
    with ordinality c (service_id, z, user_id, actor_id, x0, x1, y0, y1, first, last, is_random, claim),
  lateral (
    select candidate.x, candidate.y from (
      select case when c.is_random then ${drawn('c.x0', 'c.x1')} else ($11::int[])[k] end as x,
        case when c.is_random then ${drawn('c.y0', 'c.y1')} else ($12::int[])[k] end as y
      from generate_series(c.first, c.last) k) candidate
    where coalesce((select (b.mask >> ${bit('candidate')}) & 1 from tile_blocks b
      where b.service_id = c.service_id and b.z = c.z and b.level = 1
        and b.x = candidate.x >> ${blockBits} and b.y = candidate.y >> ${blockBits}), 0) = 0
    limit 1) cell),
changed as (
  insert into tile_assignments (service_id, z, x, y, user_id, stage, claimed_at, updated_at)
  select service_id, z, x, y, user_id, 'claimed', clock.now, clock.now
  from free, (select clock_timestamp() as now) clock
  order by service_id, z, x >> 9, y >> 9, x >> 6, y >> 6, x >> 3, y >> 3, x, y
  on conflict do nothing
  returning service_id, z, x, y, user_id, claimed_at),
marked as (
  insert into tile_blocks as b (service_id, z, level, x, y, mask)
  select service_id, z, 1, x >> ${blockBits}, y >> ${blockBits}, bit_or(1::bigint << ${bit('changed')}) from changed
  group by service_id, z, x >> ${blockBits}, y >> ${blockBits}
  order by service_id, z, min(x >> 9), min(y >> 9), min(x >> 6), min(y >> 6), x >> ${blockBits}, y >> ${blockBits}
  on conflict (service_id, z, level, x, y) do update set mask = b.mask | excluded.mask),
recorded as (
  insert into tile_history (service_id, ${historyColumns})
  select service_id, z, changed.x, changed.y, user_id, free.actor_id, 'free', 'claimed', claimed_at
  from changed join free using (service_id, z, user_id))
select free.claim::int, changed.x, changed.y, changed.claimed_at
from free left join changed using (service_id, z, user_id)`,
};

/** What {@link take} may be asked for at once: so few that no block becomes full by a single statement. */
export const mostClaims = 32;

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
 * $1 service, $2 zoom, $3 level to begin at, $4 to $7 the window (x, y, inclusive), $8 how many, $9 level to end at,
 * $10 users. From the blocks that cover the window down to those that are not full; and the tiles of the users, of which
 * each is looked up by itself whatever the plan.
 */
export const look: Statement = {
  name: 'tile-look',
  text: `with recursive open (level, x, y, mask) as (
  select $3::int, columns.x, rows.y, ${mask('$3::int', 'columns.x', 'rows.y')}
  from generate_series($4::int >> ${blockBits} * $3::int, $5::int >> ${blockBits} * $3::int) columns (x),
    generate_series($6::int >> ${blockBits} * $3::int, $7::int >> ${blockBits} * $3::int) rows (y)
  union all
  select child.level, child.x, child.y, ${mask('child.level', 'child.x', 'child.y')}
  from (
    select open.level - 1 as level, open.x * 8 + (bit & 7) as x, open.y * 8 + (bit >> 3) as y
    from open, generate_series(0, 63) bit
    where open.level > $9::int and (open.mask >> bit) & 1 = 0) child
  where child.x between $4::int >> ${blockBits} * child.level and $5::int >> ${blockBits} * child.level
    and child.y between $6::int >> ${blockBits} * child.level and $7::int >> ${blockBits} * child.level)
(select x, y, (mask >> 32)::int as high, ((mask << 32) >> 32)::int as low,
    null::smallint as z, null as user_id, null as stage, null as data,
    null::timestamptz as claimed_at, null::timestamptz as updated_at
  from open where level = $9::int and mask <> ${fullMask} limit $8::bigint)
union all
select held.x, held.y, null, null, held.z, held.user_id, held.stage, held.data, held.claimed_at, held.updated_at
from unnest($10::text[]) u (id),
  lateral (select * from tile_assignments where service_id = $1 and user_id = u.id limit 1) held`,
};
