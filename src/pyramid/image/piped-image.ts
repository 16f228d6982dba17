import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DecodedImage } from './decode';
import { type NamedPipe, openNamedPipe } from './named-pipe';
import { type Decode, headerBytes, type PlainShape, readHeader, translateDecoding } from './plain-pixels';

/** How far decoding goes ahead, so that it need not wait while tiles are cut. */
const aheadBytes = 4 * 1024 * 1024;

/**
 * Whether an image is being piped. Its decoder keeps a thread of libuv's pool waiting while nobody reads; with all of
 * them waiting nothing else would be done, not even what they wait for.
 */
let isPiping = false;

/** Threads of libuv's pool, as its documentation tells. */
const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);

/**
 * Decodes an image to a pipe: nothing of it lies on a disk, and decoding stops soon after `close`. Rows are to be read
 * from the top down; whoever begins again has it decoded again.
 * @returns undefined where there are no pipes, or another image is being piped
 * @throws OpenEOError `AssetInvalid` where it is broken; the signal's reason
 */
export async function openPipedImage(
  decode: Decode,
  folder: string,
  signal: AbortSignal,
): Promise<DecodedImage | undefined> {
  if (isPiping || threads < 2) return undefined;
  isPiping = true;
  let run: Run | undefined;
  try {
    run = await start(decode, folder, signal);
    return run && new PipedImage(run, () => start(decode, folder, signal));
  } finally {
    isPiping = run !== undefined;
  }
}

/** One time that an image is decoded. */
interface Run {
  readonly pipe: NamedPipe;
  readonly shape: PlainShape;
  /** Fills a buffer with what comes next. */
  fill(target: Uint8Array, signal: AbortSignal): Promise<void>;
}

async function start(decode: Decode, folder: string, signal: AbortSignal): Promise<Run | undefined> {
  const path = join(folder, `${randomUUID()}.v`);
  let failure: unknown;
  const write = () =>
    decode(path).catch((error: unknown) => {
      failure = error;
    });
  const pipe = await openNamedPipe(path, aheadBytes, write);
  if (!pipe) return undefined;
  const fill = async (target: Uint8Array, aborting: AbortSignal) => {
    // In a pipe libvips can't go back to note where the pixels end. It fails by that at last, with all of them written.
    if ((await pipe.read(target, aborting)) < target.length) throw translateDecoding(failure);
  };
  try {
    const header = Buffer.alloc(headerBytes);
    // Without a name the pipe is found by nobody who would wait for its other end.
    await fill(header, signal).finally(() => rm(path, { force: true }));
    return { pipe, shape: readHeader(header), fill };
  } catch (error) {
    pipe.close();
    throw error;
  }
}

class PipedImage implements DecodedImage {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly channels: 3 | 4;
  /** The row that comes next. */
  #row = 0;

  constructor(
    private run: Run,
    private readonly again: () => Promise<Run | undefined>,
  ) {
    const { widthPx, heightPx, channels } = run.shape;
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.channels = channels;
  }

  async readRows(first: number, target: Uint8Array, signal: AbortSignal): Promise<void> {
    if (first === 0 && this.#row > 0) {
      this.run.pipe.close();
      this.#row = 0;
      const run = await this.again();
      if (!run) throw new Error('There are no pipes any more');
      this.run = run;
    }
    if (first !== this.#row) throw new Error('The rows of an image in a pipe are read out of turn');
    await this.run.fill(target, signal);
    this.#row += target.length / (this.widthPx * this.channels);
  }

  async close(): Promise<void> {
    this.run.pipe.close();
    isPiping = false;
  }
}
