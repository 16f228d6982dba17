import { randomUUID } from 'node:crypto';
import { type BigIntStats, constants, promises as fs } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { OpenEOError, SetupError } from '../../base/errors';
import { someAtOnce } from '../../base/some-at-once';
import { fileErrorCode, isMissing, translateFileError } from './disk-errors';
import {
  hasPlainFolder,
  isFolder,
  makeFolder,
  pruneFolders,
  syncFile,
  syncFileSystem,
  syncFolder,
  walk,
} from './disk-tree';
import { writeBody } from './disk-write';
import { folderSegments, keySegments, reservedFolder } from './keys';
import type { ObjectInfo, ObjectStore, PutOptions } from './types';

/** Uploads that a crash left behind are removed at the next start once they are this old. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;
const syncsAtOnce = 8;
/** So many files take longer one by one than all that waits to be written on their disk. */
const manyFiles = 200;
const looksAtOnce = 16;
const never = new AbortController().signal;
/** Without NONBLOCK the opening of a pipe that somebody put there would wait for its writer. */
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function describe(key: string, stats: BigIntStats): ObjectInfo {
  // Every write makes a new file, hence another inode or at least another time.
  const etag = [stats.ino, stats.mtimeNs, stats.size].map((part) => part.toString(36)).join('-');
  return { key, size: Number(stats.size), modified: stats.mtime, etag };
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await fs.readdir(folder)) {
    const path = join(folder, name);
    const stats = await fs.stat(path).catch(() => undefined);
    if (stats && Date.now() - stats.mtimeMs > abandonedAfterMs) await fs.rm(path, { force: true });
  }
}

/**
 * Objects as files below a folder, which is made where it is missing. Several processes may share it.
 * @throws SetupError where the folder cannot be written to
 */
export async function openDisk(folder: string): Promise<ObjectStore> {
  try {
    await fs.mkdir(join(folder, reservedFolder), { recursive: true });
    await removeAbandoned(join(folder, reservedFolder));
    await fs.access(join(folder, reservedFolder), constants.W_OK);
    return new Disk(await fs.realpath(folder));
  } catch (error) {
    throw new SetupError(`The object store ${folder} cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

class Disk implements ObjectStore {
  readonly isTree = true;

  constructor(readonly root: string) {}

  async head(key: string): Promise<ObjectInfo | undefined> {
    const path = this.#path(key);
    return (await hasPlainFolder(path)) ? this.#look(key, path) : undefined;
  }

  /** @param path in a folder that is really there */
  async #look(key: string, path: string): Promise<ObjectInfo | undefined> {
    try {
      const stats = await fs.lstat(path, { bigint: true });
      return stats.isFile() ? describe(key, stats) : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw translateFileError(error);
    }
  }

  async get(
    key: string,
    range?: { readonly start: number; readonly end: number },
  ): Promise<{ readonly info: ObjectInfo; readonly body: Readable } | undefined> {
    const path = this.#path(key);
    if (!(await hasPlainFolder(path))) return undefined;
    let file: fs.FileHandle | undefined;
    try {
      file = await fs.open(path, readFlags);
      const stats = await file.stat({ bigint: true });
      const info = describe(key, stats);
      const start = range?.start ?? 0;
      const end = Math.min(range?.end ?? info.size - 1, info.size - 1);
      if (!stats.isFile() || start > end) {
        await file.close();
        return stats.isFile() ? { info, body: Readable.from([]) } : undefined;
      }
      return { info, body: file.createReadStream({ start, end }) };
    } catch (error) {
      await file?.close().catch(() => {});
      if (isMissing(error)) return undefined;
      throw translateFileError(error);
    }
  }

  async link(key: string, path: string): Promise<boolean> {
    // Objects are replaced by others, never changed: a link keeps what it was made of.
    if (!(await this.head(key))) return false;
    return fs.link(this.#path(key), path).then(
      () => true,
      () => false,
    );
  }

  async put(
    key: string,
    body: Readable | Uint8Array,
    options: PutOptions = {},
  ): Promise<ObjectInfo | undefined> {
    const path = this.#path(key);
    const incoming = join(this.root, reservedFolder, randomUUID());
    let file: fs.FileHandle | undefined;
    let isMoved = false;
    try {
      file = await fs.open(incoming, 'wx');
      await writeBody(file, body, options);
      if (!options.isLazy) await file.sync();
      const info = describe(key, await file.stat({ bigint: true }));
      options.signal?.throwIfAborted();
      const isPublished = await this.#publish(incoming, path, key, options);
      isMoved = isPublished && options.condition !== 'absent';
      return isPublished ? info : undefined;
    } catch (error) {
      throw translateFileError(error);
    } finally {
      await file?.close().catch(() => {});
      if (!isMoved) await fs.rm(incoming, { force: true }).catch(() => {});
    }
  }

  async remove(key: string): Promise<boolean> {
    const path = this.#path(key);
    if (!(await this.head(key))) return false;
    try {
      await fs.unlink(path);
    } catch (error) {
      if (isMissing(error)) return false;
      throw translateFileError(error);
    }
    await pruneFolders(this.root, path);
    return true;
  }

  async list(
    prefix: string,
    page: { readonly limit?: number; readonly after?: string } = {},
  ): Promise<{ readonly items: readonly ObjectInfo[]; readonly next?: string }> {
    const limit = Math.max(1, page.limit ?? Number.POSITIVE_INFINITY);
    const items: ObjectInfo[] = [];
    for await (const keys of this.#keys(prefix, page.after ?? '')) {
      if (!(await hasPlainFolder(this.#path(keys[0])))) continue;
      for (let at = 0; at < keys.length; at += looksAtOnce) {
        const some = keys.slice(at, at + looksAtOnce);
        for (const info of await Promise.all(some.map((key) => this.#look(key, this.#path(key))))) {
          // Removed meanwhile.
          if (!info) continue;
          if (items.length === limit) return { items, next: items[limit - 1].key };
          items.push(info);
        }
      }
    }
    return { items };
  }

  async sync(prefix: string): Promise<void> {
    const files: string[] = [];
    const folders = new Set<string>();
    for await (const keys of this.#keys(prefix, '')) {
      for (const key of keys) files.push(this.#path(key));
      for (let each = dirname(this.#path(keys[0])); each.length >= this.root.length; each = dirname(each))
        folders.add(each);
    }
    if (files.length > manyFiles && (await syncFileSystem(dirname(files[0])))) return;
    const sync = (index: number) => syncFile(files[index]);
    await someAtOnce(files.length, syncsAtOnce, never, sync).catch((error: unknown) => {
      throw translateFileError(error);
    });
    for (const folder of folders) await syncFolder(join(folder, 'any'));
  }

  async removeAll(prefix: string): Promise<number> {
    let count = 0;
    for await (const keys of this.#keys(prefix, ''))
      for (const key of keys) if (await this.remove(key)) count++;
    return count;
  }

  async isExclusive(): Promise<boolean> {
    return true;
  }

  async presign(): Promise<undefined> {}

  async close(): Promise<void> {}

  #path(key: string): string {
    return join(this.root, ...keySegments(key));
  }

  async *#keys(prefix: string, after: string): AsyncGenerator<readonly string[]> {
    const segments = folderSegments(prefix);
    if (await hasPlainFolder(join(this.root, ...segments, 'any'))) yield* walk(this.root, segments, after);
  }

  /** Gives a finished file its name, in one step for all who look. False: the name is taken and shall not be. */
  async #publish(
    incoming: string,
    path: string,
    key: string,
    { condition, isLazy }: PutOptions,
  ): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      try {
        await makeFolder(this.root, path);
        if (condition === 'absent') await fs.link(incoming, path);
        else await fs.rename(incoming, path);
        if (!isLazy) await syncFolder(path);
        return true;
      } catch (error) {
        if (await isFolder(path))
          throw new OpenEOError('FolderOperationUnsupported', { path: key }, { cause: error });
        const code = fileErrorCode(error);
        if (code === 'EEXIST') return false;
        if (code === 'ENOTDIR')
          throw new OpenEOError(
            'FilePathInvalid',
            { reason: 'a part of it is a file, not a folder.' },
            { cause: error },
          );
        // The folder was empty a moment ago, and another request tidied it away.
        if (code !== 'ENOENT' || attempt === 20) throw error;
      }
    }
  }
}
