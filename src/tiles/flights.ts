import { flightFolder, type TileFiles } from './files';
import { settledAfterMs } from './sweep';
import type { TileCatalogue } from './types';

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
  let removed = 0;
  for (const path of paths) if (await files.remove(path)) removed++;
  const settled = new Date(Date.now() - settledAfterMs);
  for await (const page of files.olderThan(flightFolder(flightId), settled)) {
    const left = page.map(({ path }) => path);
    const kept = left.length === 0 ? new Set() : await catalogue.referenced(left);
    for (const path of left) if (!kept.has(path) && (await files.remove(path))) removed++;
  }
  return { rows: paths.length, files: removed };
}
