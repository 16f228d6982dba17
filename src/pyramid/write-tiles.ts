import { createHash } from 'node:crypto';
import { createTidying } from '../base/garbage';
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

/** What lies in a folder already. */
export interface StoredTiles {
  /** Sizes by key: what is neither made nor uploaded again. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Tags by key of what is too old to count: it is made again, and uploaded where it is another one now. */
  readonly outdated: ReadonlyMap<string, string>;
}

export interface WriteOptions {
  readonly maker: TileMaker;
  readonly objects: ObjectStore;
  /** The key of a tile. */
  key(tile: TileAddress): string;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly stored: StoredTiles;
  readonly writesEmpty: boolean;
  /** Which ones were left out before, and will be. */
  readonly empty: EmptyTiles;
  /** Tiles in work at once: what a crash makes in vain at most. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  onProgress(progress: TileProgress): void;
}

/** Tiles after which memory is looked at. */
const tidiedEvery = 8;

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
  const { maker, objects, stored, empty } = options;
  const existing = stored.sizes;
  const { plan } = maker;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const crew = new Crew(options.concurrency, failed);
  const count = { made: 0, uploaded: 0, tiles: 0, bytes: 0, skippedEmpty: 0, reused: 0 };
  const tidy = createTidying();
  const tell = () => options.onProgress({ total: plan.total, made: count.made, uploaded: count.uploaded });
  if (existing.size > 0)
    for (const tile of plannedTiles(plan)) {
      const bytes = existing.get(options.key(tile));
      if (bytes === undefined) continue;
      count.reused++;
      count.bytes += bytes;
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
      const key = options.key(tile);
      if (!isTagOf(stored.outdated.get(key), body))
        await objects.put(key, body, { contentType, cacheControl, isLazy: true, signal });
      count.tiles++;
      count.bytes += body.length;
    }
    count.uploaded++;
    tell();
    if (count.uploaded % tidiedEvery === 0) tidy();
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

/** Whether a tag is that of these bytes, as buckets tag what they got in one piece: their MD5. Folders tell none. */
function isTagOf(etag: string | undefined, bytes: Uint8Array): boolean {
  return etag?.length === 32 && etag === createHash('md5').update(bytes).digest('hex');
}

/**
 * What lies below a folder. Files without bytes, as a crash of the machine may leave, do not count.
 * @param since tells apart what was written before as outdated
 */
export async function storedTiles(
  objects: ObjectStore,
  folder: string,
  signal: AbortSignal,
  since = new Date(0),
): Promise<StoredTiles> {
  const sizes = new Map<string, number>();
  const outdated = new Map<string, string>();
  for (let after: string | undefined = ''; after !== undefined; ) {
    signal.throwIfAborted();
    const { items, next }: Awaited<ReturnType<ObjectStore['list']>> = await objects.list(folder, {
      limit: 1000,
      after,
    });
    for (const { key, size, modified, etag } of items)
      if (modified < since) outdated.set(key, etag);
      else if (size > 0) sizes.set(key, size);
    after = next;
  }
  return { sizes, outdated };
}
