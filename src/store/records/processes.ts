import { sql } from 'drizzle-orm';
import { bind, columnList, insertInto, orReplace, rowReader } from '../sql/statements';
import type { Changes } from './changes';
import type { RecordDatabase } from './database';
import { Kept } from './kept';
import { fetchCount, startOf, toPage } from './paging';
import type { RecordStore, RegisteredProcessRecord, StoredProcessRecord } from './types';

/** Processes of users, which only their owner sees. */
export function createStoredProcesses(
  database: RecordDatabase,
  changes: Changes,
  most: number | undefined,
): RecordStore['storedProcesses'] {
  const { tables, statements } = database;
  const { storedProcesses: table } = tables;
  const read = rowReader<StoredProcessRecord>(table);
  const columns = columnList(table);
  const isOwned = sql`${table.ownerId} = ${bind(table.ownerId, 'ownerId')}`;
  const isIt = sql`${isOwned} and ${table.id} = ${bind(table.id, 'id')}`;
  const get = statements.prepare(sql`select ${columns} from ${table} where ${isIt}`, 'storedProcesses.get');
  const list = statements.prepare(
    sql`select ${columns} from ${table} where ${isOwned} and ${table.id} > ${bind(table.id, 'after')} order by ${table.id} limit ${sql.placeholder('count')}`,
    'storedProcesses.list',
  );
  const kept = new Kept(database, table, {
    ...{ records: 'stored processes', most, setting: 'TILEGRAPH_LIMIT_PROCESSES' },
  });
  const isAllowed = kept.hasRoom && sql`(${kept.hasRoom} or exists (select 1 from ${table} where ${isIt}))`;
  const put = statements.prepare(
    sql`${insertInto(table, isAllowed)} ${orReplace(table, [table.ownerId, table.id])}`,
    'storedProcesses.put',
  );
  const remove = statements.prepare(sql`delete from ${table} where ${isIt}`, 'storedProcesses.remove');

  return {
    async get(ownerId, id) {
      const { rows } = await statements.run(get, { ownerId, id });
      return rows.map(read)[0];
    },
    async list(ownerId, page = {}) {
      const [after] = startOf(page, ['']);
      const { rows } = await statements.run(list, { ownerId, after, count: fetchCount(page) });
      return toPage(rows.map(read), page, (record) => [record.id]);
    },
    async put(record) {
      const stored = await changes.after(['stored_processes'], () => kept.insert(put, record));
      if (stored.changes === 0) throw kept.error();
    },
    async remove(ownerId, id) {
      const outcome = await changes.after(['stored_processes'], () =>
        statements.run(remove, { ownerId, id }),
      );
      return outcome.changes > 0;
    },
  };
}

/** Processes that administrators registered for everybody. */
export function createRegisteredProcesses(
  { tables, statements }: RecordDatabase,
  changes: Changes,
): RecordStore['registeredProcesses'] {
  const { registeredProcesses: table } = tables;
  const read = rowReader<RegisteredProcessRecord>(table);
  const list = statements.prepare(
    sql`select ${columnList(table)} from ${table} order by ${table.id}`,
    'registeredProcesses.list',
  );
  const put = statements.prepare(
    sql`${insertInto(table)} ${orReplace(table, [table.id])}`,
    'registeredProcesses.put',
  );
  const remove = statements.prepare(
    sql`delete from ${table} where ${table.id} = ${bind(table.id, 'id')}`,
    'registeredProcesses.remove',
  );

  return {
    async list() {
      const { rows } = await statements.run(list);
      return rows.map(read);
    },
    async put(record) {
      await changes.after(['registered_processes'], () => statements.run(put, record));
    },
    async remove(id) {
      const outcome = await changes.after(['registered_processes'], () => statements.run(remove, { id }));
      return outcome.changes > 0;
    },
  };
}
