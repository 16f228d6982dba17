import { type SQL, sql } from 'drizzle-orm';
import { Batches } from '../../../base/batches';
import { type Columns, pickColumns, toRows } from '../../sql/rows';
import { bind, columnList, type Prepared, rowReader, type Step } from '../../sql/statements';
import type { Changes } from '../changes';
import type { RecordDatabase } from '../database';
import { claimStatement } from './claim';
import type { ClaimRequest, JobError, JobLease, JobRecord, JobStore } from './types';

/** A job that ends so many workers without getting on in between is not given to another one. */
const maxLosses = 10;
/** Jobs that one statement puts in line or ends. */
const mostAtOnce = 100;
/** No lease is longer: one that ends later was made by a clock that went wrong. */
const longestLeaseMs = 10 * 60_000;

const givenUp: JobError = {
  code: 'Internal',
  message: `The job ended the process that worked on it ${maxLosses} times without getting on. It may need more memory than there is.`,
};

type JobLine = Pick<
  JobStore,
  'queue' | 'cancel' | 'claim' | 'renew' | 'recover' | 'overdue' | 'report' | 'complete' | 'postpone'
>;

/** Statements exist for few lengths of lists, so that the database plans few. */
function placesFor(ids: readonly string[]): number {
  return ids.length <= 1 ? 1 : ids.length <= 4 ? 4 : 16;
}

/** Places that are left over repeat the last id. */
function idValues(ids: readonly string[] | undefined): Record<string, string> {
  if (!ids) return {};
  const places = Array.from({ length: placesFor(ids) }, (_, index) => index);
  return Object.fromEntries(places.map((index) => [`id_${index}`, ids[Math.min(index, ids.length - 1)]]));
}

/** Whole records are leases as well; their other values must not reach the statement. */
const pick = ({ id, run }: JobLease): JobLease => ({ id, run });

/** The line of jobs and the leases on its rows. */
export function createJobLine(
  { tables, statements, clock, lockSubject, rowsGiven }: RecordDatabase,
  changes: Changes,
): JobLine {
  const { jobs } = tables;
  const read = rowReader<JobRecord>(jobs);
  const columns = columnList(jobs);
  const name = (column: { readonly name: string }) => sql.identifier(column.name);
  const set = (values: Readonly<Record<string, SQL>>) =>
    sql.join(
      Object.entries({ ...values, updatedAt: clock.now }).map(
        ([property, value]) => sql`${name(jobs[property as keyof typeof jobs.$inferSelect])} = ${value}`,
      ),
      sql`, `,
    );
  const idIs = sql`${jobs.id} = ${bind(jobs.id, 'id')}`;
  const isHeld = sql`${idIs} and ${jobs.run} = ${bind(jobs.run, 'run')} and ${jobs.status} = 'running'`;
  const leaseEnd = clock.after(bind(jobs.run, 'leaseMs'));
  const nothing = sql`null`;
  const noLease = { leaseOwner: nothing, leaseUntil: nothing };

  /** A column of a row that is given. */
  const of = (column: { readonly name: string }) => sql`${sql.identifier('given')}.${name(column)}`;
  const starts: Columns = { id: jobs.id };
  const ends: Columns = pickColumns(jobs, ['id', 'run', 'status', 'message', 'result', 'error', 'costs']);

  const queue = statements.prepare(
    sql`update ${jobs} set ${set({
      ...noLease,
      status: sql`'queued'`,
      progress: sql`0`,
      message: sql`'queued'`,
      result: nothing,
      error: nothing,
      costs: nothing,
      attempts: sql`0`,
      losses: sql`0`,
      queuedAt: clock.now,
      nextAt: clock.now,
      startedAt: nothing,
      completedAt: nothing,
    })} where ${jobs.id} in (select id from ${rowsGiven(starts)}) and ${jobs.status} not in ('queued', 'running') returning ${columns}`,
    'jobs.queue',
  );
  const cancel = statements.prepare(
    sql`update ${jobs} set ${set({
      ...noLease,
      status: sql`case when ${jobs.result} is null then 'created' else 'canceled' end`,
      message: sql`'canceled'`,
      nextAt: nothing,
      completedAt: clock.now,
    })} where ${idIs} and ${jobs.status} in ('queued', 'running') returning ${columns}`,
    'jobs.cancel',
  );
  const renew = statements.prepare(
    sql`update ${jobs} set ${name(jobs.leaseUntil)} = ${leaseEnd} where ${jobs.leaseOwner} = ${bind(jobs.leaseOwner, 'worker')} and ${jobs.status} = 'running' returning ${name(jobs.id)}, ${name(jobs.run)}`,
    'jobs.renew',
  );
  const isLost = sql`${jobs.status} = 'running' and (${jobs.leaseUntil} < ${clock.now} or ${jobs.leaseUntil} > ${clock.after(sql.raw(String(longestLeaseMs)))})`;
  const giveUp = statements.prepare(
    sql`update ${jobs} set ${set({
      ...noLease,
      status: sql`'failed'`,
      message: sql`'failed'`,
      error: bind(jobs.error, 'error'),
      completedAt: clock.now,
    })} where ${isLost} and ${jobs.losses} + 1 >= ${sql.raw(String(maxLosses))}`,
    'jobs.giveUp',
  );
  const giveBack = statements.prepare(
    sql`update ${jobs} set ${set({
      ...noLease,
      status: sql`'queued'`,
      losses: sql`${jobs.losses} + 1`,
      nextAt: clock.now,
    })} where ${isLost} returning ${name(jobs.id)}`,
    'jobs.giveBack',
  );
  const overdue = statements.prepare(
    sql`select ${columns} from ${jobs} where ${jobs.status} = 'queued' and ${jobs.nextAt} <= ${clock.after(bind(jobs.run, 'ago'))} order by ${jobs.priority} desc, ${jobs.queuedAt}, ${jobs.id} limit ${sql.placeholder('limit')}`,
    'jobs.overdue',
  );
  const report = statements.prepare(
    sql`update ${jobs} set ${set({
      losses: sql`case when ${bind(jobs.progress, 'progress')} > ${jobs.progress} then 0 else ${jobs.losses} end`,
      progress: sql`case when ${bind(jobs.progress, 'progress')} > ${jobs.progress} then ${bind(jobs.progress, 'progress')} else ${jobs.progress} end`,
      message: sql`coalesce(${bind(jobs.message, 'message')}, ${jobs.message})`,
      result: sql`coalesce(${bind(jobs.result, 'result')}, ${jobs.result})`,
    })} where ${isHeld}`,
    'jobs.report',
  );
  const complete = statements.prepare(
    sql`update ${jobs} set ${set({
      ...noLease,
      status: of(jobs.status),
      message: of(jobs.message),
      progress: sql`case when ${of(jobs.status)} = 'completed' then 100 else ${jobs.progress} end`,
      result: sql`coalesce(${of(jobs.result)}, ${jobs.result})`,
      error: of(jobs.error),
      costs: of(jobs.costs),
      completedAt: clock.now,
    })} from ${rowsGiven(ends)} where ${jobs.id} = ${of(jobs.id)} and ${jobs.run} = ${of(jobs.run)} and ${jobs.status} = 'running' returning ${jobs.id}, ${jobs.run}`,
    'jobs.complete',
  );
  const postpone = statements.prepare(
    sql`update ${jobs} set ${set({
      ...noLease,
      status: sql`'queued'`,
      message: bind(jobs.message, 'message'),
      attempts: sql`${jobs.attempts} + ${bind(jobs.attempts, 'failures')}`,
      nextAt: clock.after(bind(jobs.run, 'delayMs')),
    })} where ${isHeld}`,
    'jobs.postpone',
  );

  /** Workers take turns: counting what runs and taking more is one step. */
  const turn: Step[] = lockSubject ? [[lockSubject, { subject: 'jobs' }]] : [];
  const recovery: Step[] = [
    [giveUp, { error: givenUp }],
    [giveBack, {}],
  ];
  const claims = new Map<string, Prepared>();
  const claimOf = ({ types, perType, ids }: ClaimRequest): Prepared => {
    const count = ids && placesFor(ids);
    const key = JSON.stringify([types, perType, count]);
    let statement = claims.get(key);
    if (!statement) {
      const taken = {
        ...{ status: sql`'running'`, message: sql`'running'`, leaseUntil: leaseEnd },
        leaseOwner: bind(jobs.leaseOwner, 'worker'),
        run: sql`${jobs.run} + 1`,
        startedAt: sql`coalesce(${jobs.startedAt}, ${clock.now})`,
      };
      const chosen = claimStatement(jobs, clock.now, { types, perType, ids: count });
      statement = statements.prepare(
        sql`update ${jobs} set ${set(taken)} where ${jobs.id} in (${chosen}) returning ${columns}`,
        `jobs.claim${claims.size}`,
      );
      claims.set(key, statement);
    }
    return statement;
  };

  // Jobs begin and end in swarms.
  const queued = new Batches(async (ids: readonly string[]) => {
    const given = {
      rows: toRows(
        starts,
        ids.map((id) => ({ id })),
      ),
    };
    const { rows } = await changes.after(['jobs'], () => statements.run(queue, given));
    const made = new Map(rows.map(read).map((job) => [job.id, job]));
    return ids.map((id) => {
      const job = made.get(id);
      // Asked for twice, it was put in line by the first one.
      made.delete(id);
      return job;
    });
  }, mostAtOnce);
  const completed = new Batches(async (outcomes: readonly JobLease[]) => {
    const { rows } = await statements.run(complete, { rows: toRows(ends, outcomes) });
    const ended = new Map(rows.map((row) => [row['id'], row['run']]));
    return outcomes.map(({ id, run }) => ended.get(id) === run);
  }, mostAtOnce);

  return {
    queue: (id) => queued.do(id),
    async cancel(id) {
      const { rows } = await changes.after(['jobs'], () => statements.run(cancel, { id }));
      return rows.map(read)[0];
    },
    async claim(request) {
      if (request.limit < 1 || request.types.length === 0 || request.ids?.length === 0) return [];
      const { worker, leaseMs } = request;
      const steps: Step[] = [...turn];
      if (!request.isQuick) steps.push([renew, { worker, leaseMs }], ...recovery);
      steps.push([claimOf(request), { ...request, ...idValues(request.ids) }]);
      const outcomes = await statements.batch(steps);
      const taken = outcomes[outcomes.length - 1].rows.map(read);
      return taken.sort((one, other) => other.priority - one.priority);
    },
    async renew(worker, leaseMs) {
      const { rows } = await statements.run(renew, { worker, leaseMs });
      return rows.map((row) => ({ id: String(row['id']), run: Number(row['run']) }));
    },
    async recover() {
      const outcomes = await statements.batch([...turn, ...recovery]);
      return outcomes[outcomes.length - 1].rows.map((row) => String(row['id']));
    },
    async overdue(ms, limit) {
      const { rows } = await statements.run(overdue, { ago: -ms, limit });
      return rows.map(read);
    },
    async report(lease, news) {
      return (await statements.run(report, { progress: 0, ...news, ...pick(lease) })).changes > 0;
    },
    complete: (lease, outcome) => completed.do({ ...outcome, ...pick(lease) }),
    async postpone(lease, { delayMs, message, isFailure }) {
      const values = { ...pick(lease), delayMs: Math.round(delayMs), message, failures: isFailure ? 1 : 0 };
      return (await changes.after(['jobs'], () => statements.run(postpone, values))).changes > 0;
    },
  };
}
