import type { MigrationMeta } from 'drizzle-orm/migrator';
import { Client } from 'pg';
import { createsTable, readMigrations, UnusableDatabaseError } from '../../../sql/migrations';
import { migratePostgres } from '../../../sql/postgres-migrate';
import { type Collision, findCollisions } from './collisions';
import { readColumns } from './columns';
import { findProblems, type Problems } from './problems';
import { addFlights, addOptionalColumns, addServingIndex, addSources } from './steps';
import { type EarlierVersion, recogniseVersion } from './version';

/** What a migration of a table of an earlier system does, or would do. */
export interface EarlierReport extends Problems {
  readonly version: EarlierVersion;
  /** Before anything was removed. */
  readonly rows: number;
  /** Rows that are removed because a newer one is of the same cell, source and flight. */
  readonly collisions: readonly Collision[];
}

async function countRows(client: Client): Promise<number> {
  return Number((await client.query<{ n: string }>('select count(*) as n from tiles')).rows[0].n);
}

/** The function that names tiles, out of the migration that makes it in new databases. */
export function namingFunction({ sql }: MigrationMeta): string {
  const text = sql.find((part) => part.trimStart().startsWith('CREATE FUNCTION "tile_uuid"'));
  if (text === undefined) throw new Error('The migration does not make tile_uuid');
  return text.replace('CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION');
}

async function takeOver(client: Client, step: MigrationMeta): Promise<EarlierReport> {
  // Taken at once: a lock that is made stronger half-way can meet another one.
  await client.query('lock table tiles in access exclusive mode');
  const version = await recogniseVersion(client);
  if (version === undefined) throw new Error('There is no table "tiles"');
  const problems = await findProblems(client, await readColumns(client));
  if (problems.obstacles.length > 0)
    throw new UnusableDatabaseError(
      `The table "tiles" cannot be migrated. Nothing was changed.\n- ${problems.obstacles.join('\n- ')}`,
    );
  const rows = await countRows(client);
  await addSources(client);
  const collisions = await addFlights(client, namingFunction(step));
  await addServingIndex(client);
  await addOptionalColumns(client);
  return { version, rows, collisions, ...problems };
}

/**
 * Brings a database with a table `tiles` of an earlier system up to date, in place and in one transaction. Files
 * are not looked at.
 * @returns undefined where there was no such table: new tables were made, or they were up to date
 * @throws UnusableDatabaseError for tables of unknown versions and for obstacles; pg's errors
 */
export async function migrateEarlierTiles(connectionString: string): Promise<EarlierReport | undefined> {
  let report: EarlierReport | undefined;
  await migratePostgres(connectionString, readMigrations('postgres', 'tiles'), async (client, step) => {
    report = await takeOver(client, step);
  });
  return report;
}

/** What {@link migrateEarlierTiles} would do; only reads, and keeps nobody from writing. */
export async function previewEarlierTiles(connectionString: string): Promise<EarlierReport | undefined> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 5000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('begin transaction isolation level repeatable read read only');
    if (await isOurs(client)) return undefined;
    const version = await recogniseVersion(client);
    if (version === undefined) return undefined;
    const columns = await readColumns(client);
    const collisions = await findCollisions(client, columns);
    return { version, rows: await countRows(client), collisions, ...(await findProblems(client, columns)) };
  } finally {
    await client.end().catch(() => {});
  }
}

/** Whether the table was made, or taken over, by this program. */
async function isOurs(client: Client): Promise<boolean> {
  const { table, steps, earlier } = readMigrations('postgres', 'tiles');
  const { rows } = await client.query<{ found: boolean }>('select to_regclass($1) is not null as found', [
    table,
  ]);
  if (!rows[0].found || !earlier) return false;
  const step = steps.findIndex((one) => createsTable(one, earlier.table));
  const { rows: done } = await client.query(`select 1 from ${table} where step = $1`, [step + 1]);
  return done.length > 0;
}
