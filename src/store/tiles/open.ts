import { randomInt } from 'node:crypto';
import type { Logger } from '../../base/logger';
import type { AssignmentStore, TileCatalogue, TileStore } from '../../tiles/types';
import type { RandomInteger } from '../../tiles/window';
import { openSql } from '../sql/open';
import type { Sql } from '../sql/types';
import { PostgresAssignments } from './postgres/assignments';
import { PostgresCatalogue } from './postgres/catalogue';
import { SqliteAssignments } from './sqlite/assignments';
import { SqliteCatalogue } from './sqlite/catalogue';

export interface TileStoreOptions {
  readonly logger: Logger;
  /** What draws free tiles, unless a test wants known ones; PostgreSQL draws most of them itself. */
  readonly random?: RandomInteger;
}

function openAssignments(sql: Sql, random: RandomInteger): AssignmentStore {
  if (sql.dialect === 'postgres') return new PostgresAssignments(sql, random);
  // Claims touch random pages: up to 64 MiB of them stay in memory, which is enough for a million tiles.
  sql.database.pragma('cache_size = -65536');
  return new SqliteAssignments(sql, random);
}

function openCatalogue(sql: Sql): TileCatalogue {
  return sql.dialect === 'postgres' ? new PostgresCatalogue(sql) : new SqliteCatalogue(sql);
}

/**
 * Opens the tile store and brings its tables up to date. With PostgreSQL away it resolves all the same: methods
 * throw `StoreUnavailable` until the database is back.
 * @throws Error for an address or a database that cannot be used.
 */
export async function openTileStore(
  url: string,
  { logger, random = randomInt }: TileStoreOptions,
): Promise<TileStore> {
  const sql = await openSql(url, {
    migrations: 'tiles',
    logger,
    // Statements are planned once per connection, perhaps while the tables are empty. Every one of them has its
    // index; a plan that reads whole tables would stay when the tables have grown.
    settings: { enable_seqscan: 'off', plan_cache_mode: 'force_generic_plan' },
  });
  return {
    assignments: openAssignments(sql, random),
    catalogue: openCatalogue(sql),
    ping: () => sql.ping(),
    close: () => sql.close(),
  };
}
