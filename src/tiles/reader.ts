import { LRUCache } from 'lru-cache';
import { OpenEOError } from '../base/errors';
import type { TileAddress } from '../geo/types';
import type { TileFiles } from './files';
import { locationHash } from './identity';
import { imageTypeOf } from './image-type';
import type { TileCatalogue, TileFile } from './types';

/** A tile as it is sent. */
export interface ServedTile {
  readonly bytes: Buffer;
  readonly mediaType: string;
  /** With quotes. */
  readonly etag: string;
  readonly modified: Date;
}

interface Loading {
  readonly promise: Promise<ServedTile | undefined>;
  isStale: boolean;
}

/** As long as clients may keep a tile: where writes of other processes are not announced, so may we. */
const maxAgeMs = 60_000;
/** How exactly ages are told: the clock is asked no more often. */
const clockMs = 1000;
/** What an entry takes beside its bytes, about. */
const overheadBytes = 500;

/** The tiles of cells, kept in memory within a bound of bytes until they are written to. */
export class TileReader {
  readonly #cache: LRUCache<string, ServedTile> | undefined;
  readonly #loading = new Map<string, Loading>();
  readonly #stop: () => void;
  readonly #onMissingFile: ((row: TileFile) => void) | undefined;

  constructor(
    readonly catalogue: TileCatalogue,
    readonly files: TileFiles,
    options: {
      readonly cacheBytes: number;
      /** Told of rows whose file is missing. */
      readonly onMissingFile?: (row: TileFile) => void;
    },
  ) {
    this.#onMissingFile = options.onMissingFile;
    if (options.cacheBytes > 0)
      this.#cache = new LRUCache({
        maxSize: options.cacheBytes,
        sizeCalculation: ({ bytes }) => bytes.length + overheadBytes,
        ttl: maxAgeMs - clockMs,
        ttlResolution: clockMs,
      });
    this.#stop = catalogue.watch((hash) => this.#forget(hash));
  }

  /** The tile of a location hash if it is in memory, at no cost. */
  peek(hash: string): ServedTile | undefined {
    return this.#cache?.get(hash);
  }

  /** @throws OpenEOError `TileInvalid`; `TileRowInvalid` for a row whose file is missing */
  async get(tile: TileAddress): Promise<ServedTile | undefined> {
    const hash = locationHash(tile);
    const kept = this.#cache?.get(hash);
    if (kept) return kept;
    const known = this.#loading.get(hash);
    if (known) return known.promise;
    const loading: Loading = { promise: this.#load(hash), isStale: false };
    this.#loading.set(hash, loading);
    try {
      const served = await loading.promise;
      if (served && !loading.isStale) this.#cache?.set(hash, served);
      return served;
    } finally {
      if (this.#loading.get(hash) === loading) this.#loading.delete(hash);
    }
  }

  close(): void {
    this.#stop();
    this.#cache?.clear();
  }

  #forget(hash: string | undefined): void {
    if (hash === undefined) this.#cache?.clear();
    else this.#cache?.delete(hash);
    for (const [key, loading] of this.#loading)
      if (hash === undefined || key === hash) {
        loading.isStale = true;
        this.#loading.delete(key);
      }
  }

  /**
   * Reads the file that the row points to. Where that is gone, or the row is another one afterwards, a writer was
   * faster: the name may belong to another file by now, so all of it is done once more.
   */
  async #load(hash: string): Promise<ServedTile | undefined> {
    let row = await this.catalogue.file(hash);
    while (row) {
      const bytes = await this.files.read(row.filePath);
      const now = await this.catalogue.file(hash);
      if (now?.id === row.id && now.updatedAt === row.updatedAt && now.filePath === row.filePath) {
        if (bytes) return describe(row, bytes);
        this.#onMissingFile?.(row);
        throw new OpenEOError('TileRowInvalid', { reason: `the file of the tile ${row.id} is missing.` });
      }
      row = now;
    }
    return undefined;
  }
}

function describe({ id, updatedAt }: TileFile, bytes: Buffer): ServedTile {
  const type = imageTypeOf(bytes);
  return {
    bytes,
    mediaType: type ? `image/${type}` : 'application/octet-stream',
    etag: `"${id}-${updatedAt.toString(36)}"`,
    modified: new Date(Math.floor(updatedAt / 1000)),
  };
}
