import type { Readable } from 'node:stream';
import type { FileSource } from '../source';
import { reading, unreadable } from './unreadable';

/** A part of a file, from `start` to `end` (both included). */
export interface FilePart {
  /** Of the whole file. */
  readonly size: number;
  readonly version: string;
  readonly body: Readable;
}

/** A file in whatever store, read by ranges. When its version changes, reads fail instead of mixing two files. */
export class RangedSource implements FileSource {
  constructor(
    readonly id: string,
    readonly fileVersion: string,
    readonly part: (start: number, end: number) => Promise<FilePart>,
  ) {}

  async version(): Promise<string> {
    return this.fileVersion;
  }

  async isCurrent(): Promise<boolean> {
    try {
      const { version, body } = await this.part(0, 0);
      body.on('error', () => {}).destroy();
      return version === this.fileVersion;
    } catch {
      return false;
    }
  }

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    if (length <= 0) return new Uint8Array(0);
    return reading(this.id, signal, async () => {
      const { version, body } = await this.part(offset, offset + length - 1);
      try {
        if (version !== this.fileVersion) throw unreadable(this.id, 'the file has changed while it was read');
        const chunks: Buffer[] = [];
        for await (const chunk of body) {
          signal?.throwIfAborted();
          chunks.push(chunk);
        }
        return new Uint8Array(Buffer.concat(chunks));
      } finally {
        body.on('error', () => {}).destroy();
      }
    });
  }

  async close(): Promise<void> {}
}
