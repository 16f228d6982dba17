import { migrateEarlier } from '../../store/tiles/earlier';
import type { CommandLine } from '../arguments';
import { configOf } from '../parts';
import { CommandError, print } from '../terminal';

const states: Readonly<Record<number, string>> = {
  12: 'one row per place, random ids',
  13: 'several sources',
  14: 'several flights',
  15: 'several flights, with the index for serving',
};

/** The command `tiles migrate`. @throws CommandError */
export async function migrateTiles(line: CommandLine): Promise<number> {
  const { tileStoreUrl } = configOf(line);
  if (tileStoreUrl === undefined)
    throw new CommandError('There is no tile catalogue: set TILEGRAPH_TILE_STORE_URL.');
  const isDryRun = line.flags['dry-run'] === true;
  const report = await migrateEarlier(tileStoreUrl, { isDryRun });
  if (!report) {
    print('There is no table "tiles" of an earlier system to migrate.');
    return 0;
  }
  print(`The table "tiles" was in state ${report.version} (${states[report.version]}), ${report.rows} rows.`);
  for (const { id, keptId, filePath } of report.collisions)
    print(`collision  ${id} gives way to ${keptId}  ${filePath}`);
  for (const warning of report.warnings) print(`warning    ${warning}`);
  for (const obstacle of report.obstacles) print(`obstacle   ${obstacle}`);
  const outcome = `${report.collisions.length} rows ${isDryRun ? 'would be' : 'were'} removed as older ones of the same cell, source and flight`;
  if (isDryRun) {
    print(`${outcome}. Nothing was changed.`);
    return report.obstacles.length === 0 ? 0 : 1;
  }
  print(`${outcome}; the table is up to date. "tilegraph tiles migrate-files" does the rest.`);
  return 0;
}
