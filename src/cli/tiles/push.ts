import { CacheError } from '../../store/cache/tile-cache';
import { push } from '../../tile-client';
import { PendingError } from '../../tiles/client/pending-folder';
import { type PushReport, PushStoppedError } from '../../tiles/client/push';
import { RefusedError, TransientError } from '../../tiles/client/retry';
import { type CommandLine, UsageError } from '../arguments';
import { CommandError, print } from '../terminal';
import { pendingDefaults } from './pending-defaults';
import { progressBar } from './progress';
import { serverOptions } from './server-options';
import { formatBytes } from './sizes';

const partialCode = 3;

function printReport({ created, replaced, journalled, bytes, failures }: PushReport): void {
  for (const { name, reason } of failures) process.stderr.write(`failed  ${name}: ${reason}\n`);
  print(
    `${created} tiles new on the server, ${replaced} replaced (${formatBytes(bytes)}), ${journalled} uploaded before, ${failures.length} failed.`,
  );
}

/** The command `tiles push`: 0 all is well, 3 some tiles failed, 1 it could not be done. */
export async function pushTilesCommand(line: CommandLine): Promise<number> {
  const [, folder] = line.positionals;
  const { cache } = line.flags;
  if ((folder === undefined) === (cache === undefined))
    throw new UsageError('Exactly one of a FOLDER and --cache FOLDER says what to push.');
  const bar = progressBar();
  try {
    const report = await push({
      ...(await serverOptions(line)),
      from: folder === undefined ? { cache: String(cache) } : { folder, defaults: pendingDefaults(line) },
      onProgress({ created, replaced, journalled, failures, bytes }, tiles) {
        const done = created + replaced + journalled + failures.length;
        bar.show(done / Math.max(1, tiles), `${created + replaced} uploaded, ${formatBytes(bytes)}`);
      },
    });
    bar.clear();
    printReport(report);
    return report.failures.length > 0 ? partialCode : 0;
  } catch (error) {
    bar.clear();
    if (error instanceof PushStoppedError) {
      printReport(error.report);
      throw new CommandError(`Stopped: ${error.message} The same command goes on from here.`, {
        cause: error,
      });
    }
    if ([PendingError, RefusedError, TransientError, CacheError].some((kind) => error instanceof kind))
      throw new CommandError((error as Error).message, { cause: error });
    throw error;
  }
}
