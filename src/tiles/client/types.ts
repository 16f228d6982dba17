import type { TileAddress } from '../../geo/types';
import type { Microseconds } from '../instant';
import type { TileSource } from '../types';

/** Tiles that this client has taken up itself are of a source that servers do not know. */
export type CachedSource = TileSource | 'onboard_ingest';

/** A tile in a client's cache. */
export interface CachedTile {
  readonly id: string;
  readonly tile: TileAddress;
  readonly locationHash: string;
  readonly source: CachedSource;
  readonly capturedAt: Microseconds;
  readonly flightId?: string;
  readonly sizeMeters: number;
  readonly sizePixels: number;
  readonly imageType: string;
  /** Relative to the cache's folder. */
  readonly filePath: string;
  /** Hexadecimal. */
  readonly contentSha256: string;
  readonly byteCount: number;
  readonly sectorClass: string;
  readonly lastAccessedAt: Microseconds;
  /** `pending`, `uploaded`, `trusted`, …; missing for tiles that nobody votes on. */
  readonly votingStatus?: string;
  readonly etag?: string;
  /** Older than its sector class allows, and kept all the same. */
  readonly isDowngraded: boolean;
}

/** What a writer says of a tile, beside its bytes. */
export type CacheWrite = Pick<
  CachedTile,
  'id' | 'tile' | 'source' | 'capturedAt' | 'sizePixels' | 'sectorClass'
> &
  Partial<Pick<CachedTile, 'flightId' | 'votingStatus' | 'etag' | 'isDowngraded'>>;

export interface CacheTotals {
  readonly tiles: number;
  readonly bytes: number;
  /** Undefined: as much as the disk takes. */
  readonly budgetBytes?: number;
}

/**
 * Tiles on a client's disk, within a budget of bytes. Of a cell there is one tile of the server's, and any number of
 * this client's own.
 */
export interface TileCache {
  /**
   * Stores a tile in place of what the cell had from the server; least recently used tiles make room for it.
   * @returns undefined where everything else is in use, so that there is no room
   * @throws OpenEOError `StorageFailure`
   */
  put(write: CacheWrite, bytes: Uint8Array): Promise<CachedTile | undefined>;
  /** Hands a tile of a cell to `work`, the one captured last; it is neither evicted nor taken
   * away by a newer one meanwhile. Counts as a use. */
  use<T>(
    tile: TileAddress,
    work: (found: { readonly tile: CachedTile; readonly path: string }) => Promise<T>,
    options?: { readonly trustedOnly?: boolean },
  ): Promise<T | undefined>;
  /** What there is in the cells around one and in it, by row; across the antimeridian, not across the poles. */
  neighbourhood(tile: TileAddress): readonly CachedTile[];
  /** The tiles of some ids. */
  byIds(ids: readonly string[]): ReadonlyMap<string, CachedTile>;
  /** Own tiles that wait for their upload. */
  pending(): readonly CachedTile[];
  setVotingStatus(id: string, status: string): Promise<void>;
  /** Keeps a tile from being evicted until the returned function is called. */
  hold(id: string): () => void;
  totals(): CacheTotals;
  /** Tells how many tiles had to go. */
  setBudget(bytes: number | undefined): Promise<number>;
  close(): Promise<void>;
}
