import { type Readable, Transform } from 'node:stream';
import { OpenEOError } from '../../base/errors';
import type { ObjectInfo, ObjectStore } from '../../store/objects/types';
import type { RecordStore } from '../../store/records/types';
import { parentFolders, parseFilePath } from './file-path';
import { Quota, type Reservation } from './quota';

export interface UserFile {
  readonly path: string;
  readonly size: number;
  readonly modified: Date;
  readonly etag: string;
}

export interface Upload {
  readonly body: Readable;
  /** As the client announced it. */
  readonly length?: number;
  readonly signal: AbortSignal;
}

/** Of an upload of unknown length, room for so many bytes more is reserved at a time. */
const stepBytes = 4 << 20;

/** The files of users: each sees only their own. The quota holds over all server processes on the same records. */
export class UserFiles {
  readonly #quota: Quota;

  constructor(
    readonly objects: ObjectStore,
    uploads: RecordStore['uploads'],
    quotaBytes: number,
  ) {
    this.#quota = new Quota(uploads, quotaBytes, async (userId) => (await this.list(userId)).items);
  }

  /** In the order of paths. */
  async list(
    userId: string,
    page: { readonly limit?: number; readonly after?: string } = {},
  ): Promise<{ readonly items: readonly UserFile[]; readonly next?: string }> {
    const prefix = prefixOf(userId);
    const after = page.after === undefined ? undefined : prefix + parseFilePath(page.after);
    const items: UserFile[] = [];
    let next = after;
    do {
      const found = await this.objects.list(prefix, {
        ...(page.limit !== undefined && { limit: page.limit - items.length }),
        ...(next !== undefined && { after: next }),
      });
      for (const info of found.items) items.push(toFile(info, prefix));
      next = found.next;
    } while (next !== undefined && (page.limit === undefined || items.length < page.limit));
    return { items, ...(next !== undefined && { next: items.at(-1)?.path ?? next.slice(prefix.length) }) };
  }

  async usedBytes(userId: string): Promise<number> {
    const { items } = await this.list(userId);
    return items.reduce((sum, { size }) => sum + size, 0);
  }

  /** @throws OpenEOError `FileNotFound`, `FilePathInvalid`, `FileOperationUnsupported` (a folder) */
  async head(userId: string, path: string): Promise<UserFile> {
    const prefix = prefixOf(userId);
    const info = await this.objects.head(prefix + parseFilePath(path));
    return info ? toFile(info, prefix) : this.#missing(userId, path);
  }

  /** @throws as `head` */
  async read(
    userId: string,
    path: string,
    range?: { readonly start: number; readonly end: number },
  ): Promise<{ readonly file: UserFile; readonly body: Readable }> {
    const prefix = prefixOf(userId);
    const found = await this.objects.get(prefix + parseFilePath(path), range);
    return found ? { file: toFile(found.info, prefix), body: found.body } : this.#missing(userId, path);
  }

  /**
   * Stores a file, or leaves everything as it was.
   * @throws OpenEOError `FilePathInvalid`, `StorageQuotaExceeded`
   */
  async write(userId: string, path: string, upload: Upload): Promise<UserFile> {
    const prefix = prefixOf(userId);
    const plain = parseFilePath(path);
    await this.#refuseFolders(userId, plain);
    const key = prefix + plain;
    const room = this.#quota.open(userId, plain);
    try {
      if (upload.length !== undefined) await room.reserve(upload.length);
      return toFile(await this.#store(key, upload, counterOf(room)), prefix);
    } finally {
      await room.end();
    }
  }

  /** @throws as `head` */
  async remove(userId: string, path: string): Promise<void> {
    const key = prefixOf(userId) + parseFilePath(path);
    if (!(await this.objects.remove(key))) await this.#missing(userId, path);
  }

  /** All files of a user who is no more. */
  async removeAll(userId: string): Promise<void> {
    await this.objects.removeAll(prefixOf(userId));
  }

  async #store(key: string, upload: Upload, counter: Transform): Promise<ObjectInfo> {
    let failure: Error | undefined;
    counter.once('error', (error) => {
      failure = error;
      upload.body.unpipe(counter);
    });
    const leave = () => counter.destroy(upload.signal.reason);
    upload.signal.addEventListener('abort', leave, { once: true });
    upload.body.pipe(counter);
    try {
      const info = await this.objects.put(key, counter, { signal: upload.signal });
      if (!info) throw new OpenEOError('StorageFailure');
      return info;
    } catch (error) {
      // Whatever the store made of it, this is why the bytes ended.
      throw upload.signal.aborted ? upload.signal.reason : (failure ?? error);
    } finally {
      upload.signal.removeEventListener('abort', leave);
      upload.body.unpipe(counter);
      counter.destroy();
    }
  }

  /** A name is a file or a folder, never both. */
  async #refuseFolders(userId: string, path: string): Promise<void> {
    const prefix = prefixOf(userId);
    if (await this.#isFolder(userId, path))
      throw new OpenEOError('FilePathInvalid', { reason: `${path} is a folder` });
    for (const folder of parentFolders(path))
      if (await this.objects.head(prefix + folder))
        throw new OpenEOError('FilePathInvalid', { reason: `${folder} is a file, not a folder` });
  }

  async #isFolder(userId: string, path: string): Promise<boolean> {
    const { items } = await this.objects.list(`${prefixOf(userId)}${path}/`, { limit: 1 });
    return items.length > 0;
  }

  async #missing(userId: string, path: string): Promise<never> {
    if (await this.#isFolder(userId, parseFilePath(path)))
      throw new OpenEOError('FileOperationUnsupported', { path });
    throw new OpenEOError('FileNotFound', { file: path });
  }
}

/** Passes on what there is room for. */
function counterOf(room: Reservation): Transform {
  let counted = 0;
  const grow = async () => {
    if (counted <= room.bytes) return;
    try {
      await room.reserve(counted + stepBytes);
    } catch (error) {
      if (!(error instanceof OpenEOError) || error.code !== 'StorageQuotaExceeded') throw error;
      await room.reserve(counted);
    }
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      counted += chunk.length;
      grow().then(() => done(null, chunk), done);
    },
    flush(done) {
      room.keep().then(() => done(), done);
    },
  });
}

/** User ids consist of letters, digits, "_", "-", "." and "~" and are never "." or ".." (`auth/users.ts`). */
function prefixOf(userId: string): string {
  return `files/${userId}/`;
}

function toFile({ key, size, modified, etag }: ObjectInfo, prefix: string): UserFile {
  return { path: key.slice(prefix.length), size, modified, etag };
}
