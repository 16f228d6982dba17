import type { MigrationMeta } from 'drizzle-orm/migrator';
import { Client } from 'pg';
import { createsTable, type Migrations, pendingSteps, UnusableDatabaseError } from './migrations';

/** Any number will do, as long as all versions of the program take the same one. */
const lockKey = 7_450_932_111;

/** Makes of a table that is there already what a step would have made. */
export type TakeOver = (client: Client, step: MigrationMeta) => Promise<void>;

/**
 * Brings the tables up to date on a connection of its own, in one transaction. The lock makes processes that
 * start together wait for each other: without it all but one fail on the same `create table`.
 * @param takeOver what to do with a table of an earlier system; without it such a table is refused
 * @throws UnusableDatabaseError, pg's errors
 */
export async function migratePostgres(
  connectionString: string,
  migrations: Migrations,
  takeOver?: TakeOver,
): Promise<void> {
  await withMigrationLock(connectionString, (client) => applySteps(client, migrations, takeOver));
}

/** One transaction on a connection of its own, during which nobody else migrates. @throws pg's errors */
export async function withMigrationLock<T>(
  connectionString: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({
    connectionString,
    connectionTimeoutMillis: 5000,
    application_name: 'tilegraph migration',
  });
  // Without a listener an idle connection's end would end the process; the statement in flight fails anyway.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [lockKey]);
    const result = await work(client);
    await client.query('commit');
    return result;
  } finally {
    await client.end().catch(() => {});
  }
}

async function applySteps(
  client: Client,
  migrations: Migrations,
  takeOver: TakeOver = refuseEarlier(migrations),
): Promise<void> {
  const { table } = migrations;
  const { rows: facts } = await client.query<{ found: boolean; encoding: string }>(
    `select to_regclass($1) is not null as found, current_setting('server_encoding') as encoding`,
    [table],
  );
  const [{ found, encoding }] = facts;
  if (encoding !== 'UTF8' && encoding !== 'SQL_ASCII')
    throw new UnusableDatabaseError(
      `The ${migrations.set} database has the encoding ${encoding}; it needs UTF8.`,
    );
  // Asked for beforehand, because even "if not exists" needs the right to create tables.
  if (!found)
    await client.query(
      `create table ${table} (step integer primary key, hash text not null, applied_at timestamptz not null default now())`,
    );
  const { rows } = await client.query<{ hash: string }>(`select hash from ${table} order by step`);
  let step = rows.length;
  for (const pending of pendingSteps(
    migrations,
    rows.map((row) => row.hash),
  )) {
    if (await isThere(client, migrations.earlier?.table, pending)) await takeOver(client, pending);
    else for (const text of pending.sql) await client.query(text);
    await client.query(`insert into ${table} (step, hash) values ($1, $2)`, [++step, pending.hash]);
  }
}

function refuseEarlier({ earlier }: Migrations): TakeOver {
  return async () => {
    throw new UnusableDatabaseError(earlier?.advice ?? 'A table is there already.');
  };
}

/** Whether a step would make a table that there is. */
async function isThere(client: Client, table: string | undefined, step: MigrationMeta): Promise<boolean> {
  if (table === undefined || !createsTable(step, table)) return false;
  const { rows } = await client.query<{ found: boolean }>('select to_regclass($1) is not null as found', [
    table,
  ]);
  return rows[0].found;
}
