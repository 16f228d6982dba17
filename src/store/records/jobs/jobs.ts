import { type SQL, sql } from 'drizzle-orm';
import { Batches } from '../../../base/batches';
import { type Columns, toRows } from '../../sql/rows';
import { assign, bind, columnList, insertInto, type Prepared, rowReader } from '../../sql/statements';
import type { Changes } from '../changes';
import type { RecordDatabase } from '../database';
import { Kept } from '../kept';
import { fetchCount, startInTime, toPage } from '../paging';
import { removalOfSubject } from '../subject-removal';
import { createJobLine } from './line';
import type { JobChange, JobFilter, JobRecord, JobStore } from './types';

/** What a change may name; the texts of the statement come from here, never from the change. */
const changeable = [
  'title',
  'description',
  'process',
  'payload',
  'logLevel',
  'plan',
  'budget',
  'priority',
] as const satisfies readonly (keyof JobChange)[];

const filters = ['ownerId', 'projectId', 'type', 'status'] as const satisfies readonly (keyof JobFilter)[];

/** Jobs that one statement looks for. */
const mostAtOnce = 100;

export function createJobs(database: RecordDatabase, changes: Changes, most: number | undefined): JobStore {
  const { tables, statements, clock, rowsGiven } = database;
  const { jobs } = tables;
  const read = rowReader<JobRecord>(jobs);
  const columns = columnList(jobs);
  const idIs = sql`${jobs.id} = ${bind(jobs.id, 'id')}`;
  const name = (column: { readonly name: string }) => sql.identifier(column.name);
  const named: Columns = { id: jobs.id };
  const get = statements.prepare(
    sql`select ${columns} from ${jobs} where ${jobs.id} in (select id from ${rowsGiven(named)})`,
    'jobs.get',
  );
  const found = new Batches(async (ids: readonly string[]) => {
    const { rows } = await statements.run(get, {
      rows: toRows(
        named,
        ids.map((id) => ({ id })),
      ),
    });
    const byId = new Map(rows.map(read).map((job) => [job.id, job]));
    return ids.map((id) => byId.get(id));
  }, mostAtOnce);
  const byKey = statements.prepare(
    sql`select ${columns} from ${jobs} where ${jobs.ownerId} = ${bind(jobs.ownerId, 'ownerId')} and ${jobs.idempotencyKey} = ${bind(jobs.idempotencyKey, 'idempotencyKey')}`,
    'jobs.byKey',
  );
  const kept = new Kept(database, jobs, { records: 'jobs', most, setting: 'TILEGRAPH_LIMIT_JOBS' });
  const create = statements.prepare(
    sql`${insertInto(jobs, kept.hasRoom)} on conflict (${name(jobs.ownerId)}, ${name(jobs.idempotencyKey)}) do nothing returning ${columns}`,
    'jobs.create',
  );
  const removal = [
    ...removalOfSubject(database),
    statements.prepare(sql`delete from ${jobs} where ${idIs}`, 'jobs.remove'),
  ];
  const ended = statements.prepare(
    sql`select ${columns} from ${jobs} where ${jobs.completedAt} < ${bind(jobs.completedAt, 'time')} and ${jobs.result} is not null and ${jobs.status} in ('completed', 'failed', 'canceled') order by ${jobs.completedAt} limit ${sql.placeholder('limit')}`,
    'jobs.ended',
  );
  const forget = statements.prepare(
    sql`update ${jobs} set ${name(jobs.result)} = null, ${name(jobs.updatedAt)} = ${clock.now} where ${idIs} and ${jobs.status} in ('completed', 'failed', 'canceled')`,
    'jobs.forgetResult',
  );
  /** One statement per set of named properties, as lists and changes need them. */
  const built = new Map<string, Prepared>();
  const cached = (key: string, build: () => SQL): Prepared => {
    const statement = built.get(key) ?? statements.prepare(build());
    built.set(key, statement);
    return statement;
  };
  const isAfter = sql`(${jobs.createdAt}, ${jobs.id}) > (${bind(jobs.createdAt, 'since')}, ${bind(jobs.id, 'after')})`;

  return {
    ...createJobLine(database, changes),
    // No id has this character, which PostgreSQL cannot even ask for.
    get: async (id) => (id.includes('\0') ? undefined : found.do(id)),
    async list(filter) {
      const named = filters.filter((property) => filter[property] !== undefined);
      const list = cached(`list ${named.join()}`, () => {
        const conditions = named.map(
          (property) => sql`${jobs[property]} = ${bind(jobs[property], property)}`,
        );
        return sql`select ${columns} from ${jobs} where ${sql.join([...conditions, isAfter], sql` and `)} order by ${jobs.createdAt}, ${jobs.id} limit ${sql.placeholder('count')}`;
      });
      const values = { ...filter, ...startInTime(filter), count: fetchCount(filter) };
      const { rows } = await statements.run(list, values);
      return toPage(rows.map(read), filter, (job) => [job.createdAt.toISOString(), job.id]);
    },
    async create(job) {
      const now = new Date();
      const { payload = {}, logLevel = 'info', priority = 0 } = job;
      const state = { status: 'created', progress: 0, message: 'created', run: 0, attempts: 0, losses: 0 };
      const values = { ...job, payload, logLevel, priority, ...state, createdAt: now, updatedAt: now };
      for (;;) {
        const made = await kept.insert(create, values);
        if (made.rows.length > 0) return { job: read(made.rows[0]), isNew: true };
        const { rows } = await statements.run(byKey, job);
        if (rows.length > 0) return { job: read(rows[0]), isNew: false };
        if (await kept.isFull(job.ownerId)) throw kept.error();
        // The job of that key, or another one, was removed in between.
      }
    },
    async update(id, change) {
      const named = changeable.filter((property) => change[property] !== undefined);
      const update = cached(`update ${named.join()}`, () => {
        const assignments = named.map((property) => assign(jobs[property], property));
        const updated = sql`${name(jobs.updatedAt)} = ${clock.now}`;
        return sql`update ${jobs} set ${sql.join([...assignments, updated], sql`, `)} where ${idIs} and ${jobs.status} not in ('queued', 'running') returning ${columns}`;
      });
      const { rows } = await statements.run(update, { ...change, id });
      return rows.map(read)[0];
    },
    async remove(id) {
      const outcomes = await changes.after(['signing_keys', 'jobs'], () =>
        statements.batch(removal.map((statement) => [statement, { id, subject: `job:${id}` }])),
      );
      return outcomes[2].changes > 0;
    },
    async endedBefore(time, limit) {
      const { rows } = await statements.run(ended, { time, limit });
      return rows.map(read);
    },
    async forgetResult(id) {
      return (await statements.run(forget, { id })).changes > 0;
    },
  };
}
