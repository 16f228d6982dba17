import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { OpenEOError } from '../../base/errors';

const readBytes = 1 << 20;

/** Bytes to be read back in the order of writing: in memory while few, in a temporary file beyond. */
export class Spool {
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #length = 0;
  #file: FileHandle | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly maxHeldBytes = 8 << 20) {}

  get length(): number {
    return this.#length;
  }

  get isInMemory(): boolean {
    return this.#file === undefined && this.#heldBytes === this.#length;
  }

  /** @returns where the bytes start. Resolves at once while there is room in memory. */
  async append(bytes: Uint8Array): Promise<number> {
    const offset = this.#length;
    this.#held.push(bytes);
    this.#length += bytes.length;
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > this.maxHeldBytes) {
      const held = this.#held;
      this.#held = [];
      this.#heldBytes = 0;
      this.#writing = this.#writing.then(() => this.#write(held));
      // Reported to whoever awaits next; here it must not count as unhandled.
      this.#writing.catch(() => {});
    }
    await this.#writing;
    return offset;
  }

  async #write(parts: Uint8Array[]): Promise<void> {
    try {
      if (!this.#file) {
        const path = join(tmpdir(), `tilegraph-${randomUUID()}`);
        this.#file = await open(path, 'wx+', 0o600);
        // The file lives until its handle is closed, so that nothing is left behind even after a crash.
        await unlink(path);
      }
      await this.#file.writev(parts);
    } catch (cause) {
      throw new OpenEOError('StorageFailure', {}, { cause });
    }
  }

  /** The bytes so far, in pieces of about 1 MB. */
  async *read(): AsyncGenerator<Uint8Array> {
    await this.#writing;
    const onDisk = this.#length - this.#heldBytes;
    for (let position = 0; position < onDisk; ) {
      const buffer = Buffer.allocUnsafe(Math.min(readBytes, onDisk - position));
      const { bytesRead } = await this.#file!.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) throw new OpenEOError('StorageFailure');
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    yield* this.#held;
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => {});
    this.#held = [];
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

/**
 * Bytes as the body of a result: in memory where all of `spools` are, otherwise a stream that is read from their
 * files. The spools are closed when the bytes have been taken, or the stream is destroyed.
 */
export async function bodyOf(
  bytes: AsyncIterable<Uint8Array>,
  spools: readonly Spool[],
): Promise<Uint8Array | Readable> {
  const close = async () => {
    await Promise.all(spools.map((spool) => spool.close()));
  };
  if (spools.every((spool) => spool.isInMemory)) {
    const parts: Uint8Array[] = [];
    for await (const part of bytes) parts.push(part);
    await close();
    return Buffer.concat(parts);
  }
  const body = Readable.from(bytes, { objectMode: false });
  body.once('close', () => void close());
  return body;
}
