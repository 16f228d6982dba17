import { type SQL, sql } from 'drizzle-orm';
import { bind } from '../../sql/statements';
import type { RecordTables } from '../database';

/** So many jobs are looked at, the first in line of those whose owner and type have room. */
const lookAhead = 256;

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
  const running = (column: 'owner_id' | 'type', value: SQL) =>
    sql`(select count(*) from ${jobs} r where r.status = 'running' and r.${sql.identifier(column)} = ${value})`;
  const inOrder = sql`order by priority desc, queued_at, id`;
  const known = sql.join(
    types.map((type) => sql`${type}`),
    sql`, `,
  );
  const first = sql`select id, owner_id, type, priority, queued_at from ${jobs} where status = 'queued' and next_at <= ${now} and type in (${known})
    ${ids === undefined ? sql`` : sql`and id in (${idList(jobs, ids)})`}
    and owner_id not in (select owner_id from ${jobs} where status = 'running' group by owner_id having count(*) >= ${perUser})
    and type not in (select type from ${jobs} where status = 'running' group by type having count(*) >= ${roomOf(sql`type`)})
    ${inOrder} limit ${sql.raw(String(lookAhead))}`;
  const ofUsers = sql`select f.*, row_number() over (partition by owner_id ${inOrder}) as place, ${running('owner_id', sql`f.owner_id`)} as busy from (${first}) f`;
  const ofTypes = sql`select u.id, u.type, u.priority, u.queued_at, row_number() over (partition by type ${inOrder}) as place, ${running('type', sql`u.type`)} as busy from (${ofUsers}) u where u.place + u.busy <= ${perUser}`;
  return sql`select t.id from (${ofTypes}) t where t.place + t.busy <= ${roomOf(sql`t.type`)} ${inOrder} limit ${sql.placeholder('limit')}`;
}
