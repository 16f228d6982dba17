import { execFile } from 'node:child_process';
import { constants, open as openFile } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { untilAborted } from '../../base/until-aborted';

/** What one read brings at most: as much as the system keeps in a pipe. */
const chunkBytes = 64 * 1024;

/** Bytes that come through a pipe, which are read ahead so that writer and reader need not wait for each other. */
export interface NamedPipe {
  /**
   * Fills a buffer with what comes next.
   * @returns how many bytes there were: fewer when the writer has ended
   * @throws the signal's reason; nobody reads on after that
   */
  read(target: Uint8Array, signal: AbortSignal): Promise<number>;
  /** The writer is told so when it writes the next time. */
  close(): void;
}

/**
 * Makes a pipe for a writer that knows only paths: what it writes needs no room on a disk, and a writer that is faster
 * than the reader waits.
 * @param path that is free; whoever made its folder removes it
 * @param aheadBytes that are read before they are asked for, at least
 * @param write resolves or rejects when nothing comes any more
 * @returns undefined where the system has no such pipes; nothing is written then
 */
export async function openNamedPipe(
  path: string,
  aheadBytes: number,
  write: () => Promise<unknown>,
): Promise<NamedPipe | undefined> {
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', path]);
  } catch {
    return undefined;
  }
  const readEnd = await promisify(openFile)(path, constants.O_RDONLY | constants.O_NONBLOCK);
  // Held open until the writer has ended: without a writer nobody is told of the end.
  const writeEnd = await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
  return new Pipe(readEnd, aheadBytes, writeEnd, write());
}

class Pipe implements NamedPipe {
  readonly #socket: Socket;
  /** A ring: bytes that came before they were asked for. */
  readonly #room: Uint8Array;
  #start = 0;
  #length = 0;
  /** What somebody waits for; nothing is kept then. */
  #missing: Uint8Array = new Uint8Array();
  #isEnded = false;
  #wake = () => {};

  constructor(fd: number, aheadBytes: number, writeEnd: FileHandle, writing: Promise<unknown>) {
    this.#room = new Uint8Array(aheadBytes + chunkBytes);
    const buffer = new Uint8Array(chunkBytes);
    this.#socket = new Socket({
      ...{ fd, readable: true, writable: false },
      onread: { buffer, callback: (count: number) => this.#receive(buffer.subarray(0, count)) },
    });
    const end = () => {
      this.#isEnded = true;
      this.#wake();
    };
    this.#socket.on('error', end).on('end', end);
    const release = () => writeEnd.close().catch(() => {});
    writing.then(release, release);
  }

  async read(target: Uint8Array, signal: AbortSignal): Promise<number> {
    this.#missing = target.subarray(this.#take(target));
    if (this.#missing.length > 0 && !this.#isEnded) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await untilAborted(promise, signal);
    }
    const done = target.length - this.#missing.length;
    this.#missing = new Uint8Array();
    return done;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** @returns whether there is room for more */
  #receive(bytes: Uint8Array): boolean {
    const asked = Math.min(bytes.length, this.#missing.length);
    if (asked > 0) {
      this.#missing.set(bytes.subarray(0, asked));
      this.#missing = this.#missing.subarray(asked);
      if (this.#missing.length === 0) this.#wake();
    }
    if (asked < bytes.length) this.#keep(bytes.subarray(asked));
    return this.#hasRoom();
  }

  #keep(bytes: Uint8Array): void {
    const at = (this.#start + this.#length) % this.#room.length;
    const first = Math.min(bytes.length, this.#room.length - at);
    this.#room.set(bytes.subarray(0, first), at);
    this.#room.set(bytes.subarray(first), 0);
    this.#length += bytes.length;
  }

  #hasRoom(): boolean {
    return this.#room.length - this.#length >= chunkBytes;
  }

  #take(target: Uint8Array): number {
    const count = Math.min(target.length, this.#length);
    const first = Math.min(count, this.#room.length - this.#start);
    target.set(this.#room.subarray(this.#start, this.#start + first));
    target.set(this.#room.subarray(0, count - first), first);
    this.#start = (this.#start + count) % this.#room.length;
    this.#length -= count;
    if (this.#hasRoom() && !this.#socket.destroyed) this.#socket.resume();
    return count;
  }
}
