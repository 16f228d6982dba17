import { sql } from 'drizzle-orm';
import { OpenEOError } from '../../base/errors';
import type { LogLevel } from '../../base/logger';
import { columnsBut, toRows } from '../sql/rows';
import { bind, columnList, rowReader, type Step } from '../sql/statements';
import type { RecordDatabase } from './database';
import { fetchCount } from './paging';
import type { LogRecord, RecordStore } from './types';

const levels: readonly LogLevel[] = ['debug', 'info', 'warning', 'error'];
/** A log is trimmed whenever it has grown by this part of its length: mostly it has not. */
const trimShare = 10;
const maxCounted = 10_000;

type LogRow = Omit<LogRecord, 'id' | 'level'> & { readonly id: number; readonly severity: number };

function toRecord({ id, severity, subject, message, ...rest }: LogRow): LogRecord {
  return { id: String(id), subject, level: levels[severity], message, ...rest };
}

function positionOf(after: string | undefined): number {
  if (after === undefined) return 0;
  if (!/^\d{1,15}$/.test(after))
    throw new OpenEOError('RequestInvalid', { reason: `There is no log entry with the id "${after}".` });
  return Number(after);
}

/** @param maxEntries how many entries a subject keeps */
export function createLogs(
  { tables, statements, lockSubjectsOf, rowsGiven }: RecordDatabase,
  maxEntries: number,
): RecordStore['logs'] {
  const { logs } = tables;
  const read = rowReader<LogRow>(logs);
  const subjectIs = sql`${logs.subject} = ${bind(logs.subject, 'subject')}`;
  const written = columnsBut(logs, ['id']);
  const names = sql.join(
    Object.values(written).map((column) => sql.identifier(column.name)),
    sql`, `,
  );
  const given = rowsGiven(written);
  const insert = statements.prepare(
    sql`insert into ${logs} (${names}) select ${names} from ${given} where ${lockSubjectsOf(given)}`,
    'logs.insert',
  );
  const trim = statements.prepare(
    sql`delete from ${logs} where ${subjectIs} and ${logs.id} <= (select ${sql.identifier('id')} from ${logs} where ${subjectIs} order by ${logs.id} desc limit 1 offset ${sql.placeholder('kept')})`,
    'logs.trim',
  );
  const list = statements.prepare(
    sql`select ${columnList(logs)} from ${logs} where ${subjectIs} and ${logs.id} > ${bind(logs.id, 'after')} and ${logs.severity} >= ${bind(logs.severity, 'severity')} order by ${logs.id} limit ${sql.placeholder('count')}`,
    'logs.list',
  );
  const remove = statements.prepare(sql`delete from ${logs} where ${subjectIs}`, 'logs.remove');

  const removeBefore = statements.prepare(
    sql`delete from ${logs} where ${logs.subject} > ${bind(logs.subject, 'from')} and ${logs.subject} < ${bind(logs.subject, 'until')} and ${logs.time} < ${bind(logs.time, 'time')}`,
    'logs.removeBefore',
  );

  const toValues = (entry: Omit<LogRecord, 'id'>) => ({
    ...entry,
    // Logs take whatever happened, for what cannot be stored would take other entries with it.
    message: entry.message.replaceAll('\0', '\ufffd'),
    code: entry.code?.replaceAll('\0', '\ufffd'),
    severity: levels.indexOf(entry.level),
  });

  /** How many entries this process has added to a subject since it trimmed its log. */
  const added = new Map<string, number>();
  const isTrimDue = (subject: string, entries: readonly Omit<LogRecord, 'id'>[]): boolean => {
    const count = (added.get(subject) ?? 0) + entries.filter((entry) => entry.subject === subject).length;
    const isDue = count * trimShare >= maxEntries;
    if (added.size > maxCounted) added.clear();
    added.set(subject, isDue ? 0 : count);
    return isDue;
  };

  return {
    async append(entries) {
      if (entries.length === 0) return;
      const inserting: Step = [insert, { rows: toRows(written, entries.map(toValues)) }];
      const trims = [...new Set(entries.map((entry) => entry.subject))]
        .filter((subject) => isTrimDue(subject, entries))
        .map((subject): Step => [trim, { subject, kept: maxEntries }]);
      if (trims.length === 0) await statements.run(...inserting);
      else await statements.batch([inserting, ...trims]);
    },
    async list(subject, filter) {
      const severity = levels.indexOf(filter.level ?? 'debug');
      const count = fetchCount(filter);
      const values = { subject, severity, after: positionOf(filter.after), count };
      const { rows } = await statements.run(list, values);
      const items = rows.slice(0, count - 1).map((row) => toRecord(read(row)));
      return rows.length < count ? { items } : { items, next: items[items.length - 1].id };
    },
    async removeBefore(kind, time) {
      // ';' follows ':' in the order of bytes.
      const outcome = await statements.run(removeBefore, { from: `${kind}:`, until: `${kind};`, time });
      return outcome.changes;
    },
    async remove(subject) {
      await statements.run(remove, { subject });
    },
  };
}
