import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { OpenEOError } from '../../base/errors';
import type { TileAddress } from '../../geo/types';
import { checkTile } from '../identity';
import { type Microseconds, parseInstant } from '../instant';
import { asUuid } from '../write-rules';

/** A tile on this disk that a server does not have yet. */
export interface PendingTile {
  /** Of the file. */
  readonly path: string;
  /** What messages and journals call it. */
  readonly name: string;
  readonly tile: TileAddress;
  readonly capturedAt: Microseconds;
  readonly flightId: string;
}

export interface PendingDefaults {
  /** For files that are not in a folder of their flight. */
  readonly flightId?: string;
  /** `mtime` takes the time of each file. */
  readonly capturedAt?: Microseconds | 'mtime';
}

/** A file or a manifest that does not say what an upload needs. */
export class PendingError extends Error {
  override readonly name = 'PendingError';
}

const manifestName = 'tiles.ndjson';
const shape =
  /^(?:(?<flight>[0-9a-f-]{36})\/)?(?<z>\d{1,2})\/(?<x>\d{1,10})\/(?<y>\d{1,10})\.(?:jpe?g|png|webp)$/i;

/**
 * The tiles of a folder: those that its manifest `tiles.ndjson` lists, a line of `{file, z, x, y, captured_at,
 * flight_id}` each, or else the files `{z}/{x}/{y}.jpg` (png, webp), perhaps below a folder of their flight's id.
 * @throws PendingError that names the line or file
 */
export async function readPendingFolder(
  folder: string,
  defaults: PendingDefaults,
): Promise<readonly PendingTile[]> {
  const manifest = await fs
    .readFile(join(folder, manifestName), 'utf8')
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new PendingError(`The folder ${folder} cannot be read: ${error.message}`);
    });
  if (manifest !== undefined) return readManifest(folder, manifest, defaults);
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true }).catch((error: Error) => {
    throw new PendingError(`The folder ${folder} cannot be read: ${error.message}`);
  });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length))
    .sort();
  const tiles: PendingTile[] = [];
  for (const name of names) {
    const groups = shape.exec(name)?.groups;
    if (!groups) continue;
    const { flight, z, x, y } = groups;
    const cell = { z: Number(z), x: Number(x), y: Number(y) };
    tiles.push(await complete(folder, { file: name, ...cell, flight_id: flight }, defaults, name));
  }
  return tiles;
}

async function readManifest(folder: string, text: string, defaults: PendingDefaults): Promise<PendingTile[]> {
  const tiles: PendingTile[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const where = `${manifestName}, line ${index + 1}`;
    let entry: unknown;
    try {
      entry = JSON.parse(line);
    } catch {
      throw new PendingError(`${where}: it is not JSON.`);
    }
    if (typeof entry !== 'object' || entry === null) throw new PendingError(`${where}: it is not an object.`);
    tiles.push(await complete(folder, entry as Record<string, unknown>, defaults, where));
  }
  return tiles;
}

async function complete(
  folder: string,
  entry: Readonly<Record<string, unknown>>,
  defaults: PendingDefaults,
  where: string,
): Promise<PendingTile> {
  const { file, z, x, y, captured_at: captured, flight_id: flight = defaults.flightId } = entry;
  if (typeof file !== 'string' || file.split('/').includes('..') || file.startsWith('/'))
    throw new PendingError(`${where}: file must be a path below the folder.`);
  const path = join(folder, file);
  const flightId = asUuid(flight);
  if (flightId === undefined)
    throw new PendingError(`${where}: the flight is missing or no UUID; --flight can name it.`);
  const tile = { z, x, y } as TileAddress;
  try {
    checkTile(tile);
    const capturedAt = captured === undefined ? await defaultTime(path, defaults) : parseInstant(captured);
    if (capturedAt === undefined)
      throw new PendingError(
        `${where}: the time of capture is missing; --captured-at can name it, or "mtime" for the files' own times.`,
      );
    return { path, name: file, tile, capturedAt, flightId };
  } catch (error) {
    if (error instanceof OpenEOError)
      throw new PendingError(`${where}: ${String(error.details['reason'])}`, { cause: error });
    throw error;
  }
}

async function defaultTime(path: string, { capturedAt }: PendingDefaults): Promise<Microseconds | undefined> {
  if (capturedAt !== 'mtime') return capturedAt;
  const stats = await fs.stat(path).catch((error: Error) => {
    throw new PendingError(`${path} cannot be read: ${error.message}`);
  });
  return Math.floor(stats.mtimeMs * 1000);
}
