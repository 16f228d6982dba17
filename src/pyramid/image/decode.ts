import sharp, { type Metadata, type Sharp } from 'sharp';
import type { ImageShape } from './halve';
import { openPipedImage } from './piped-image';
import { invalidPicture } from './plain-pixels';
import { openScratchImage } from './scratch-image';

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

/** @throws OpenEOError `AssetInvalid` for what is no picture, or too large a one */
export async function readImageInfo(path: string, limits: ImageLimits): Promise<ImageInfo> {
  let metadata: Metadata;
  try {
    metadata = await openImage(path).metadata();
  } catch (error) {
    throw invalidPicture('it is not a picture that can be decoded (PNG, JPEG, WebP, TIFF).', error);
  }
  const { format, autoOrient, orientation = 1 } = metadata;
  if (!accepted.has(format))
    throw invalidPicture(`its format ${format} is not accepted (PNG, JPEG, WebP, TIFF).`);
  const { width: widthPx, height: heightPx } = autoOrient;
  if (widthPx * heightPx > limits.sourcePixels)
    throw invalidPicture(
      `it has ${widthPx} × ${heightPx} pixels; ${limits.sourcePixels.toLocaleString('en')} are accepted.`,
    );
  checkPixels(metadata);
  return { widthPx, heightPx, format, isTurned: orientation > 1 };
}

/** TIFF can hold any values. What is no brightness would come out black, or as what it wraps around to. */
function checkPixels({ channels, depth, space }: Metadata): void {
  const isBrightness = depth === 'uchar' || depth === 'ushort' || space === 'scrgb';
  if (!isBrightness)
    throw invalidPicture(
      `its values are of the type ${depth}; pictures have 8 or 16 bits a channel. Scale them first.`,
    );
  const colours = space === 'cmyk' ? 4 : space === 'b-w' || space === 'grey16' ? 1 : 3;
  if (channels !== colours && channels !== colours + 1)
    throw invalidPicture(
      `it has ${channels} channels; pictures are grey or in colours, with or without opacity.`,
    );
}

/**
 * Decodes an image to plain pixels, row by row, from the top down: memory does not grow with it. The rows can be read
 * while further ones are decoded. The whole of an image comes through a pipe where that can be, a part of it by way of a
 * scratch file.
 * @param folder for scratch files @param region all that is wanted of it; absent: the whole
 * @throws OpenEOError `AssetInvalid` where it is broken; `StorageFailure` where there is no room; the signal's reason
 */
export async function decodeImage(
  path: string,
  folder: string,
  info: ImageInfo,
  signal: AbortSignal,
  region?: ImageRegion,
): Promise<DecodedImage> {
  const decode = (target: string) => {
    const image = info.isTurned ? openImage(path).autoOrient() : openImage(path);
    if (region) image.extract(region);
    return image.toColourspace('srgb').toFile(target);
  };
  const piped = region ? undefined : await openPipedImage(decode, folder, signal);
  return piped ?? openScratchImage(decode, folder, signal);
}
