import { unreadable } from '../bytes/unreadable';
import { type Entry, type TiffHeader, tag } from './ifd';

/** How the numbers of an image are stored. */
export type SampleKind =
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'float16'
  | 'float32'
  | 'float64';

/** All that is needed to decode the blocks (tiles or strips) of one image of a TIFF file. */
export interface ImageLayout {
  readonly width: number;
  readonly height: number;
  readonly blockWidth: number;
  readonly blockHeight: number;
  /** Blocks per row and column. */
  readonly across: number;
  readonly down: number;
  readonly isTiled: boolean;
  readonly samples: number;
  /** 1, 2 and 4 are unpacked to bytes. */
  readonly bits: number;
  readonly kind: SampleKind;
  /** True: each sample has its own blocks. */
  readonly isPlanar: boolean;
  readonly compression: number;
  readonly predictor: number;
  readonly photometric: number;
  readonly isLittleEndian: boolean;
  readonly isLowBitFirst: boolean;
  /** The sample that holds opacity. */
  readonly alpha?: number;
  readonly jpegTables?: Uint8Array;
  /** How LERC blocks are compressed once more: 0 not, 1 deflate, 2 zstd. */
  readonly lercCompression: number;
  /** Bits of `NewSubfileType`: 1 reduced, 4 mask. */
  readonly subfileType: number;
  /** Where a block is; length 0 where the file leaves it out. */
  locate(index: number): Promise<{ offset: number; length: number }>;
}

/** Larger images are not addressed by any format that we know; a header that claims so is damaged. */
const maxSide = 100_000_000;
const maxSamples = 4096;
/** The most that one block may decode to. */
const maxBlockBytes = 256 * 1024 * 1024;
/** Uncompressed strips are cut to about this size. */
const rawStripBytes = 512 * 1024;
/** Block tables up to this length are read as a whole. */
const wholeTable = 128 * 1024;
const tablePart = 2048;

function kindOf(format: number, bits: number): SampleKind | undefined {
  if (format === 1 && bits <= 8)
    return bits === 8 || bits === 4 || bits === 2 || bits === 1 ? 'uint8' : undefined;
  const kinds: Record<string, SampleKind> = {
    '1/16': 'uint16',
    '1/32': 'uint32',
    '2/8': 'int8',
    '2/16': 'int16',
    '2/32': 'int32',
    '3/16': 'float16',
    '3/32': 'float32',
    '3/64': 'float64',
  };
  return kinds[`${format}/${bits}`];
}

/** Bytes that a sample takes in a decoded block. */
export function sampleBytes(layout: Pick<ImageLayout, 'bits'>): number {
  return Math.max(1, layout.bits >> 3);
}

/** Reads what one directory says. @throws OpenEOError `SourceUnreadable` where it is implausible or not supported. */
export async function readLayout(
  header: TiffHeader,
  directory: ReadonlyMap<number, Entry>,
): Promise<ImageLayout> {
  const fail = (reason: string): never => {
    throw unreadable(header.source.id, reason);
  };
  const one = async (number: number, fallback: number): Promise<number> => {
    const entry = directory.get(number);
    if (!entry || entry.count < 1) return fallback;
    return (await header.numbers(entry, 0, 1))[0];
  };
  const same = async (number: number, fallback: number, what: string): Promise<number> => {
    const entry = directory.get(number);
    if (!entry) return fallback;
    const values = await header.numbers(entry);
    if (values.some((value) => value !== values[0]))
      fail(`its bands differ in ${what}, which is not supported`);
    return values[0] ?? fallback;
  };

  const width = await one(tag.width, 0);
  const height = await one(tag.height, 0);
  if (!(width >= 1 && height >= 1 && width <= maxSide && height <= maxSide))
    fail(`an image of ${width} × ${height} pixels is not plausible`);
  const samples = await one(tag.samplesPerPixel, 1);
  if (!(samples >= 1 && samples <= maxSamples)) fail(`${samples} bands are not plausible`);
  const bits = await same(tag.bitsPerSample, 1, 'bit depth');
  const format = await same(tag.sampleFormat, 1, 'data type');
  const kind = kindOf(format === 4 ? 1 : format, bits);
  if (!kind)
    return fail(
      format === 5 || format === 6
        ? 'complex numbers are not supported'
        : `numbers of ${bits} bits (sample format ${format}) are not supported`,
    );
  const compression = await one(tag.compression, 1);
  const isPlanar = samples > 1 && (await one(tag.planarConfiguration, 1)) === 2;
  const isTiled = directory.has(tag.tileWidth);
  const blockWidth = isTiled ? await one(tag.tileWidth, 0) : width;
  const blockSamples = isPlanar ? 1 : samples;
  const rowBytes =
    bits >= 8 ? blockWidth * blockSamples * (bits >> 3) : Math.ceil((blockWidth * blockSamples * bits) / 8);
  const stripRows = isTiled ? height : Math.min(height, await one(tag.rowsPerStrip, height));
  const cut = !isTiled && compression === 1 ? cutRows(stripRows, height, rowBytes) : stripRows;
  const blockHeight = isTiled ? await one(tag.tileHeight, 0) : cut;
  if (!(blockWidth >= 1 && blockHeight >= 1)) fail('its blocks have no size');
  if (blockWidth * blockHeight * blockSamples * Math.max(1, bits >> 3) > maxBlockBytes)
    fail(`its blocks of ${blockWidth} × ${blockHeight} pixels are too large; store it in smaller tiles`);
  const down = Math.ceil(height / blockHeight);
  const offsets = directory.get(isTiled ? tag.tileOffsets : tag.stripOffsets);
  if (!offsets) return fail('it has no table of blocks');
  const find = blockTable(header, offsets, directory.get(isTiled ? tag.tileByteCounts : tag.stripByteCounts));
  const extra = directory.get(tag.extraSamples);
  const extras = extra ? await header.numbers(extra) : new Float64Array(0);
  const alpha = extras.findIndex((value) => value === 1 || value === 2);
  const tables = directory.get(tag.jpegTables);
  const lerc = directory.get(tag.lercParameters);

  /** A cut block is a part of a strip: its rows lie one after the other in the file. */
  const locateCut = async (index: number) => {
    const cutsPerStrip = stripRows === height ? down : stripRows / cut;
    const strips = Math.ceil(height / stripRows);
    const plane = Math.floor(index / down);
    const block = index - plane * down;
    const strip = Math.floor(block / cutsPerStrip);
    const { offset, length } = await find(plane * strips + strip);
    const skip = (block - strip * cutsPerStrip) * cut * rowBytes;
    return { offset: offset + skip, length: Math.max(0, Math.min(cut * rowBytes, length - skip)) };
  };

  return {
    width,
    height,
    blockWidth,
    blockHeight,
    across: Math.ceil(width / blockWidth),
    down,
    isTiled,
    samples,
    bits,
    kind,
    isPlanar,
    compression,
    predictor: await one(tag.predictor, 1),
    photometric: await one(tag.photometric, 1),
    isLittleEndian: header.isLittleEndian,
    isLowBitFirst: (await one(tag.fillOrder, 1)) === 2,
    ...(alpha >= 0 && { alpha: samples - extras.length + alpha }),
    ...(tables && { jpegTables: await header.raw(tables) }),
    lercCompression: lerc ? ((await header.numbers(lerc))[1] ?? 0) : 0,
    subfileType: await one(tag.subfileType, 0),
    locate: cut < stripRows ? locateCut : find,
  };
}

/**
 * Rows per block of an uncompressed strip. A long one is cut, or a file of a single strip would have to
 * be read as a whole; cuts don't cross strips.
 */
function cutRows(stripRows: number, height: number, rowBytes: number): number {
  if (stripRows * rowBytes <= 2 * rawStripBytes) return stripRows;
  let rows = Math.max(1, Math.floor(rawStripBytes / rowBytes));
  if (stripRows < height) while (stripRows % rows !== 0) rows--;
  return rows;
}

/** Looks blocks up in the tables of offsets and lengths; long tables are read in parts. */
function blockTable(header: TiffHeader, offsets: Entry, counts: Entry | undefined) {
  const parts = new Map<string, Promise<Float64Array>>();
  const value = async (name: string, entry: Entry, index: number): Promise<number> => {
    if (index >= entry.count) return 0;
    const isWhole = entry.count <= wholeTable;
    const part = isWhole ? 0 : Math.floor(index / tablePart);
    const key = `${name}${part}`;
    let values = parts.get(key);
    if (!values) {
      const from = part * tablePart;
      values = header.numbers(entry, from, isWhole ? entry.count : Math.min(tablePart, entry.count - from));
      if (parts.size > 256) parts.clear();
      parts.set(key, values);
      values.catch(() => parts.delete(key));
    }
    return (await values)[index - part * tablePart];
  };
  return async (index: number): Promise<{ offset: number; length: number }> => {
    const [offset, length] = await Promise.all([
      value('offset', offsets, index),
      counts ? value('count', counts, index) : Promise.resolve(0),
    ]);
    return { offset, length: offset === 0 ? 0 : length };
  };
}
