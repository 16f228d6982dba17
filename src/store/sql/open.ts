import type { Logger } from '../../base/logger';
import { type MigrationSet, readMigrations } from './migrations';
import { openPostgres, type PostgresSettings } from './postgres';
import { openSqlite } from './sqlite';
import type { Sql } from './types';
import { parseStoreUrl } from './url';

/**
 * Opens the database of a store and brings its tables up to date. Several processes may do so at once.
 * With PostgreSQL away it resolves all the same: methods throw `StoreUnavailable`, and the migration is
 * made up for in the background as soon as the database is back.
 * @throws Error for an address or a file that cannot be used, refused credentials, an unknown newer schema.
 */
export async function openSql(
  url: string,
  options: {
    readonly migrations: MigrationSet;
    readonly logger: Logger;
    /** Settings of the server for each connection, by name; PostgreSQL only. */
    readonly settings?: PostgresSettings;
  },
): Promise<Sql> {
  const location = parseStoreUrl(url);
  const migrations = readMigrations(location.dialect, options.migrations);
  return location.dialect === 'sqlite'
    ? openSqlite(location.file, migrations)
    : openPostgres(location.connectionString, migrations, options.logger, options.settings);
}
