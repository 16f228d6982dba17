import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { OpenEOError } from '../../base/errors';
import { fileErrorCode } from '../../store/objects/disk-errors';
import type { ImageShape } from './halve';

/** What is known of an image before its pixels are decoded. */
export interface ImageInfo {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly format: string;
  /** Whether its pixels lie in another direction than it is to be looked at. */
  readonly isTurned: boolean;
}

export interface ImageLimits {
  /** Pixels (width × height) of a source. */
  readonly sourcePixels: number;
}

/** Pixels of an image, 8 bits a channel, from the top down. */
export interface DecodedImage extends ImageShape {
  /** Fills a buffer with whole rows, as soon as they are decoded. @throws OpenEOError `AssetInvalid`, `StorageFailure` */
  readRows(first: number, target: Uint8Array, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What a source may be: formats of pictures, none of which is a program (SVG, PDF) or opens other files. */
const accepted = new Set(['png', 'jpeg', 'webp', 'tiff', 'avif', 'heif', 'gif']);
/** Bytes of the header of libvips' own files, which hold plain pixels after it. */
const headerBytes = 64;
/** How long rows that are not there yet are waited for before the file is looked at again. */
const patienceMs = 5;

/** A rectangle of pixels of an image as it is looked at. */
export interface ImageRegion {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Pixels a side of what stands for a large image. */
const samplePx = 2048;

/** Where the largest tiles begin: how well a picture is compressed depends on where it is cut. */
const cutPx = 512;

/** The middle of an image: what most of it is like. */
export function middleOf({ widthPx, heightPx }: Pick<ImageInfo, 'widthPx' | 'heightPx'>): ImageRegion {
  const [width, height] = [Math.min(samplePx, widthPx), Math.min(samplePx, heightPx)];
  const start = (length: number, part: number) => Math.floor((length - part) / 2 / cutPx) * cutPx;
  return { left: start(widthPx, width), top: start(heightPx, height), width, height };
}

function openImage(path: string): Sharp {
  return sharp(path, { limitInputPixels: false, sequentialRead: true, failOn: 'error' });
}

function invalid(reason: string, cause?: unknown): OpenEOError {
  return new OpenEOError('AssetInvalid', { reason }, { cause });
}

/** @throws OpenEOError `AssetInvalid` for what is no picture, or too large a one */
export async function readImageInfo(path: string, limits: ImageLimits): Promise<ImageInfo> {
  let metadata: Metadata;
  try {
    metadata = await openImage(path).metadata();
  } catch (error) {
    throw invalid('it is not a picture that can be decoded (PNG, JPEG, WebP, TIFF).', error);
  }
  const { format, autoOrient, orientation = 1 } = metadata;
  if (!accepted.has(format)) throw invalid(`its format ${format} is not accepted (PNG, JPEG, WebP, TIFF).`);
  const { width: widthPx, height: heightPx } = autoOrient;
  if (widthPx * heightPx > limits.sourcePixels)
    throw invalid(
      `it has ${widthPx} × ${heightPx} pixels; ${limits.sourcePixels.toLocaleString('en')} are accepted.`,
    );
  checkPixels(metadata);
  return { widthPx, heightPx, format, isTurned: orientation > 1 };
}

/** TIFF can hold any values. What is no brightness would come out black, or as what it wraps around to. */
function checkPixels({ channels, depth, space }: Metadata): void {
  const isBrightness = depth === 'uchar' || depth === 'ushort' || space === 'scrgb';
  if (!isBrightness)
    throw invalid(
      `its values are of the type ${depth}; pictures have 8 or 16 bits a channel. Scale them first.`,
    );
  const colours = space === 'cmyk' ? 4 : space === 'b-w' || space === 'grey16' ? 1 : 3;
  if (channels !== colours && channels !== colours + 1)
    throw invalid(`it has ${channels} channels; pictures are grey or in colours, with or without opacity.`);
}

function translate(error: unknown): OpenEOError {
  const code = fileErrorCode(error);
  if (code !== '' || /no space|disc full|write error|unable to write/i.test((error as Error).message))
    return new OpenEOError('StorageFailure', {}, { cause: error });
  return invalid('its pixels cannot be decoded.', error);
}

/**
 * Decodes an image to plain pixels in a scratch file, row by row: memory does not grow with it. The rows can be read
 * while further ones are decoded.
 * @param folder for the scratch file @param region all that is wanted of it; absent: the whole
 * @throws OpenEOError `AssetInvalid` where it is broken; `StorageFailure` where there is no room; the signal's reason
 */
export async function decodeImage(
  path: string,
  folder: string,
  info: ImageInfo,
  signal: AbortSignal,
  region?: ImageRegion,
): Promise<DecodedImage> {
  const target = join(folder, 'full.v');
  const image = info.isTurned ? openImage(path).autoOrient() : openImage(path);
  if (region) image.extract(region);
  const decoding = new Decoding(image.toColourspace('srgb').toFile(target));
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
    const [width, height, channels, , sample] = [4, 8, 12, 16, 20].map((at) => header.readInt32LE(at));
    if ((channels !== 3 && channels !== 4) || sample !== 0)
      throw invalid(`it has ${channels} channels; three or four of 8 bits are accepted.`);
    return new GrowingImage(file, decoding, width, height, channels);
  } catch (error) {
    await file?.close();
    signal.throwIfAborted();
    throw error instanceof OpenEOError ? error : translate(error);
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
    if (this.#failure) throw translate(this.#failure.error);
  }
}

class GrowingImage implements DecodedImage {
  /** Bytes that are known to be there. */
  #available = 0;

  constructor(
    private readonly file: FileHandle,
    private readonly decoding: Decoding,
    readonly widthPx: number,
    readonly heightPx: number,
    readonly channels: 3 | 4,
  ) {}

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
