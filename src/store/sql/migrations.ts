import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import { SetupError } from '../../base/errors';
import { packagePath } from '../../base/paths';

/** The stores with tables of their own: a folder below `drizzle/<dialect>/` and a bookkeeping table each. */
export type MigrationSet = 'records' | 'tiles';

export interface Migrations {
  /** Name of the bookkeeping table; sets in one database keep out of each other's way. */
  readonly table: string;
  readonly steps: readonly MigrationMeta[];
  /** What operators read in messages: `records`. */
  readonly set: string;
  /** A table that other systems may have made already, and what to do then. */
  readonly earlier?: { readonly table: string; readonly advice: string };
}

/** Other systems have tables of this name in states that a command of its own brings up to date. */
const earlierTiles = {
  table: 'tiles',
  advice:
    'The tiles database has a table "tiles" of an earlier system. Make a backup, then run "tilegraph tiles migrate --dry-run" and "tilegraph tiles migrate".',
};

/** Reads what drizzle-kit generated (`drizzle/pg/records`, `drizzle/sqlite/tiles`, …). */
export function readMigrations(
  dialect: 'sqlite' | 'postgres',
  set: string,
  root = packagePath('drizzle'),
): Migrations {
  const folder = `${root}/${dialect === 'postgres' ? 'pg' : 'sqlite'}/${set}`;
  return {
    set,
    table: `tilegraph_migrations_${set}`,
    steps: readMigrationFiles({ migrationsFolder: folder }),
    ...(dialect === 'postgres' && set === 'tiles' && { earlier: earlierTiles }),
  };
}

/** The database was written by a later version, or cannot hold our data: trying again will not help. */
export class UnusableDatabaseError extends SetupError {
  override readonly name = 'UnusableDatabaseError';
}

/** Whether a step makes a table. */
export function createsTable({ sql }: MigrationMeta, table: string): boolean {
  return sql.some((text) => text.trimStart().startsWith(`CREATE TABLE "${table}" `));
}

/**
 * The steps that are still to do, given the hashes of those done, oldest first.
 * @throws UnusableDatabaseError where the database knows a step that this version does not.
 */
export function pendingSteps(migrations: Migrations, done: readonly string[]): readonly MigrationMeta[] {
  const { steps, set } = migrations;
  if (done.length > steps.length)
    throw new UnusableDatabaseError(
      `The ${set} database has ${done.length} migrations, this version knows ${steps.length}: it was used by a newer version. Start that version, or restore a backup.`,
    );
  for (const [index, hash] of done.entries())
    if (steps[index].hash !== hash)
      throw new UnusableDatabaseError(
        `Migration ${index + 1} of the ${set} database is not the one of this version: it was made by another version. Start that version, or restore a backup.`,
      );
  return steps.slice(done.length);
}
