import { sql } from 'drizzle-orm';
import { bind, columnList, insertInto, orReplace, rowReader } from '../sql/statements';
import type { Changes } from './changes';
import type { RecordDatabase } from './database';
import { fetchCount, startOf, toPage } from './paging';
import type { RecordStore, UserRecord } from './types';

export function createUsers({ tables, statements }: RecordDatabase, changes: Changes): RecordStore['users'] {
  const { users, tokens, services, storedProcesses, signingKeys, logs, jobs, uploads, projects } = tables;
  const read = rowReader<UserRecord>(users);
  const columns = columnList(users);
  const get = statements.prepare(
    sql`select ${columns} from ${users} where ${users.id} = ${bind(users.id, 'id')}`,
    'users.get',
  );
  const list = statements.prepare(
    sql`select ${columns} from ${users} where ${users.id} > ${bind(users.id, 'after')} order by ${users.id} limit ${sql.placeholder('count')}`,
    'users.list',
  );
  const put = statements.prepare(sql`${insertInto(users)} ${orReplace(users, [users.id])}`, 'users.put');
  const create = statements.prepare(sql`${insertInto(users)} on conflict do nothing`, 'users.create');
  const count = statements.prepare(
    sql`select cast(count(*) as integer) as total from ${users}`,
    'users.count',
  );
  const owner = bind(services.ownerId, 'id');
  const subjects = sql`(select 'service:' || ${services.id} from ${services} where ${services.ownerId} = ${owner} union all select 'job:' || ${jobs.id} from ${jobs} where ${jobs.ownerId} = ${owner})`;
  // All who remove touch the tables in this order, so that no two wait for each other.
  const removal = [
    statements.prepare(sql`delete from ${users} where ${users.id} = ${bind(users.id, 'id')}`, 'users.remove'),
    statements.prepare(
      sql`delete from ${tokens} where ${tokens.userId} = ${bind(tokens.userId, 'id')}`,
      'tokens.removeOf',
    ),
    statements.prepare(
      sql`delete from ${storedProcesses} where ${storedProcesses.ownerId} = ${bind(storedProcesses.ownerId, 'id')}`,
      'storedProcesses.removeOf',
    ),
    statements.prepare(
      sql`delete from ${signingKeys} where ${signingKeys.subject} in ${subjects}`,
      'signingKeys.removeOf',
    ),
    statements.prepare(sql`delete from ${logs} where ${logs.subject} in ${subjects}`, 'logs.removeOf'),
    statements.prepare(
      sql`delete from ${services} where ${services.ownerId} = ${owner}`,
      'services.removeOf',
    ),
    statements.prepare(
      sql`delete from ${jobs} where ${jobs.ownerId} = ${bind(jobs.ownerId, 'id')}`,
      'jobs.removeOf',
    ),
    statements.prepare(
      sql`delete from ${uploads} where ${uploads.userId} = ${bind(uploads.userId, 'id')}`,
      'uploads.removeOf',
    ),
    // What is published stays, but is nobody's: no user has an empty id.
    statements.prepare(
      sql`update ${projects} set ${sql.identifier(projects.ownerId.name)} = '' where ${projects.ownerId} = ${bind(projects.ownerId, 'id')}`,
      'projects.disown',
    ),
  ];

  return {
    async get(id) {
      const { rows } = await statements.run(get, { id });
      return rows.map(read)[0];
    },
    async list(page = {}) {
      const [after] = startOf(page, ['']);
      const { rows } = await statements.run(list, { after, count: fetchCount(page) });
      return toPage(rows.map(read), page, (user) => [user.id]);
    },
    async put(user) {
      await changes.after(['users'], () => statements.run(put, user));
    },
    async create(user) {
      const outcome = await changes.after(['users'], () => statements.run(create, user));
      return outcome.changes > 0;
    },
    async remove(id) {
      const [removed] = await changes.after(
        ['users', 'tokens', 'stored_processes', 'signing_keys', 'services', 'jobs'],
        () => statements.batch(removal.map((statement) => [statement, { id }])),
      );
      return removed.changes > 0;
    },
    async count() {
      const { rows } = await statements.run(count);
      return Number(rows[0]['total']);
    },
  };
}
