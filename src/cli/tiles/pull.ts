import { readFile } from 'node:fs/promises';
import { CacheError } from '../../store/cache/tile-cache';
import { pull } from '../../tile-client';
import { type Area, AreaError, parseBox, parseZooms } from '../../tiles/client/areas';
import { parseFlightPlan } from '../../tiles/client/flight-plan';
import { parseSectorClasses, type SectorClass, sectorClasses } from '../../tiles/client/keep';
import { type PullProgress, type PullReport, PullStoppedError } from '../../tiles/client/pull';
import { RefusedError, TransientError } from '../../tiles/client/retry';
import { type CommandLine, UsageError } from '../arguments';
import { CommandError, print } from '../terminal';
import { progressBar } from './progress';
import { numberFlag, serverOptions, textFlag } from './server-options';
import { formatBytes, parseBudget } from './sizes';

/** Some tiles could not be had; the others could. */
const partialCode = 3;

async function readText(path: string, what: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: Error) => {
    throw new CommandError(`The ${what} cannot be read: ${error.message}`);
  });
}

async function areaOf(line: CommandLine): Promise<Area> {
  const { bbox, plan } = line.flags;
  if ((bbox === undefined) === (plan === undefined))
    throw new UsageError('Exactly one of --bbox=WEST,SOUTH,EAST,NORTH and --plan FILE says what to pull.');
  if (typeof bbox === 'string') return { boxes: [parseBox(bbox)], places: [] };
  return parseFlightPlan(await readText(String(plan), 'flight plan'));
}

async function sectorOf(
  line: CommandLine,
): Promise<{ name: string; classes: ReadonlyMap<string, SectorClass> }> {
  const { sector = 'unclassified', sectors, stale } = line.flags;
  const name = String(sector);
  let classes = sectorClasses;
  if (typeof sectors === 'string') {
    const text = await readText(sectors, 'file of sector classes');
    try {
      classes = parseSectorClasses(text);
    } catch (error) {
      throw new CommandError(`${sectors} is not valid: ${(error as Error).message}`);
    }
  }
  const found = classes.get(name);
  if (!found)
    throw new UsageError(`There is no sector class "${name}"; there are ${[...classes.keys()].join(', ')}.`);
  if (stale !== undefined && stale !== 'reject' && stale !== 'downgrade')
    throw new UsageError('--stale must be reject or downgrade.');
  const maxAgeDays = numberFlag(line, 'max-age', 0) ?? found.maxAgeDays;
  return { name, classes: new Map([...classes, [name, { maxAgeDays, stale: stale ?? found.stale }]]) };
}

function summary(report: PullReport): string {
  const skipped = [...report.skipped].map(([reason, count]) => `${count} ${reason}`);
  const parts = [
    `${report.asked} cells asked about`,
    `${report.fetched} tiles fetched (${formatBytes(report.bytes)})`,
    ...(report.downgraded > 0 ? [`${report.downgraded} of them downgraded as too old`] : []),
    ...(report.unchanged > 0 ? [`${report.unchanged} unchanged`] : []),
    `${[...report.skipped.values()].reduce((sum, count) => sum + count, 0)} skipped${skipped.length > 0 ? ` (${skipped.join(', ')})` : ''}`,
    `${report.failed} failed`,
  ];
  return `${parts.join(', ')}.`;
}

function printFailures({ failures }: PullReport): void {
  for (const { tile, reason } of failures.slice(0, 20))
    process.stderr.write(`failed  ${tile.z}/${tile.x}/${tile.y}: ${reason}\n`);
  if (failures.length > 20) process.stderr.write(`… and ${failures.length - 20} more\n`);
}

/** The command `tiles pull`: 0 all is well, 3 some tiles failed or had no room, 1 it could not be done. */
export async function pullTilesCommand(line: CommandLine): Promise<number> {
  const cache = textFlag(line, 'cache');
  const bar = progressBar();
  const tell = (done: PullProgress, cells: number) => {
    const text = `${done.fetched} fetched, ${formatBytes(done.bytes)}${done.failed > 0 ? `, ${done.failed} failed` : ''}`;
    const settled = done.fetched + done.unchanged + done.failed;
    const skipped = [...done.skipped.values()].reduce((sum, count) => sum + count, 0);
    bar.show((settled + skipped) / Math.max(1, cells), text);
  };
  try {
    const area = await areaOf(line);
    const zooms = parseZooms(textFlag(line, 'zooms'));
    const { name, classes } = await sectorOf(line);
    const budget = line.flags['budget'];
    const report = await pull({
      ...(await serverOptions(line)),
      ...{ cache, ...area, zooms, sectorClass: name, sectorClasses: classes },
      ...(typeof budget === 'string' && { budgetBytes: parseBudget(budget) }),
      maxResolution: numberFlag(line, 'max-resolution', 0),
      maxCells: numberFlag(line, 'max-cells', 1),
      concurrency: numberFlag(line, 'concurrency', 1),
      revalidate: line.flags['revalidate'] === true,
      onProgress: tell,
    });
    bar.clear();
    printFailures(report);
    print(summary(report));
    return report.failed > 0 || report.skipped.has('over budget') ? partialCode : 0;
  } catch (error) {
    bar.clear();
    if (error instanceof PullStoppedError && error.report.asked === 0)
      throw new CommandError(error.message, { cause: error });
    if (error instanceof PullStoppedError) {
      printFailures(error.report);
      print(summary(error.report));
      throw new CommandError(`Stopped: ${error.message} The same command goes on from here.`, {
        cause: error,
      });
    }
    if (error instanceof AreaError) throw new UsageError(error.message, { cause: error });
    if ([RefusedError, TransientError, CacheError].some((kind) => error instanceof kind))
      throw new CommandError((error as Error).message, { cause: error });
    throw error;
  }
}
