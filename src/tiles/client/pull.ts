import { OpenEOError } from '../../base/errors';
import type { TileAddress } from '../../geo/types';
import { tileSizeMeters } from '../identity';
import { parseInstant } from '../instant';
import { maxInventoryEntries } from '../inventory';
import { tileSources } from '../write-rules';
import { decide, type KeepRules, type SkipReason } from './keep';
import type { PullJournal } from './pull-journal';
import { RefusedError, TransientError } from './retry';
import type { InventoryTile, TileServer } from './tile-server';
import type { CachedSource, CachedTile, TileCache } from './types';

export interface PullProgress {
  /** Cells that the server was asked about. */
  readonly asked: number;
  readonly fetched: number;
  readonly bytes: number;
  /** The server had nothing newer than the cache. */
  readonly unchanged: number;
  readonly failed: number;
  readonly skipped: ReadonlyMap<SkipReason, number>;
  /** Of the fetched ones those that are older than their sector class allows. */
  readonly downgraded: number;
}

export interface PullReport extends PullProgress {
  readonly failures: readonly { readonly tile: TileAddress; readonly reason: string }[];
}

export interface PullRequest {
  readonly server: Pick<TileServer, 'inventory' | 'tile'>;
  readonly cache: TileCache;
  readonly journal: PullJournal;
  readonly cells: Iterable<TileAddress>;
  readonly rules: KeepRules;
  readonly sectorClass: string;
  /** Ask the server about tiles that were fetched before, too, and fetch those that have changed. */
  readonly revalidate?: boolean;
  /** Tiles that are fetched at a time; default 32. */
  readonly concurrency?: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: PullProgress) => void;
}

/** The rest was not tried. What was fetched is kept. */
export class PullStoppedError extends Error {
  override readonly name = 'PullStoppedError';

  constructor(
    message: string,
    readonly report: PullReport,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** So many failures in a row are no matter of single tiles. */
const failuresToStop = 50;

interface Wanted {
  readonly cell: TileAddress;
  readonly tile: InventoryTile;
  readonly isDowngraded: boolean;
  /** What the cache has of this very tile. */
  readonly kept?: CachedTile;
}

function* chunksOf<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let chunk: T[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/**
 * Fetches the tiles of cells into a cache: asks for the inventory first, then for each tile that the rules keep. A
 * tile counts as fetched when its file, its row and its record in the journal are on the disk, in this order, so
 * that a run that was killed is resumed by the same call: only tiles that were in flight are fetched again.
 * @throws PullStoppedError with what was done so far: where the server is gone or refuses everything, the disk is
 * full, or the signal was given
 */
export async function pullTiles(request: PullRequest): Promise<PullReport> {
  return new Pull(request).run();
}

/** A server's words are for its clients; here the disk is that of the person who reads them. */
function reasonOf(error: Error): string {
  if (!(error instanceof OpenEOError) || error.code !== 'StorageFailure') return error.message;
  return `The cache cannot be written to (${(error.cause as NodeJS.ErrnoException)?.code ?? error.message}).`;
}

class Pull {
  asked = 0;
  fetched = 0;
  bytes = 0;
  unchanged = 0;
  downgraded = 0;
  readonly skipped = new Map<SkipReason, number>();
  readonly failures: { readonly tile: TileAddress; readonly reason: string }[] = [];
  /** Tiles of this run do not push each other out. */
  readonly #releases: (() => void)[] = [];
  #failuresInRow = 0;
  /** Tiles of this size, or larger, have no room any more: within a run none is given back. */
  #refusedBytes = Number.POSITIVE_INFINITY;
  #isOver = false;

  constructor(readonly request: PullRequest) {}

  async run(): Promise<PullReport> {
    const { cells, signal, concurrency = 32 } = this.request;
    try {
      for (const chunk of chunksOf(cells, maxInventoryEntries)) {
        signal.throwIfAborted();
        const wanted = (await this.#keepList(chunk)).values();
        // Each takes the next tile as soon as it is done with one.
        const workers = Array.from({ length: concurrency }, async () => {
          for (const tile of wanted) if (!this.#isOver) await this.#fetch(tile);
        });
        // All of them end before an error does: nothing is written behind the caller's back.
        const ended = await Promise.allSettled(workers);
        for (const end of ended) if (end.status === 'rejected') throw end.reason;
      }
      return this.#report();
    } catch (error) {
      if (signal.aborted) throw new PullStoppedError('It was interrupted.', this.#report(), { cause: error });
      if ([RefusedError, TransientError, OpenEOError].some((kind) => error instanceof kind))
        throw new PullStoppedError(reasonOf(error as Error), this.#report(), { cause: error });
      throw error;
    } finally {
      for (const release of this.#releases) release();
    }
  }

  async #keepList(chunk: readonly TileAddress[]): Promise<Wanted[]> {
    const { server, cache, journal, rules, revalidate } = this.request;
    const found = await server.inventory(chunk);
    const kept = cache.byIds(found.flatMap((tile) => (tile ? [tile.id] : [])));
    const now = Date.now() * 1000;
    const wanted: Wanted[] = [];
    for (const [index, tile] of found.entries()) {
      this.asked++;
      const cached = tile ? kept.get(tile.id) : undefined;
      // A tile that was evicted since is fetched again.
      const isJournalled = tile !== null && cached !== undefined && journal.has(tile);
      const known = tile && {
        capturedAt: parseInstant(tile.captured_at),
        resolution: tile.resolution_m_per_px,
      };
      // What is wanted is not pushed out by what else is wanted.
      if (tile && isJournalled) this.#releases.push(cache.hold(tile.id));
      const decision = decide(known ?? undefined, rules, { now, isJournalled: isJournalled && !revalidate });
      if (!decision.keep) this.#skip(decision.reason);
      else if (tile)
        wanted.push({
          ...{ cell: chunk[index], tile, isDowngraded: decision.isDowngraded },
          ...(isJournalled && { kept: cached }),
        });
    }
    this.#tell();
    return wanted;
  }

  async #fetch(wanted: Wanted): Promise<void> {
    const { server, signal } = this.request;
    signal.throwIfAborted();
    if ((wanted.tile.estimated_bytes ?? 0) >= this.#refusedBytes) {
      this.#skip('over budget');
      return;
    }
    try {
      const answer = await server.tile(wanted.cell, wanted.kept?.etag);
      this.#failuresInRow = 0;
      if (answer.kind === 'unchanged') this.unchanged++;
      else if (answer.kind === 'absent') this.#skip('absent');
      else await this.#store(wanted, answer);
    } catch (error) {
      if (this.#endsAll(error)) {
        this.#isOver = true;
        throw error;
      }
      this.failures.push({ tile: wanted.cell, reason: (error as Error).message });
    }
    this.#tell();
  }

  /** File, row, then record: see {@link pullTiles}. */
  async #store(
    { cell, tile, isDowngraded }: Wanted,
    { bytes, etag }: { readonly bytes: Buffer; readonly etag?: string },
  ): Promise<void> {
    const { cache, journal, sectorClass } = this.request;
    if (!tileSources.has(tile.source)) throw new RefusedError(`the source ${tile.source} is not known`, 200);
    const stored = await cache.put(
      {
        ...{ id: tile.id, tile: cell, source: tile.source as CachedSource, sectorClass, isDowngraded, etag },
        capturedAt: parseInstant(tile.captured_at),
        sizePixels: Math.max(1, Math.round(tileSizeMeters(cell) / tile.resolution_m_per_px)),
      },
      bytes,
    );
    if (!stored) {
      this.#refusedBytes = Math.min(this.#refusedBytes, bytes.length);
      this.#skip('over budget');
      return;
    }
    this.#releases.push(cache.hold(stored.id));
    await journal.add({
      ...cell,
      ...{ location_hash: tile.location_hash, id: tile.id, captured_at: tile.captured_at },
      ...{ sha256: stored.contentSha256, bytes: bytes.length, path: stored.filePath },
      at: new Date().toISOString(),
    });
    this.fetched++;
    this.bytes += bytes.length;
    if (isDowngraded) this.downgraded++;
  }

  /** Whether a failure is no matter of a single tile. */
  #endsAll(error: unknown): boolean {
    if (error instanceof TransientError) return ++this.#failuresInRow >= failuresToStop;
    return !(error instanceof RefusedError) || [401, 403].includes(error.status);
  }

  #skip(reason: SkipReason): void {
    this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1);
  }

  #tell(): void {
    this.request.onProgress?.(this.#report());
  }

  #report(): PullReport {
    const { asked, fetched, bytes, unchanged, downgraded, skipped, failures } = this;
    return { asked, fetched, bytes, unchanged, downgraded, skipped, failures, failed: failures.length };
  }
}
