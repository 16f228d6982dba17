import { Client } from 'pg';
import { type Migrations, pendingSteps, UnusableDatabaseError } from './migrations';

/** Any number will do, as long as all versions of the program take the same one. */
const lockKey = 7_450_932_111;

/**
 * Brings the tables up to date on a connection of its own, in one transaction. The lock makes processes that
 * start together wait for each other: without it all but one fail on the same `create table`.
 * @throws UnusableDatabaseError, pg's errors
 */
export async function migratePostgres(connectionString: string, migrations: Migrations): Promise<void> {
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
    await applySteps(client, migrations);
    await client.query('commit');
  } finally {
    await client.end().catch(() => {});
  }
}

async function applySteps(client: Client, migrations: Migrations): Promise<void> {
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
    for (const text of pending.sql) await client.query(text);
    await client.query(`insert into ${table} (step, hash) values ($1, $2)`, [++step, pending.hash]);
  }
}
