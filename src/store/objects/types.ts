import type { Readable } from 'node:stream';

export interface ObjectInfo {
  /** Slash-separated, no leading slash, no `.` or `..` segment. */
  readonly key: string;
  readonly size: number;
  readonly modified: Date;
  /** Changes whenever the bytes do; on disk with every write. */
  readonly etag: string;
}

/** What readers of an object's address are told; back-ends that have no such addresses do not keep it. */
export interface ObjectHeaders {
  readonly contentType?: string;
  /** For example `public, max-age=31536000, immutable`. */
  readonly cacheControl?: string;
}

export interface PutOptions extends ObjectHeaders {
  /** `absent`: write only where no object is; otherwise the write changes nothing and returns undefined. */
  readonly condition?: 'absent';
  /** Stop with OpenEOError `FileSizeExceeded` beyond so many bytes, leaving nothing behind. */
  readonly maxBytes?: number;
  /** About how many bytes come, where that is known: bodies of many gigabytes are cut into larger parts. */
  readonly expectedBytes?: number;
  /**
   * Whether it may get lost when the machine fails (not the process) until `sync` is called: for many small objects that
   * can be made again. Only disks make a difference.
   */
  readonly isLazy?: boolean;
  readonly signal?: AbortSignal;
}

/** What an address that needs no further credentials allows, and for how long. */
export interface PresignOptions extends ObjectHeaders {
  readonly method: 'GET' | 'PUT';
  readonly expiresSeconds: number;
  /** The file name that browsers save a download under. */
  readonly fileName?: string;
}

/**
 * Files by key, in streams. Writes are atomic: a reader sees the old object, the new one or none.
 * @throws OpenEOError `StorageFailure`; `StorageUnavailable` (try later); `FilePathInvalid` for keys that no
 * back-end may store.
 */
export interface ObjectStore {
  /** Whether keys form a tree, as files in folders do: then none can lie below another. */
  readonly isTree: boolean;
  /**
   * Whether `condition: 'absent'` holds among all writers. Otherwise it holds among those of one process: where
   * several processes write, names must be unique by themselves.
   */
  isExclusive(): Promise<boolean>;
  /** An address for one object that works without further credentials; undefined where the store has none. */
  presign(key: string, options: PresignOptions): Promise<string | undefined>;
  head(key: string): Promise<ObjectInfo | undefined>;
  /**
   * `range` is inclusive on both ends and cut to the object; beyond its end the body is empty.
   * Undefined: there is no such object. Whoever does not read the body to its end destroys it.
   */
  get(
    key: string,
    range?: { readonly start: number; readonly end: number },
  ): Promise<{ readonly info: ObjectInfo; readonly body: Readable } | undefined>;
  /**
   * Gives an object a second name on this machine's disk, which takes no room and outlives its removal and replacement.
   * Who asks must not write to it. False: bytes lie elsewhere, or there is no such object; `get` has them or not.
   */
  link(key: string, path: string): Promise<boolean>;
  /** A body that fails or is refused half-way leaves nothing behind; it is not destroyed, so that its sender can be answered. */
  put(key: string, body: Readable | Uint8Array, options?: PutOptions): Promise<ObjectInfo | undefined>;
  remove(key: string): Promise<boolean>;
  /** Keys below a folder (`a` and `a/` alike; `` is everything), in the order of their UTF-8 bytes. */
  list(
    prefix: string,
    page?: { readonly limit?: number; readonly after?: string },
  ): Promise<{ readonly items: readonly ObjectInfo[]; readonly next?: string }>;
  /** Makes what was written lazily below a folder survive everything that durable writes survive. */
  sync(prefix: string): Promise<void>;
  /** Removes what `list` lists; tells how many. */
  removeAll(prefix: string): Promise<number>;
  close(): Promise<void>;
}
