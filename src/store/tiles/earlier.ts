import { UnusableDatabaseError } from '../sql/migrations';
import { parseStoreUrl } from '../sql/url';
import { type EarlierReport, migrateEarlierTiles, previewEarlierTiles } from './postgres/earlier/migrate';

/**
 * Brings a database whose table `tiles` an earlier system made up to date, or only tells what that would do.
 * @returns undefined where there is nothing to migrate
 * @throws UnusableDatabaseError for tables of unknown versions, for obstacles, and for SQLite, which the earlier
 * systems did not know; pg's errors
 */
export async function migrateEarlier(
  url: string,
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<EarlierReport | undefined> {
  const location = parseStoreUrl(url);
  if (location.dialect === 'sqlite')
    throw new UnusableDatabaseError(
      'Databases of earlier systems are in PostgreSQL: there is nothing to migrate in a SQLite file.',
    );
  return isDryRun
    ? previewEarlierTiles(location.connectionString)
    : migrateEarlierTiles(location.connectionString);
}
