import sharp from 'sharp';
import { TiffHeader, tag } from '../raster/tiff/ifd';

// Compressing a tile costs libvips as much for setting up a picture, its threads and its buffers as for the JPEG itself.
// Its TIFF writer compresses many tiles of one picture, each to a JPEG of its own that lacks the tables only.

/** Tiles that lie side by side in one picture of three channels. */
export interface TilePicture {
  readonly samples: Uint8Array;
  /** Width and height of a tile, and the height of the picture. */
  readonly tileSizePx: number;
  readonly count: number;
}

/** Compresses one picture of three channels by itself. */
export function encodeJpeg(
  samples: Uint8Array,
  width: number,
  height: number,
  quality: number,
): Promise<Buffer> {
  return sharp(samples, { raw: { width, height, channels: 3 } })
    .jpeg({ quality, optimiseCoding: false })
    .toBuffer();
}

/**
 * Compresses tiles together, each to the bytes that `encodeJpeg` makes of it.
 * @returns undefined where that cannot be: at qualities for which TIFF keeps other colours, or with another libvips
 */
export async function encodeJpegs(
  { samples, tileSizePx, count }: TilePicture,
  quality: number,
): Promise<Uint8Array[] | undefined> {
  const head = await headOf(quality, tileSizePx);
  return head && (await compress({ samples, tileSizePx, count }, quality)).map((tile) => join(head, tile));
}

/** The tiles of a picture as JPEG without tables. */
async function compress({ samples, tileSizePx, count }: TilePicture, quality: number): Promise<Uint8Array[]> {
  const tiff = await sharp(samples, { raw: { width: tileSizePx * count, height: tileSizePx, channels: 3 } })
    .tiff({ compression: 'jpeg', quality, tile: true, tileWidth: tileSizePx, tileHeight: tileSizePx })
    .toBuffer();
  return tilesOf(tiff);
}

/** The tiles of the first picture of a TIFF in memory, row by row. */
async function tilesOf(tiff: Uint8Array): Promise<Uint8Array[]> {
  const header = await TiffHeader.read({
    id: 'tiles',
    version: async () => '',
    read: async (at, length) => tiff.subarray(at, at + length),
  });
  const numbers = (id: number) => header.numbers(header.directories[0].get(id)!);
  const lengths = await numbers(tag.tileByteCounts);
  const offsets = await numbers(tag.tileOffsets);
  return Array.from(offsets, (at, index) => tiff.subarray(at, at + lengths[index]));
}

const startOfScan = 0xda;

/** Where the compressed pixels of a JPEG begin (ITU-T T.81, B.1). */
function scanStart(jpeg: Uint8Array): number {
  let at = 2;
  for (let marker = 0; marker !== startOfScan; at += 2 + ((jpeg[at + 2] << 8) | jpeg[at + 3]))
    marker = jpeg[at + 1];
  return at;
}

function join(head: Uint8Array, tile: Uint8Array): Uint8Array {
  const scan = tile.subarray(scanStart(tile));
  const joined = new Uint8Array(head.length + scan.length);
  joined.set(head);
  joined.set(scan, head.length);
  return joined;
}

const heads = new Map<string, Promise<Uint8Array | undefined>>();

/** What precedes the compressed pixels of every tile; undefined where tiles that are compressed together differ. */
function headOf(quality: number, tileSizePx: number): Promise<Uint8Array | undefined> {
  const key = `${quality}/${tileSizePx}`;
  // What is wrong with one tile alone, the way without this one tells better.
  const known = heads.get(key) ?? findHead(quality, tileSizePx).catch(() => undefined);
  heads.set(key, known);
  return known;
}

/** Compresses a tile in both ways. */
async function findHead(quality: number, tileSizePx: number): Promise<Uint8Array | undefined> {
  const stride = tileSizePx * 3;
  const samples = new Uint8Array(2 * stride * tileSizePx);
  const tile = new Uint8Array(stride * tileSizePx);
  for (let at = 0, state = 1; at < samples.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    samples[at] = state >>> 24;
  }
  for (let row = 0; row < tileSizePx; row++)
    tile.set(samples.subarray((2 * row + 1) * stride, (2 * row + 2) * stride), row * stride);
  const alone = await encodeJpeg(tile, tileSizePx, tileSizePx, quality);
  const head = alone.subarray(0, scanStart(alone));
  const [, second] = await compress({ samples, tileSizePx, count: 2 }, quality);
  return alone.equals(join(head, second)) ? head : undefined;
}
