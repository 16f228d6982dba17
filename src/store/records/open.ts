import { sql as drizzleSql, type SQL } from 'drizzle-orm';
import type { Logger } from '../../base/logger';
import { openSql } from '../sql/open';
import { postgresRows, sqliteRows } from '../sql/rows';
import { Statements } from '../sql/statements';
import type { Sql } from '../sql/types';
import { Changes } from './changes';
import type { RecordDatabase } from './database';
import { createJobs } from './jobs/jobs';
import { createLogs } from './logs';
import { postgresChanges } from './postgres/changes';
import * as postgresTables from './postgres/tables';
import { createRegisteredProcesses, createStoredProcesses } from './processes';
import { createProjects } from './projects/projects';
import { Revisions } from './revisions';
import { createServices } from './services';
import { createSettings } from './settings';
import { createSigningKeys } from './signing-keys';
import { sqliteChanges } from './sqlite/changes';
import * as sqliteTables from './sqlite/tables';
import { createTokens } from './tokens';
import type { RecordStore } from './types';
import { createUploads } from './uploads';
import { createUsers } from './users';
import { createWebhooks } from './webhooks';

function createDatabase(sql: Sql): RecordDatabase {
  const statements = new Statements(sql);
  if (sql.dialect === 'sqlite') {
    const source = sqliteChanges(sql, new Revisions(statements, sqliteTables));
    const now = drizzleSql`cast(unixepoch('subsec') * 1000 as integer)`;
    const clock = { now, after: (ms: SQL) => drizzleSql`(${now} + ${ms})` };
    const lockSubjectsOf = () => drizzleSql`true`;
    const rowsGiven = sqliteRows;
    return {
      tables: sqliteTables,
      statements,
      source,
      lockSubject: undefined,
      lockSubjectsOf,
      rowsGiven,
      clock,
    };
  }
  const source = postgresChanges(sql, new Revisions(statements, postgresTables));
  const lockSubject = statements.prepare(
    drizzleSql`select pg_advisory_xact_lock(hashtextextended(${drizzleSql.placeholder('subject')}, 0))`,
    'logs.lockSubject',
  );
  // Evaluated once, before the first row is written. In the order of names, so that nobody waits for each other.
  const lockSubjectsOf = (given: SQL) =>
    drizzleSql`(select count(*) from (select pg_advisory_xact_lock(hashtextextended(subject, 0)) from (select distinct subject from ${given} order by subject) as subjects) as locks) > 0`;
  const rowsGiven = postgresRows;
  // As exact as the columns: a time that was rounded up would not have come yet.
  const now = drizzleSql`date_trunc('milliseconds', now())`;
  const clock = { now, after: (ms: SQL) => drizzleSql`(${now} + ${ms} * interval '1 millisecond')` };
  return { tables: postgresTables, statements, source, lockSubject, lockSubjectsOf, rowsGiven, clock };
}

/**
 * Opens the record store of a store URL and brings its tables up to date. It resolves although PostgreSQL is away:
 * methods then throw OpenEOError `StoreUnavailable` until it is back.
 * @param options.maxLogEntries how many log entries each subject keeps, 1000 unless told
 * @param options.kept how many records each user may keep; as many as wanted where nothing is said
 * @throws Error for a URL, a file or credentials that cannot be used, and for a schema of a newer version
 */
export async function openRecordStore(
  url: string,
  options: {
    readonly logger: Logger;
    readonly maxLogEntries?: number;
    readonly kept?: { readonly jobs?: number; readonly services?: number; readonly storedProcesses?: number };
  },
): Promise<RecordStore> {
  const { logger, maxLogEntries = 1000, kept = {} } = options;
  const sql = await openSql(url, { migrations: 'records', logger });
  const database = createDatabase(sql);
  const changes = new Changes(database.source, logger);
  return {
    users: createUsers(database, changes),
    tokens: createTokens(database, changes),
    services: createServices(database, changes, kept.services),
    jobs: createJobs(database, changes, kept.jobs),
    projects: createProjects(database),
    storedProcesses: createStoredProcesses(database, changes, kept.storedProcesses),
    registeredProcesses: createRegisteredProcesses(database, changes),
    logs: createLogs(database, maxLogEntries),
    signingKeys: createSigningKeys(database, changes),
    uploads: createUploads(database),
    settings: createSettings(database),
    webhooks: createWebhooks(database),
    onChange: changes.onChange,
    ping: () => sql.ping(),
    async close() {
      changes.close();
      await sql.close();
    },
  };
}
