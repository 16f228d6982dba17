import type { TileAddress } from '../geo/types';
import type { ObjectStore } from '../store/objects/types';
import type { EmptyTiles } from './empty-tiles';
import { type MadeTile, plannedTiles, type TileMaker } from './types';

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
  readonly objects: ObjectStore;
  /** The key of a tile. */
  key(tile: TileAddress): string;
  readonly contentType: string;
  readonly cacheControl: string;
  /** What lies there already, by key: it is neither made nor uploaded again. */
  readonly existing: ReadonlyMap<string, number>;
  readonly writesEmpty: boolean;
  /** Which ones were left out before, and will be. */
  readonly empty: EmptyTiles;
  /** Tiles in work at once: what a crash makes in vain at most. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  onProgress(progress: TileProgress): void;
}

/** Runs tasks, so many at once, for somebody who brings them a few at a time. */
class Crew {
  readonly #running = new Set<Promise<void>>();
  #goOn = () => {};

  constructor(
    readonly size: number,
    readonly failed: AbortController,
  ) {}

  /** Waits for room for so many tasks, at most as many as run at once. @throws the first failure of those before */
  async room(tasks: number): Promise<void> {
    while (this.#running.size + tasks > this.size)
      await new Promise<void>((resolve) => {
        this.#goOn = resolve;
      });
    this.failed.signal.throwIfAborted();
  }

  start(task: () => Promise<void>): void {
    const running = task()
      .catch((error: unknown) => this.failed.abort(error))
      .finally(() => {
        this.#running.delete(running);
        this.#goOn();
      });
    this.#running.add(running);
  }

  /** Resolves when all have ended, well or not. */
  async end(): Promise<void> {
    await Promise.all(this.#running);
  }
}

/**
 * Makes tiles and stores each as it is made, several at once.
 * @throws the first failure, after the tiles in work have ended; the signal's reason
 */
export async function writeTiles(options: WriteOptions): Promise<TileSummary> {
  const { maker, objects, existing, empty } = options;
  const { plan } = maker;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const crew = new Crew(options.concurrency, failed);
  const count = { made: 0, uploaded: 0, tiles: 0, bytes: 0, skippedEmpty: 0, reused: 0 };
  const tell = () => options.onProgress({ total: plan.total, made: count.made, uploaded: count.uploaded });
  if (existing.size > 0)
    for (const tile of plannedTiles(plan)) {
      const stored = existing.get(options.key(tile));
      if (stored === undefined) continue;
      count.reused++;
      count.bytes += stored;
    }
  count.tiles = count.reused;
  if (!options.writesEmpty) count.skippedEmpty = empty.count;
  count.made = count.uploaded = count.tiles + count.skippedEmpty;
  tell();

  async function store(tile: TileAddress, { body, isEmpty }: MadeTile): Promise<void> {
    count.made++;
    tell();
    if (isEmpty && !options.writesEmpty) {
      count.skippedEmpty++;
      await empty.add(tile);
    } else {
      const { contentType, cacheControl } = options;
      await objects.put(options.key(tile), body, { contentType, cacheControl, isLazy: true, signal });
      count.tiles++;
      count.bytes += body.length;
    }
    count.uploaded++;
    tell();
  }

  await maker
    .make({
      signal,
      wants: (tile) =>
        (!plan.includes || plan.includes(tile)) &&
        !existing.has(options.key(tile)) &&
        (options.writesEmpty || !empty.has(tile)),
      async add(tiles, make) {
        await crew.room(tiles.length);
        const made = make();
        for (const [index, tile] of tiles.entries()) crew.start(async () => store(tile, (await made)[index]));
      },
    })
    .catch((error: unknown) => failed.abort(error));
  await crew.end();
  options.signal.throwIfAborted();
  if (failed.signal.aborted) {
    // What cannot be stored now is looked at again.
    if (!options.writesEmpty) await empty.save().catch(() => {});
    throw failed.signal.reason;
  }
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
