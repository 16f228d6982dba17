import { promisify } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import * as zlib from 'node:zlib';
import { lend } from '../recycled';
import type { ImageLayout } from '../tiff/image';
import { decodeJpeg, decodeWebp } from './images';
import { decodeLerc } from './lerc';
import { decodeLzw } from './lzw';
import { decodePackBits } from './packbits';
import { decodeZstd } from './zstd';

const inflate = promisify(zlib.inflate) as (data: Uint8Array, options: zlib.ZlibOptions) => Promise<Buffer>;

/**
 * The main thread has others to serve, so that zlib works in Node's pool for it. A thread for pixels is there to use one
 * core: as many of them as there are cores gain nothing by handing work over, which costs them a tenth.
 */
const inflateHere = isMainThread ? inflate : zlib.inflateSync;

/** Compression numbers of TIFF. */
export const compressions = {
  none: 1,
  lzw: 5,
  jpeg: 7,
  adobeDeflate: 8,
  packBits: 32773,
  deflate: 32946,
  lerc: 34887,
  zstd: 50000,
  webp: 50001,
} as const;

/** Decoders whose output is already in this machine's byte order and without predictor. */
export function isSelfContained(compression: number): boolean {
  return (
    compression === compressions.jpeg ||
    compression === compressions.webp ||
    compression === compressions.lerc
  );
}

/** Compressions whose blocks can be decoded down to some row and no further. */
export function canStopEarly(compression: number): boolean {
  return (
    compression === compressions.none ||
    compression === compressions.adobeDeflate ||
    compression === compressions.deflate ||
    compression === compressions.lzw ||
    compression === compressions.packBits
  );
}

/**
 * The bytes of a block without compression, at most `expected` of them. For the main thread, Deflate runs on Node's pool.
 * @param isStart whether these are the first of the block only; the sum at its end is not looked at then.
 * @throws Error for damaged data and compressions that are not supported.
 */
export async function decompress(
  layout: ImageLayout,
  bytes: Uint8Array,
  expected: number,
  isStart = false,
): Promise<Uint8Array> {
  switch (layout.compression) {
    case compressions.none:
      return bytes.length > expected ? bytes.subarray(0, expected) : bytes;
    case compressions.adobeDeflate:
    case compressions.deflate:
      return isStart ? inflateStart(bytes, expected) : inflateBlock(bytes, expected);
    case compressions.lzw:
      return decodeLzw(bytes, expected);
    case compressions.packBits:
      return decodePackBits(bytes, expected);
    case compressions.zstd:
      return decodeZstd(bytes, expected);
    case compressions.jpeg:
      return decodeJpeg(layout, bytes, expected);
    case compressions.webp:
      return decodeWebp(layout, bytes, expected);
    case compressions.lerc:
      return decodeLerc(layout, bytes, expected);
    default:
      throw new Error(`TIFF compression ${layout.compression} is not supported`);
  }
}

/**
 * One output chunk of the block's size saves a quarter of the time; output beyond the block's size is
 * refused, so a small file cannot fill the memory.
 */
export async function inflateBlock(bytes: Uint8Array, expected: number): Promise<Uint8Array> {
  const out = await inflateHere(bytes, {
    chunkSize: Math.max(64, expected + 64),
    maxOutputLength: expected + 4096,
  });
  return lend(out.length > expected ? out.subarray(0, expected) : out);
}

/** The first bytes of a block; what comes after them is left as it is. */
function inflateStart(bytes: Uint8Array, wanted: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const inflater = zlib.createInflate({ chunkSize: Math.max(64, wanted) });
    const parts: Buffer[] = [];
    let length = 0;
    const finish = () => {
      inflater.destroy();
      const [first] = parts;
      resolve((parts.length === 1 ? first : Buffer.concat(parts)).subarray(0, wanted));
    };
    inflater.on('data', (part: Buffer) => {
      parts.push(part);
      length += part.length;
      if (length >= wanted) finish();
    });
    inflater.on('end', finish);
    inflater.on('error', reject);
    inflater.end(bytes);
  });
}
