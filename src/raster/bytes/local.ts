import { type FileHandle, open, stat } from 'node:fs/promises';
import { unclearedBytes } from '../recycled';
import type { FileSource } from '../source';
import { reading, unreadable } from './unreadable';

interface Identity {
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

const version = (file: Identity) =>
  `${file.size.toString(36)}-${file.mtimeNs.toString(36)}-${file.ino.toString(36)}`;

interface Opened {
  readonly handle: FileHandle;
  readonly size: number;
  readonly version: string;
}

/**
 * A file of this machine. It stays open, so that one replaced by another under the same name is never
 * mixed with it. Closing is no end: the next read opens it again, if it is still the same file.
 */
export class LocalSource implements FileSource {
  readonly id: string;
  #file: Promise<Opened> | undefined;
  #version: string | undefined;

  constructor(path: string) {
    this.id = path;
  }

  #open(): Promise<Opened> {
    this.#file ??= reading(this.id, undefined, async () => {
      const handle = await open(this.id, 'r');
      try {
        const found = await handle.stat({ bigint: true });
        if (!found.isFile()) throw unreadable(this.id, 'it is not a file');
        this.#version ??= version(found);
        if (version(found) !== this.#version)
          throw unreadable(this.id, 'the file has changed while it was read');
        return { handle, size: Number(found.size), version: this.#version };
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
    this.#file.catch(() => {
      this.#file = undefined;
    });
    return this.#file;
  }

  async version(): Promise<string> {
    return (await this.#open()).version;
  }

  /** True while the name still leads to the same bytes. */
  async isCurrent(): Promise<boolean> {
    try {
      return version(await stat(this.id, { bigint: true })) === this.#version;
    } catch {
      return false;
    }
  }

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const { handle, size } = await this.#open();
    const wanted = Math.max(0, Math.min(length, size - offset));
    const bytes = unclearedBytes(wanted);
    return reading(this.id, signal, async () => {
      let done = 0;
      while (done < wanted) {
        const { bytesRead } = await handle.read(bytes, done, wanted - done, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done === wanted ? bytes : bytes.subarray(0, done);
    });
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.then(({ handle }) => handle.close()).catch(() => {});
  }
}
