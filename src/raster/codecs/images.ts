import sharp from 'sharp';
import type { ImageLayout } from '../tiff/image';

const photometricYcbcr = 6;

/**
 * A whole JPEG stream of a block: the file's common tables go before the block's own data, and an Adobe
 * marker says whether the colours are YCbCr, because decoders guess it from names that TIFF doesn't set.
 */
function completeJpeg(layout: ImageLayout, bytes: Uint8Array): Uint8Array {
  if (bytes.length < 4 || bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new Error('a JPEG block is damaged');
  const tables = layout.jpegTables;
  const middle = tables && tables.length > 4 ? tables.subarray(2, tables.length - 2) : new Uint8Array(0);
  const isColor = !layout.isPlanar && layout.samples >= 3;
  const transform = layout.photometric === photometricYcbcr ? 1 : 0;
  const adobe = isColor
    ? [0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, transform]
    : [];
  return Buffer.concat([bytes.subarray(0, 2), Buffer.from(adobe), middle, bytes.subarray(2)]);
}

async function decode(layout: ImageLayout, data: Uint8Array, expected: number): Promise<Uint8Array> {
  const samples = layout.isPlanar ? 1 : layout.samples;
  const image = sharp(data, { limitInputPixels: layout.blockWidth * layout.blockHeight, failOn: 'error' });
  const metadata = await image.metadata();
  if (metadata.width !== layout.blockWidth || metadata.height > layout.blockHeight)
    throw new Error('a block has another size than the file says');
  if (samples === 4 && metadata.channels === 3) image.ensureAlpha();
  else if (samples === 3) image.removeAlpha();
  if (samples === 1) image.toColourspace('b-w');
  const { data: pixels, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  if (info.channels !== samples)
    throw new Error(`a block has ${info.channels} colour channels, ${samples} are expected`);
  return pixels.subarray(0, expected);
}

/** A block of JPEG-compressed pixels. Runs on sharp's threads. */
export async function decodeJpeg(
  layout: ImageLayout,
  bytes: Uint8Array,
  expected: number,
): Promise<Uint8Array> {
  if (layout.bits !== 8) throw new Error('JPEG of more than 8 bits is not supported');
  return decode(layout, completeJpeg(layout, bytes), expected);
}

/** A block of WebP-compressed pixels. Runs on sharp's threads. */
export async function decodeWebp(
  layout: ImageLayout,
  bytes: Uint8Array,
  expected: number,
): Promise<Uint8Array> {
  return decode(layout, bytes, expected);
}
