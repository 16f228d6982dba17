import { join } from 'node:path';
import type { Bounds } from './geo/types';
import { type DiskTileCache, openTileCache } from './store/cache/tile-cache';
import { type Area, AreaError, cellsOfArea, countAreaCells } from './tiles/client/areas';
import { type SectorClass, sectorClasses } from './tiles/client/keep';
import { type PendingDefaults, type PendingTile, readPendingFolder } from './tiles/client/pending-folder';
import { type PullProgress, type PullReport, pullTiles } from './tiles/client/pull';
import { PullJournal } from './tiles/client/pull-journal';
import { PushJournal, type PushReport, pushTiles } from './tiles/client/push';
import { TileServer } from './tiles/client/tile-server';

/** How a server is reached. */
export interface ServerOptions {
  /** `https://host`, with the path where a proxy has put the server below one. */
  readonly server: string;
  /** Needed unless the catalogue is public. */
  readonly token?: string;
  /** Attempts after the first one of each request; default 5. */
  readonly retries?: number;
  /** Upper bound of the first pause between attempts in milliseconds; default 250. */
  readonly pauseMs?: number;
  readonly signal?: AbortSignal;
}

export interface PullOptions extends ServerOptions {
  /** Folder; made where it is missing. */
  readonly cache: string;
  readonly boxes?: readonly Bounds[];
  readonly places?: Area['places'];
  readonly zooms: readonly number[];
  /** Bytes that the cache may take from now on; null: no limit; default: as before. */
  readonly budgetBytes?: number | null;
  /** Default `unclassified`. */
  readonly sectorClass?: string;
  /** Default: {@link sectorClasses}. */
  readonly sectorClasses?: ReadonlyMap<string, SectorClass>;
  /** Metres per pixel. */
  readonly maxResolution?: number;
  readonly revalidate?: boolean;
  readonly concurrency?: number;
  /** How many cells may be asked about; default 5,000,000. */
  readonly maxCells?: number;
  readonly onProgress?: (progress: PullProgress, cells: number) => void;
}

const defaultMaxCells = 5_000_000;

function openServer(options: ServerOptions): Promise<TileServer> {
  const { server, token, retries = 5, pauseMs = 250, signal = new AbortController().signal } = options;
  return TileServer.open(server, { token, retries, pauseMs, signal });
}

/**
 * Downloads the tiles of an area into a folder, for use without a network; the command `tilegraph tiles pull`.
 * @example await pull({ server: 'https://tiles.example', cache: './tiles', boxes: [{ west: 11, south: 46, east: 12, north: 47 }], zooms: [14] })
 * @throws AreaError; RefusedError, TransientError where the server cannot be asked at all; CacheError;
 * PullStoppedError, which tells how far it came
 */
export async function pull(options: PullOptions): Promise<PullReport> {
  const { boxes = [], places = [], zooms, sectorClass = 'unclassified' } = options;
  const area = { boxes, places };
  const count = countAreaCells(area, zooms);
  const { maxCells = defaultMaxCells } = options;
  if (count > maxCells)
    throw new AreaError(
      `The area has ${count} cells at these zoom levels; at most ${maxCells} are pulled at a time.`,
    );
  const sector = (options.sectorClasses ?? sectorClasses).get(sectorClass);
  if (!sector) throw new AreaError(`There is no sector class "${sectorClass}".`);
  const cache = await openTileCache(options.cache, { isWriter: true });
  try {
    if (options.budgetBytes !== undefined) await cache.setBudget(options.budgetBytes ?? undefined);
    const journal = await PullJournal.open(cache.files.folder);
    try {
      const server = await openServer(options);
      try {
        return await pullTiles({
          ...{ server, cache, journal, cells: cellsOfArea(area, zooms), sectorClass },
          ...{ revalidate: options.revalidate, concurrency: options.concurrency },
          rules: { sector, maxResolution: options.maxResolution },
          signal: options.signal ?? new AbortController().signal,
          onProgress: options.onProgress && ((progress) => options.onProgress?.(progress, count)),
        });
      } finally {
        await server.close();
      }
    } finally {
      await journal.close();
    }
  } finally {
    await cache.close();
  }
}

export interface PushOptions extends ServerOptions {
  /** The cache whose pending tiles are uploaded, or a folder of tiles. */
  readonly from: { readonly cache: string } | { readonly folder: string; readonly defaults: PendingDefaults };
  readonly onProgress?: (report: PushReport, tiles: number) => void;
}

const ownTile =
  (cache: DiskTileCache) =>
  ({
    id,
    tile,
    capturedAt,
    flightId,
    filePath,
  }: ReturnType<DiskTileCache['pending']>[number]): PendingTile & { id: string } => ({
    ...{ id, tile, capturedAt, name: filePath },
    path: cache.files.path(filePath),
    flightId: flightId ?? '',
  });

/**
 * Uploads tiles that a client has taken up; the command `tilegraph tiles push`.
 * @throws PendingError; CacheError; RefusedError, TransientError; PushStoppedError
 */
export async function push(options: PushOptions): Promise<PushReport> {
  const { from, onProgress, signal = new AbortController().signal } = options;
  const send = async (
    tiles: readonly PendingTile[],
    journalPath: string,
    onPushed?: (tile: PendingTile) => Promise<void>,
  ) => {
    const journal = await PushJournal.open(journalPath);
    try {
      const server = await openServer(options);
      try {
        const tell = onProgress && ((report: PushReport) => onProgress(report, tiles.length));
        return await pushTiles({ server, tiles, journal, signal, onPushed, onProgress: tell });
      } finally {
        await server.close();
      }
    } finally {
      await journal.close();
    }
  };
  if ('folder' in from)
    return send(
      await readPendingFolder(from.folder, from.defaults),
      join(from.folder, '.tilegraph-push.ndjson'),
    );
  const cache = await openTileCache(from.cache, { isWriter: true });
  try {
    const tiles = cache.pending().map(ownTile(cache));
    const ids = new Map(tiles.map(({ name, id }) => [name, id]));
    return await send(tiles, join(cache.files.folder, 'push.ndjson'), async ({ name }) => {
      await cache.setVotingStatus(ids.get(name) ?? '', 'uploaded');
    });
  } finally {
    await cache.close();
  }
}
