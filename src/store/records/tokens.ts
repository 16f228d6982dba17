import { sql } from 'drizzle-orm';
import { bind, columnList, insertInto, orReplace, rowReader } from '../sql/statements';
import type { Changes } from './changes';
import type { RecordDatabase } from './database';
import type { RecordStore, TokenRecord } from './types';

export function createTokens(
  { tables, statements }: RecordDatabase,
  changes: Changes,
): RecordStore['tokens'] {
  const { tokens } = tables;
  const read = rowReader<TokenRecord>(tokens);
  const digestIs = sql`${tokens.digest} = ${bind(tokens.digest, 'digest')}`;
  const get = statements.prepare(
    sql`select ${columnList(tokens)} from ${tokens} where ${digestIs}`,
    'tokens.get',
  );
  const put = statements.prepare(
    sql`${insertInto(tokens)} ${orReplace(tokens, [tokens.digest])}`,
    'tokens.put',
  );
  const remove = statements.prepare(sql`delete from ${tokens} where ${digestIs}`, 'tokens.remove');
  const removeOf = statements.prepare(
    sql`delete from ${tokens} where ${tokens.userId} = ${bind(tokens.userId, 'userId')}`,
    'tokens.removeOfUser',
  );
  const removeExpired = statements.prepare(
    sql`delete from ${tokens} where ${tokens.expiresAt} <= ${bind(tokens.expiresAt, 'now')}`,
    'tokens.removeExpired',
  );
  const change = async (...step: Parameters<typeof statements.run>) =>
    (await changes.after(['tokens'], () => statements.run(...step))).changes;

  return {
    async get(digest) {
      const { rows } = await statements.run(get, { digest });
      return rows.map(read)[0];
    },
    async put(token) {
      await change(put, token);
    },
    remove: async (digest) => (await change(remove, { digest })) > 0,
    removeOf: (userId) => change(removeOf, { userId }),
    removeExpired: (now) => change(removeExpired, { now }),
  };
}
