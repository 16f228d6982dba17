import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OpenEOError } from '../../base/errors';
import type { DecodedImage } from './decode';
import { type Decode, headerBytes, type PlainShape, readHeader, translateDecoding } from './plain-pixels';

/** How long rows that are not there yet are waited for before the file is looked at again. */
const patienceMs = 5;

/**
 * Decodes an image to a scratch file; its rows can be read in any order, as soon as they are there.
 * @throws OpenEOError `AssetInvalid` where it is broken; `StorageFailure` where there is no room; the signal's reason
 */
export async function openScratchImage(
  decode: Decode,
  folder: string,
  signal: AbortSignal,
): Promise<DecodedImage> {
  const target = join(folder, 'full.v');
  const decoding = new Decoding(decode(target));
  const header = Buffer.alloc(headerBytes);
  let file: FileHandle | undefined;
  try {
    for (; ; await decoding.step()) {
      signal.throwIfAborted();
      // What libvips writes first is the header; before that there is no file.
      file ??= await open(target, 'r').catch((error: unknown) => {
        if (decoding.isDone) throw error;
        return undefined;
      });
      if (file && (await file.read(header, 0, headerBytes, 0)).bytesRead === headerBytes) break;
    }
    return new GrowingImage(file, decoding, readHeader(header));
  } catch (error) {
    await file?.close();
    signal.throwIfAborted();
    throw error instanceof OpenEOError ? error : translateDecoding(error);
  }
}

/** A decoder at work, which cannot be told to stop: what it writes after the end is nobody's. */
class Decoding {
  isDone = false;
  #failure: { readonly error: unknown } | undefined;
  readonly #end: Promise<void>;

  constructor(work: Promise<unknown>) {
    this.#end = work.then(
      () => {
        this.isDone = true;
      },
      (error: unknown) => {
        this.#failure = { error };
      },
    );
  }

  /** Waits a moment, or until its end. @throws OpenEOError of its failure */
  async step(): Promise<void> {
    const stop = new AbortController();
    await Promise.race([this.#end, delay(patienceMs, undefined, { signal: stop.signal })]);
    stop.abort();
    if (this.#failure) throw translateDecoding(this.#failure.error);
  }
}

class GrowingImage implements DecodedImage {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly channels: 3 | 4;
  /** Bytes that are known to be there. */
  #available = 0;

  constructor(
    private readonly file: FileHandle,
    private readonly decoding: Decoding,
    { widthPx, heightPx, channels }: PlainShape,
  ) {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.channels = channels;
  }

  async readRows(first: number, target: Uint8Array, signal: AbortSignal): Promise<void> {
    const position = headerBytes + first * this.widthPx * this.channels;
    while (this.#available < position + target.length) {
      const { isDone } = this.decoding;
      this.#available = (await this.file.stat()).size;
      if (this.#available >= position + target.length) break;
      if (isDone) throw new Error('The scratch file of an image is shorter than its size says');
      await this.decoding.step();
      signal.throwIfAborted();
    }
    for (let done = 0; done < target.length; ) {
      const { bytesRead } = await this.file.read(target, done, target.length - done, position + done);
      if (bytesRead === 0) throw new Error('The scratch file of an image ends too early');
      done += bytesRead;
    }
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
