import { open } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { OpenEOError } from '../../base/errors';
import { fileErrorCode } from '../../store/objects/disk-errors';
import type { RawImage } from './halve';

/** What is known of an image before its pixels are decoded. */
export interface ImageInfo {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly format: string;
}

export interface ImageLimits {
  /** Pixels (width × height) of a source. */
  readonly sourcePixels: number;
}

/** What a source may be: formats of pictures, none of which is a program (SVG, PDF) or opens other files. */
const accepted = new Set(['png', 'jpeg', 'webp', 'tiff', 'avif', 'heif', 'gif']);
/** Bytes of the header of libvips' own files, which hold plain pixels after it. */
const headerBytes = 64;

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
  const { format, autoOrient } = metadata;
  if (!accepted.has(format)) throw invalid(`its format ${format} is not accepted (PNG, JPEG, WebP, TIFF).`);
  const { width: widthPx, height: heightPx } = autoOrient;
  if (widthPx * heightPx > limits.sourcePixels)
    throw invalid(
      `it has ${widthPx} × ${heightPx} pixels; ${limits.sourcePixels.toLocaleString('en')} are accepted.`,
    );
  return { widthPx, heightPx, format };
}

/**
 * Decodes an image to plain pixels in a scratch file, row by row: memory does not grow with it.
 * @param folder for the scratch file
 * @throws OpenEOError `AssetInvalid` where it is broken; `StorageFailure` where there is no room
 */
export async function decodeImage(path: string, folder: string): Promise<RawImage> {
  const target = join(folder, 'full.v');
  try {
    const info = await openImage(path).autoOrient().toColourspace('srgb').toFile(target);
    const { channels } = info;
    if (channels === 3 || channels === 4)
      return {
        file: await open(target, 'r'),
        offset: headerBytes,
        widthPx: info.width,
        heightPx: info.height,
        channels,
      };
    throw invalid(`it has ${channels} channels; three or four are accepted.`);
  } catch (error) {
    if (error instanceof OpenEOError) throw error;
    const code = fileErrorCode(error);
    if (code !== '' || /no space|disc full|write error|unable to write/i.test((error as Error).message))
      throw new OpenEOError('StorageFailure', {}, { cause: error });
    throw invalid('its pixels cannot be decoded.', error);
  }
}
