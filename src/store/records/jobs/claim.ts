import { type SQL, sql } from 'drizzle-orm';
import { bind } from '../../sql/statements';
import type { RecordTables } from '../database';

/**
 * So many jobs are looked at, the first in line of those whose owner and type have room. Where one owner has all of
 * these places, those behind are reached by the next look, which leaves out who is full by then.
 */
const lookAhead = 32;

function idList(jobs: RecordTables['jobs'], count: number): SQL {
  return sql.join(
    Array.from({ length: count }, (_, index) => bind(jobs.id, `id_${index}`)),
    sql`, `,
  );
}

/**
 * Chooses the ids of jobs to take: by priority, then by age, and no more of an owner or of a type than may run at
 * once. Owners and types that are full are left out first, so that they do not fill the look-ahead.
 * Parameters: `perUser` and `limit`.
 */
export function claimStatement(
  jobs: RecordTables['jobs'],
  now: SQL,
  {
    types,
    perType,
    ids,
  }: {
    readonly types: readonly string[];
    readonly perType: Readonly<Record<string, number>>;
    /** Only so many jobs; their ids are the parameters `id_0`, `id_1`, … */
    readonly ids: number | undefined;
  },
): SQL {
  const perUser = bind(jobs.run, 'perUser');
  const limited = Object.entries(perType).filter(([type]) => types.includes(type));
  const roomOf = (type: SQL) =>
    limited.length === 0
      ? sql.raw('2147483647')
      : sql`case ${type} ${sql.join(
          limited.map(([id, count]) => sql`when ${id} then ${sql.raw(String(Math.trunc(count)))}`),
          sql` `,
        )} else 2147483647 end`;
  const inOrder = sql`order by priority desc, queued_at, id`;
  const known = sql.join(
    types.map((type) => sql`${type}`),
    sql`, `,
  );
  // What runs is counted once, not for each candidate.
  return sql`with running as (select owner_id, type from ${jobs} where status = 'running'),
    users as (select owner_id, count(*) as busy from running group by owner_id),
    kinds as (select type, count(*) as busy from running group by type),
    first as (
      select id, owner_id, type, priority, queued_at from ${jobs}
      where status = 'queued' and next_at <= ${now} and type in (${known})
      ${ids === undefined ? sql`` : sql`and id in (${idList(jobs, ids)})`}
      and owner_id not in (select owner_id from users where busy >= ${perUser})
      and type not in (select type from kinds where busy >= ${roomOf(sql`type`)})
      ${inOrder} limit ${sql.raw(String(lookAhead))}
    ),
    of_users as (
      select f.id, f.type, f.priority, f.queued_at,
        row_number() over (partition by f.owner_id order by f.priority desc, f.queued_at, f.id) + coalesce(u.busy, 0) as place
      from first f left join users u on u.owner_id = f.owner_id
    ),
    of_types as (
      select o.id, o.type, o.priority, o.queued_at,
        row_number() over (partition by o.type order by o.priority desc, o.queued_at, o.id) + coalesce(k.busy, 0) as place
      from of_users o left join kinds k on k.type = o.type where o.place <= ${perUser}
    )
    select id from of_types where place <= ${roomOf(sql`type`)} ${inOrder} limit ${sql.placeholder('limit')}`;
}
