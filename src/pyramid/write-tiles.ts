import type { TileAddress } from '../geo/types';
import type { ObjectStore } from '../store/objects/types';
import type { TileMaker } from './types';

/** How far the writing of tiles is. */
export interface TileProgress {
  readonly total: number;
  readonly made: number;
  readonly uploaded: number;
}

/** What was written. */
export interface TileSummary {
  /** Tiles that lie in the storage now. */
  readonly tileCount: number;
  readonly bytes: number;
  /** Tiles that show nothing and were left out. */
  readonly skippedEmpty: number;
  /** Tiles that lay there already. */
  readonly reused: number;
}

export interface WriteOptions {
  readonly maker: TileMaker;
  readonly tiles: Iterable<TileAddress>;
  readonly total: number;
  readonly objects: ObjectStore;
  /** The key of a tile. */
  key(tile: TileAddress): string;
  readonly contentType: string;
  readonly cacheControl: string;
  /** What lies there already, by key: it is neither made nor uploaded again. */
  readonly existing: ReadonlyMap<string, number>;
  readonly writesEmpty: boolean;
  /** Tiles in work at once: what a crash makes in vain at most. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  onProgress(progress: TileProgress): void;
}

/**
 * Makes tiles and stores each as it is made, several at once.
 * @throws the first failure, after the tiles in work have ended; the signal's reason
 */
export async function writeTiles(options: WriteOptions): Promise<TileSummary> {
  const { maker, objects, existing, total } = options;
  const tiles = options.tiles[Symbol.iterator]();
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const count = { made: 0, uploaded: 0, tiles: 0, bytes: 0, skippedEmpty: 0, reused: 0 };
  const tell = () => options.onProgress({ total, made: count.made, uploaded: count.uploaded });

  async function handle(tile: TileAddress): Promise<void> {
    const key = options.key(tile);
    const stored = existing.get(key);
    if (stored !== undefined) {
      count.made++;
      count.reused++;
      count.tiles++;
      count.bytes += stored;
    } else {
      const { body, isEmpty } = await maker.make(tile, signal);
      count.made++;
      tell();
      if (isEmpty && !options.writesEmpty) count.skippedEmpty++;
      else {
        const { contentType, cacheControl } = options;
        await objects.put(key, body, { contentType, cacheControl, isLazy: true, signal });
        count.tiles++;
        count.bytes += body.length;
      }
    }
    count.uploaded++;
    tell();
  }

  async function work(): Promise<void> {
    for (let next = tiles.next(); !next.done; next = tiles.next()) {
      signal.throwIfAborted();
      await handle(next.value);
    }
  }

  const workers = Array.from({ length: options.concurrency }, () =>
    work().catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(workers);
  options.signal.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
  const { skippedEmpty, reused, bytes } = count;
  return { tileCount: count.tiles, bytes, skippedEmpty, reused };
}

/** Sizes of the objects below a folder, by key. @param since leaves out those that were written before. Files without bytes, as a crash of the machine may leave, do not count. */
export async function storedSizes(
  objects: ObjectStore,
  folder: string,
  signal: AbortSignal,
  since = new Date(0),
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (let after: string | undefined = ''; after !== undefined; ) {
    signal.throwIfAborted();
    const { items, next }: Awaited<ReturnType<ObjectStore['list']>> = await objects.list(folder, {
      limit: 1000,
      after,
    });
    for (const { key, size, modified } of items) if (modified >= since && size > 0) sizes.set(key, size);
    after = next;
  }
  return sizes;
}
