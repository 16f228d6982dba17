import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ApplicationParts } from '../../app/parts';
import { Journal } from '../../base/journal';
import { takeProcessLock } from '../../base/process-lock';
import { openObjectStore } from '../../store/objects/open';
import { EarlierFiles } from '../../tiles/earlier-files';
import { TileFiles } from '../../tiles/files';
import { finishFiles, unfinishedMoves } from '../../tiles/finish-files';
import type { CommandLine } from '../arguments';
import { withParts } from '../parts';
import { CommandError, print } from '../terminal';
import { progressLine } from './progress';
import { tileStoreOf } from './sweep';

async function openEarlier(
  line: CommandLine,
  { logger }: ApplicationParts,
): Promise<EarlierFiles | undefined> {
  const from = line.flags['from'];
  if (typeof from !== 'string') return undefined;
  const folder = await realpath(resolve(from)).catch(() => {
    throw new CommandError(`There is no folder ${from}.`);
  });
  return new EarlierFiles(await openObjectStore(pathToFileURL(folder).href, { logger }), folder);
}

/** The command `tiles migrate-files`. Exit code 1 when files of rows were missing or not usable. */
export function migrateFiles(line: CommandLine): Promise<number> {
  return withParts(line, async (parts) => {
    const { catalogue } = tileStoreOf(parts);
    const isDryRun = line.flags['dry-run'] === true;
    const unlock = takeProcessLock(join(parts.config.dataDir, 'tile-moves.lock'));
    if (!unlock) throw new CommandError('Another "tiles migrate-files" is at work with this data folder.');
    const moves = unfinishedMoves();
    const journal = isDryRun
      ? undefined
      : await Journal.open(join(parts.config.dataDir, 'tile-moves.ndjson'), moves.note);
    const progress = progressLine();
    try {
      const earlier = await openEarlier(line, parts);
      const files = new TileFiles(parts.objects);
      const count = { complete: 0, measured: 0, moved: 0, replaced: 0, failed: 0 };
      for await (const done of finishFiles({ catalogue, files, earlier, journal }, moves.list())) {
        count[done.kind]++;
        if (done.kind === 'failed') {
          progress.clear();
          print(`failed  ${done.row.id}  ${done.row.filePath}: ${done.reason}`);
        }
        progress.show(
          `${count.complete} complete, ${count.measured} measured, ${count.moved} moved, ${count.failed} failed`,
        );
      }
      progress.clear();
      const will = isDryRun ? 'to be ' : '';
      print(
        `${count.moved} files ${will}moved, ${count.measured} ${will}measured in place, ${count.complete} complete before, ${count.replaced} replaced meanwhile, ${count.failed} failed.`,
      );
      return count.failed === 0 ? 0 : 1;
    } finally {
      await journal?.close();
      unlock();
    }
  });
}
