import { flightFolder, type TileFiles } from './files';
import type { TileCatalogue } from './types';

/** An upload has its row long before. Younger files without a row may be about to get one. */
const settledAfterMs = 10 * 60 * 1000;

/**
 * Removes a flight: first its rows, so that none is ever without its file, then their files, then what an
 * interrupted upload or removal left in its folder. Doing it again finishes what was interrupted.
 */
export async function removeFlight(
  catalogue: TileCatalogue,
  files: TileFiles,
  flightId: string,
): Promise<{ readonly rows: number; readonly files: number }> {
  const paths = await catalogue.removeFlight(flightId);
  const settled = await files.olderThan(flightFolder(flightId), new Date(Date.now() - settledAfterMs));
  const gone = new Set(paths);
  const left = settled.filter((path) => !gone.has(path));
  const kept = left.length === 0 ? new Set() : await catalogue.referenced(left);
  let removed = 0;
  for (const path of [...paths, ...left]) if (!kept.has(path) && (await files.remove(path))) removed++;
  return { rows: paths.length, files: removed };
}
