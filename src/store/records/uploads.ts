import { sql } from 'drizzle-orm';
import { bind, columnList, rowReader } from '../sql/statements';
import type { RecordDatabase } from './database';
import type { RecordStore, UploadRecord } from './types';

export function createUploads({
  tables,
  statements,
  lockSubject,
  clock,
}: RecordDatabase): RecordStore['uploads'] {
  const { uploads } = tables;
  const read = rowReader<UploadRecord>(uploads);
  const name = (column: { readonly name: string }) => sql.identifier(column.name);
  const idIs = sql`${uploads.id} = ${bind(uploads.id, 'id')}`;
  const ofUser = sql`${uploads.userId} = ${bind(uploads.userId, 'userId')}`;
  const isAlive = sql`${uploads.expiresAt} > ${clock.now}`;
  const expiry = clock.after(sql`${sql.placeholder('leaseMs')}`);
  const own = sql`(select ${name(uploads.turn)} from ${uploads} where ${idIs})`;

  const sweep = statements.prepare(
    sql`delete from ${uploads} where ${ofUser} and not (${isAlive})`,
    'uploads.sweep',
  );
  const ask = statements.prepare(
    sql`insert into ${uploads} (${columnList(uploads)}) values (${bind(uploads.id, 'id')}, ${bind(uploads.userId, 'userId')}, ${bind(uploads.path, 'path')}, (select coalesce(max(${uploads.turn}), 0) + 1 from ${uploads} where ${ofUser}), ${bind(uploads.wanted, 'wanted')}, 0, ${expiry}) on conflict (${name(uploads.id)}) do update set ${name(uploads.turn)} = excluded.${name(uploads.turn)}, ${name(uploads.wanted)} = excluded.${name(uploads.wanted)}, ${name(uploads.expiresAt)} = excluded.${name(uploads.expiresAt)}`,
    'uploads.ask',
  );
  const before = statements.prepare(
    sql`select ${columnList(uploads)} from ${uploads} where ${uploads.userId} = (select ${name(uploads.userId)} from ${uploads} where ${idIs}) and ${uploads.turn} < ${own} and ${isAlive} order by ${uploads.turn}`,
    'uploads.before',
  );
  const grant = statements.prepare(
    sql`update ${uploads} set ${name(uploads.granted)} = ${name(uploads.wanted)} where ${idIs} and ${isAlive}`,
    'uploads.grant',
  );
  const renew = statements.prepare(
    sql`update ${uploads} set ${name(uploads.expiresAt)} = ${expiry} where ${idIs} and ${isAlive}`,
    'uploads.renew',
  );
  const end = statements.prepare(sql`delete from ${uploads} where ${idIs}`, 'uploads.end');

  return {
    async ask(upload, leaseMs) {
      const { id, userId } = upload;
      const outcomes = await statements.batch([
        // Turns are given out one after the other, and seen in their order.
        ...(lockSubject ? [[lockSubject, { subject: `uploads:${userId}` }] as const] : []),
        [sweep, { userId }],
        [ask, { ...upload, leaseMs }],
        [before, { id }],
      ]);
      return outcomes[outcomes.length - 1].rows.map(read);
    },
    async before(id) {
      const { rows } = await statements.run(before, { id });
      return rows.map(read);
    },
    async grant(id) {
      return (await statements.run(grant, { id })).changes > 0;
    },
    async renew(id, leaseMs) {
      return (await statements.run(renew, { id, leaseMs })).changes > 0;
    },
    async end(id) {
      await statements.run(end, { id });
    },
  };
}
