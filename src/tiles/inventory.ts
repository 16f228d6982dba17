import { OpenEOError } from '../base/errors';
import type { TileAddress } from '../geo/types';
import { locationHash } from './identity';
import { formatInstant, parseInstant } from './instant';
import type { TileCatalogue, TileFilter, TileSource, TileSummary } from './types';
import { asUuid, tileSources } from './write-rules';

export const maxInventoryEntries = 5000;

/** What is known of a tile without a look at its file, in the spelling of the wire. */
interface InventoryTile {
  readonly id: string;
  readonly location_hash: string;
  readonly captured_at: string;
  readonly source: TileSource;
  readonly resolution_m_per_px: number;
  readonly estimated_bytes: number | null;
}

/** One answer, in the spelling of the wire. */
export interface InventoryAnswer {
  readonly z?: number;
  readonly x?: number;
  readonly y?: number;
  readonly location_hash: string;
  readonly present: boolean;
  readonly tile: InventoryTile | null;
}

interface Entry {
  readonly tile?: TileAddress;
  readonly hash: string;
}

function refuse(reason: string): never {
  throw new OpenEOError('InventoryInvalid', { reason });
}

function readCell(value: unknown, index: number): Entry {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    refuse(`tiles[${index}] must be an object with z, x and y.`);
  const { z, x, y } = value as Record<string, unknown>;
  const tile = { z, x, y } as TileAddress;
  try {
    return { tile, hash: locationHash(tile) };
  } catch (error) {
    if (!(error instanceof OpenEOError)) throw error;
    return refuse(`tiles[${index}]: ${String(error.details['reason'])}`);
  }
}

/**
 * The entries of a request: exactly one of `tiles` and `location_hashes`.
 * @throws OpenEOError `InventoryInvalid`
 */
function readEntries(
  { tiles, location_hashes: hashes }: Readonly<Record<string, unknown>>,
  limit: number,
): readonly Entry[] {
  if ((tiles === undefined) === (hashes === undefined))
    refuse('it must have exactly one of tiles and location_hashes.');
  const list = tiles ?? hashes;
  if (!Array.isArray(list)) refuse(`${tiles === undefined ? 'location_hashes' : 'tiles'} must be an array.`);
  if (list.length > limit) refuse(`it has ${list.length} entries; at most ${limit} are accepted.`);
  if (tiles !== undefined) return list.map(readCell);
  return list.map((value, index) => ({
    hash: asUuid(value) ?? refuse(`location_hashes[${index}] must be a UUID.`),
  }));
}

function readFilter(request: Readonly<Record<string, unknown>>): TileFilter | undefined {
  const instant = (name: string) => {
    const value = request[name];
    if (value === undefined) return undefined;
    try {
      return parseInstant(value);
    } catch (error) {
      if (!(error instanceof OpenEOError)) throw error;
      return refuse(`${name}: ${String(error.details['reason'])}`);
    }
  };
  const { source, flight_id: flight } = request;
  if (source !== undefined && !(typeof source === 'string' && tileSources.has(source)))
    refuse(`source must be one of ${[...tileSources].join(', ')}.`);
  const flightId = flight === undefined ? undefined : (asUuid(flight) ?? refuse('flight_id must be a UUID.'));
  const filter: TileFilter = {
    ...(source !== undefined && { sources: [source as TileSource] }),
    ...(flightId !== undefined && { flights: [flightId] }),
    capturedFrom: instant('captured_after'),
    capturedBefore: instant('captured_before'),
  };
  return Object.values(filter).some((value) => value !== undefined) ? filter : undefined;
}

function describe(tile: TileSummary): InventoryTile {
  return {
    id: tile.id,
    location_hash: tile.locationHash,
    captured_at: formatInstant(tile.capturedAt),
    source: tile.source,
    resolution_m_per_px: tile.sizeMeters / tile.sizePixels,
    estimated_bytes: tile.byteCount ?? null,
  };
}

async function answer(
  catalogue: TileCatalogue,
  entries: readonly Entry[],
  filter: TileFilter | undefined,
): Promise<readonly InventoryAnswer[]> {
  const hashes = entries.map(({ hash }) => hash);
  const found = await catalogue.summaries(hashes, filter);
  return entries.map(({ tile, hash }) => {
    const present = found.get(hash);
    const known = {
      location_hash: hash,
      present: present !== undefined,
      tile: present ? describe(present) : null,
    };
    return tile ? { z: tile.z, x: tile.x, y: tile.y, ...known } : known;
  });
}

/**
 * The JSON of answers, as `JSON.stringify` writes it in several times as long. Their texts are UUIDs, instants and
 * names of sources, which need no escapes.
 */
export function inventoryJson(answers: readonly InventoryAnswer[]): string {
  let json = '';
  for (const { z, x, y, location_hash, tile } of answers) {
    json += json === '' ? '{' : ',{';
    if (z !== undefined) json += `"z":${z},"x":${x},"y":${y},`;
    json += `"location_hash":"${location_hash}","present":${tile !== null},"tile":`;
    if (tile === null) {
      json += 'null}';
      continue;
    }
    // A row without a size in pixels has no resolution.
    const metres = Number.isFinite(tile.resolution_m_per_px) ? tile.resolution_m_per_px : null;
    json += `{"id":"${tile.id}","location_hash":"${tile.location_hash}","captured_at":"${tile.captured_at}",`;
    json += `"source":"${tile.source}","resolution_m_per_px":${metres},"estimated_bytes":${tile.estimated_bytes}}}`;
  }
  return `[${json}]`;
}

/**
 * Which cells have a tile: one answer per entry, in the order of the entries, from one look into the database.
 * @throws OpenEOError `InventoryInvalid`
 */
export async function takeInventory(
  catalogue: TileCatalogue,
  request: Readonly<Record<string, unknown>>,
): Promise<readonly InventoryAnswer[]> {
  return await answer(catalogue, readEntries(request, maxInventoryEntries), undefined);
}

/**
 * The same for up to `limit` entries, in as many looks as that needs, among the tiles that the request's `source`,
 * `flight_id`, `captured_after` (inclusive) and `captured_before` (exclusive) leave.
 * @throws OpenEOError `InventoryInvalid`; the signal's reason
 */
export async function takeLargeInventory(
  catalogue: TileCatalogue,
  request: Readonly<Record<string, unknown>>,
  limit: number,
  signal: AbortSignal,
): Promise<readonly InventoryAnswer[]> {
  const filter = readFilter(request);
  const entries = readEntries(request, limit);
  const answers: InventoryAnswer[] = [];
  for (let from = 0; from < entries.length; from += maxInventoryEntries) {
    signal.throwIfAborted();
    answers.push(...(await answer(catalogue, entries.slice(from, from + maxInventoryEntries), filter)));
  }
  return answers;
}
