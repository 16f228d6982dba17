import { open } from 'node:fs/promises';
import sharp from 'sharp';
import { OpenEOError } from '../base/errors';
import { imageTypeOf } from './image-type';

export interface InspectedImage {
  readonly type: 'jpeg' | 'png' | 'webp';
  /** Width and height: tiles are square. */
  readonly sizePx: number;
}

function refuseType(cause?: unknown): OpenEOError {
  return new OpenEOError(
    'FileTypeInvalid',
    {},
    {
      message: 'The file is not an image that can be decoded; JPEG, PNG and WEBP are accepted.',
      status: 415,
      cause,
    },
  );
}

async function leadingBytes(source: string | Uint8Array): Promise<Uint8Array> {
  if (typeof source !== 'string') return source.subarray(0, 12);
  const file = await open(source);
  try {
    const bytes = new Uint8Array(12);
    await file.read(bytes, 0, bytes.length, 0);
    return bytes;
  } finally {
    await file.close();
  }
}

/**
 * Decodes a file to find out whether it is an image, whatever its name says.
 * @param source its path, or its bytes
 * @throws OpenEOError `FileTypeInvalid` (415), `FileSizeExceeded` (413) for more pixels, `TileInvalid` unless square
 */
export async function inspectImage(source: string | Uint8Array, maxPixels: number): Promise<InspectedImage> {
  const type = imageTypeOf(await leadingBytes(source));
  if (!type) throw refuseType();
  const image = sharp(source, { limitInputPixels: false, sequentialRead: true });
  const { format, width, height, pages } = await image.metadata().catch((error) => {
    throw refuseType(error);
  });
  if (format !== type || (pages ?? 1) > 1) throw refuseType();
  // Asked before decoding: a few bytes can claim to be a picture that fills the memory.
  if (width * height > maxPixels)
    throw new OpenEOError('FileSizeExceeded', { size: `${maxPixels} pixels` }, { status: 413 });
  if (width !== height)
    throw new OpenEOError('TileInvalid', { reason: `the image is ${width} × ${height}, not square.` });
  await image
    .raw()
    .toBuffer()
    .catch((error) => {
      throw refuseType(error);
    });
  return { type, sizePx: width };
}
