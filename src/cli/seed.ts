import type { ApplicationParts } from '../app/parts';
import { OpenEOError } from '../base/errors';
import { AreaError, parseSeedArea } from '../tiles/client/areas';
import { type CommandLine, UsageError } from './arguments';
import { CommandError, print } from './terminal';

const usage = 'seed SERVICE --zooms 8-14 [--bbox=W,S,E,N] [--truncate]';

/** The command `seed`. @throws UsageError; CommandError for services that cannot be seeded */
export async function seedService(line: CommandLine, parts: ApplicationParts): Promise<number> {
  const [id] = line.positionals;
  const { zooms, bbox, truncate } = line.flags;
  if (id === undefined || typeof zooms !== 'string') throw new UsageError(usage);
  const area = areaOf(zooms, typeof bbox === 'string' ? bbox : undefined);
  const { seeder } = parts.services;
  const stop = new AbortController();
  const onStop = () => stop.abort(new CommandError('Stopped; run it again to go on.'));
  process.once('SIGINT', onStop).once('SIGTERM', onStop);
  try {
    await parts.records.ping();
    const summary = truncate
      ? await seeder.truncate(id, area, stop.signal)
      : await seeder.seed(id, area, stop.signal, show);
    if (process.stdout.isTTY && !truncate) process.stdout.write('\n');
    if (truncate) print(`Removed ${summary.removed} tiles`);
    else if (summary.total === 0) print('The service has no tiles at these zooms in this area.');
    else
      print(
        `${summary.made} tiles drawn, ${summary.fresh} still right, ${summary.removed} stale ones removed`,
      );
    return 0;
  } catch (error) {
    if (error instanceof OpenEOError) throw new CommandError(error.message, { cause: error });
    throw error;
  } finally {
    process.off('SIGINT', onStop).off('SIGTERM', onStop);
  }
}

function areaOf(zooms: string, bbox: string | undefined) {
  try {
    return parseSeedArea(zooms, bbox);
  } catch (error) {
    if (error instanceof AreaError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function show({ total, done }: { readonly total: number; readonly done: number }): void {
  if (process.stdout.isTTY) process.stdout.write(`\r${done} of ${total} tiles`);
}
