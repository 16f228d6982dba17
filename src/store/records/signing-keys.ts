import { sql } from 'drizzle-orm';
import { assign, bind, columnList, insertInto, rowReader } from '../sql/statements';
import type { Changes } from './changes';
import type { RecordDatabase } from './database';
import type { RecordStore, SigningKeyRecord } from './types';

export function createSigningKeys(
  { tables, statements }: RecordDatabase,
  changes: Changes,
): RecordStore['signingKeys'] {
  const { signingKeys: table } = tables;
  const read = rowReader<SigningKeyRecord>(table);
  const columns = columnList(table);
  const idIs = sql`${table.id} = ${bind(table.id, 'id')}`;
  const get = statements.prepare(sql`select ${columns} from ${table} where ${idIs}`, 'signingKeys.get');
  const list = statements.prepare(
    sql`select ${columns} from ${table} where ${table.subject} = ${bind(table.subject, 'subject')} and ${table.revokedAt} is null order by ${table.createdAt} desc, ${table.id} desc`,
    'signingKeys.list',
  );
  const create = statements.prepare(insertInto(table), 'signingKeys.create');
  const revoke = statements.prepare(
    sql`update ${table} set ${assign(table.revokedAt, 'at')} where ${idIs} and ${table.revokedAt} is null`,
    'signingKeys.revoke',
  );

  return {
    async get(id) {
      const { rows } = await statements.run(get, { id });
      return rows.map(read)[0];
    },
    async list(subject) {
      const { rows } = await statements.run(list, { subject });
      return rows.map(read);
    },
    async create(key) {
      await changes.after(['signing_keys'], () => statements.run(create, key));
    },
    async revoke(id, at) {
      const outcome = await changes.after(['signing_keys'], () => statements.run(revoke, { id, at }));
      return outcome.changes > 0;
    },
  };
}
