import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { CacheError, type DiskTileCache, openTileCache } from '../../store/cache/tile-cache';
import { PendingError, readPendingFolder } from '../../tiles/client/pending-folder';
import { tileUuid } from '../../tiles/identity';
import { formatInstant } from '../../tiles/instant';
import { type CommandLine, UsageError } from '../arguments';
import { CommandError, print, table } from '../terminal';
import { pendingDefaults } from './pending-defaults';
import { textFlag } from './server-options';
import { formatBytes, parseBudget } from './sizes';

const usage = 'tiles cache status|budget|find|verify|add; "tilegraph --help" shows how';

function status(cache: DiskTileCache): number {
  const { tiles, bytes, budgetBytes } = cache.totals();
  const budget = budgetBytes === undefined ? 'no budget' : `a budget of ${formatBytes(budgetBytes)}`;
  print(`${tiles} tiles, ${formatBytes(bytes)}, ${budget}; ${cache.pending().length} wait for their upload.`);
  const sectors = cache.sectors();
  if (sectors.length > 0)
    print(
      table(
        ['Sector class', 'Tiles', 'Bytes', 'Downgraded'],
        sectors.map(({ name, ...of }) => [
          name,
          String(of.tiles),
          formatBytes(of.bytes),
          String(of.downgraded),
        ]),
      ),
    );
  return 0;
}

async function setBudget(cache: DiskTileCache, size: string | undefined): Promise<number> {
  if (size === undefined) throw new UsageError('The size is missing: tiles cache budget SIZE|none');
  const removed = await cache.setBudget(parseBudget(size) ?? undefined);
  const { bytes, budgetBytes } = cache.totals();
  print(`${removed} tiles removed, ${formatBytes(bytes)} left.`);
  if (budgetBytes !== undefined && bytes > budgetBytes)
    throw new CommandError('Tiles that wait for their upload take more than the budget.');
  return 0;
}

/** Prints a cell's tile and its neighbours. Exit code 1 when the cell itself is empty. */
async function find(cache: DiskTileCache, name: string | undefined): Promise<number> {
  const [, z, x, y] = /^(\d{1,2})\/(\d{1,10})\/(\d{1,10})$/.exec(name ?? '') ?? [];
  if (z === undefined) throw new UsageError('The cell is missing: tiles cache find Z/X/Y');
  const cell = { z: Number(z), x: Number(x), y: Number(y) };
  const rows = cache
    .neighbourhood(cell)
    .map(({ tile, source, capturedAt, filePath }) => [
      `${tile.z}/${tile.x}/${tile.y}`,
      source,
      formatInstant(capturedAt),
      cache.files.path(filePath),
    ]);
  if (rows.length > 0) print(table(['Cell', 'Source', 'Captured', 'File'], rows));
  const isThere = (await cache.use(cell, async () => true)) ?? false;
  if (!isThere) print(`The cell ${name} is empty.`);
  return isThere ? 0 : 1;
}

/** Compares files with their digests. Exit code 1 when tiles are damaged and stay so. */
async function verify(cache: DiskTileCache, remove: boolean): Promise<number> {
  const damaged: { readonly id: string; readonly filePath: string }[] = [];
  let count = 0;
  for (const tile of cache.all()) {
    count++;
    const bytes = await cache.files.read(tile.filePath);
    if (bytes && createHash('sha256').update(bytes).digest('hex') === tile.contentSha256) continue;
    damaged.push(tile);
    print(`${bytes ? 'damaged' : 'missing'}  ${tile.filePath}`);
  }
  if (remove) for (const tile of damaged) await cache.remove(tile);
  print(
    `${count} tiles, ${damaged.length} damaged${remove ? ' and removed; the next pull fetches them again' : ''}.`,
  );
  return damaged.length === 0 || remove ? 0 : 1;
}

/** Takes up tiles of this client's own, which wait for `tiles push --cache`. */
async function add(cache: DiskTileCache, line: CommandLine): Promise<number> {
  const [, , folder] = line.positionals;
  if (folder === undefined) throw new UsageError('The folder is missing: tiles cache add FOLDER');
  const sectorClass = String(line.flags['sector'] ?? 'unclassified');
  let added = 0;
  for (const { path, name, tile, capturedAt, flightId } of await readPendingFolder(
    folder,
    pendingDefaults(line),
  )) {
    const bytes = await readFile(path).catch((error: Error) => {
      throw new CommandError(`${name} cannot be read: ${error.message}`);
    });
    const { width } = await sharp(bytes)
      .metadata()
      .catch(() => {
        throw new CommandError(`${name} is no image.`);
      });
    const stored = await cache.put(
      {
        id: tileUuid(`${tile.z}/${tile.x}/${tile.y}/onboard_ingest/${flightId}`),
        ...{ tile, source: 'onboard_ingest', votingStatus: 'pending', capturedAt, flightId, sectorClass },
        sizePixels: width,
      },
      bytes,
    );
    if (!stored)
      throw new CommandError(`There is no room for ${name}: the budget is used up by tiles that wait.`);
    added++;
  }
  print(`${added} tiles added; "tilegraph tiles push --cache" uploads them.`);
  return 0;
}

/** The command `tiles cache`. @throws UsageError, CommandError */
export async function manageCache(line: CommandLine): Promise<number> {
  const [, verb, argument] = line.positionals;
  const isWriter = verb !== 'status' && verb !== 'find';
  if (!['status', 'budget', 'find', 'verify', 'add'].includes(verb ?? '')) throw new UsageError(usage);
  const folder = textFlag(line, 'cache');
  let cache: DiskTileCache | undefined;
  try {
    cache = await openTileCache(folder, { isWriter });
    if (verb === 'budget') return await setBudget(cache, argument);
    if (verb === 'find') return await find(cache, argument);
    if (verb === 'verify') return await verify(cache, line.flags['remove'] === true);
    if (verb === 'add') return await add(cache, line);
    return status(cache);
  } catch (error) {
    if (error instanceof CacheError || error instanceof PendingError)
      throw new CommandError(error.message, { cause: error });
    throw error;
  } finally {
    await cache?.close();
  }
}
