import type { Readable } from 'node:stream';

export interface ObjectInfo {
  /** Slash-separated, no leading slash, no `.` or `..` segment. */
  readonly key: string;
  readonly size: number;
  readonly modified: Date;
  /** Changes with every write of the key. */
  readonly etag: string;
}

export interface PutOptions {
  /** `absent`: write only where no object is; otherwise the write changes nothing and returns undefined. */
  readonly condition?: 'absent';
  /** Stop with OpenEOError `FileSizeExceeded` beyond so many bytes, leaving nothing behind. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/**
 * Files by key, in streams. Writes are atomic: a reader sees the old object, the new one or none.
 * @throws OpenEOError `StorageFailure`; `FilePathInvalid` for keys that no back-end may store.
 */
export interface ObjectStore {
  head(key: string): Promise<ObjectInfo | undefined>;
  /**
   * `range` is inclusive on both ends and cut to the object; beyond its end the body is empty.
   * Undefined: there is no such object. Whoever does not read the body to its end destroys it.
   */
  get(
    key: string,
    range?: { readonly start: number; readonly end: number },
  ): Promise<{ readonly info: ObjectInfo; readonly body: Readable } | undefined>;
  /** A body that fails or is refused half-way leaves nothing behind; it is not destroyed, so that its sender can be answered. */
  put(key: string, body: Readable | Uint8Array, options?: PutOptions): Promise<ObjectInfo | undefined>;
  remove(key: string): Promise<boolean>;
  /** Keys below a folder (`a` and `a/` alike; `` is everything), in the order of their UTF-8 bytes. */
  list(
    prefix: string,
    page?: { readonly limit?: number; readonly after?: string },
  ): Promise<{ readonly items: readonly ObjectInfo[]; readonly next?: string }>;
  /** Removes what `list` lists; tells how many. */
  removeAll(prefix: string): Promise<number>;
  close(): Promise<void>;
}
