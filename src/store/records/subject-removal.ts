import { sql } from 'drizzle-orm';
import { bind, type Prepared } from '../sql/statements';
import type { RecordDatabase } from './database';

/**
 * Statements that remove what belongs to a service or a job, whose `subject` they are given, before its own row goes:
 * the order in which `users.remove` touches the tables.
 */
export function removalOfSubject({ tables, statements }: RecordDatabase): Prepared[] {
  const { signingKeys, logs } = tables;
  return [
    statements.prepare(
      sql`delete from ${signingKeys} where ${signingKeys.subject} = ${bind(signingKeys.subject, 'subject')}`,
      'signingKeys.removeSubject',
    ),
    statements.prepare(
      sql`delete from ${logs} where ${logs.subject} = ${bind(logs.subject, 'subject')}`,
      'logs.removeSubject',
    ),
  ];
}
