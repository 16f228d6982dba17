import { once } from 'node:events';
import { promisify } from 'node:util';
import { constants, crc32, createDeflate, deflate } from 'node:zlib';
import { filterPaeth } from './paeth';

const deflateAsync = promisify(deflate);

/** PNG's colour types (ISO/IEC 15948, 11.2.2). */
export const colourType = { grey: 0, rgb: 2, indexed: 3, greyAlpha: 4, rgba: 6 } as const;

const samplesPerPixel: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits per sample; below 8 for indexed pictures only. */
  readonly depth: 1 | 2 | 4 | 8 | 16;
  readonly colourType: number;
  /** RGBA, four bytes an entry; only for indexed pictures. */
  readonly palette?: Uint8Array;
}

function chunk(type: string, body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(body.length + 12);
  bytes.writeUInt32BE(body.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(body, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, body.length + 8)), body.length + 8);
  return bytes;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Everything before the pixels: signature, IHDR, PLTE, tRNS. */
function head(header: PngHeader): Buffer[] {
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(header.width, 0);
  ihdr.writeUInt32BE(header.height, 4);
  ihdr[8] = header.depth;
  ihdr[9] = header.colourType;
  const chunks = [signature, chunk('IHDR', ihdr)];
  const { palette } = header;
  if (palette) {
    const entries = palette.length / 4;
    const colours = new Uint8Array(entries * 3);
    let transparent = 0;
    for (let entry = 0; entry < entries; entry++) {
      colours.set(palette.subarray(entry * 4, entry * 4 + 3), entry * 3);
      if (palette[entry * 4 + 3] < 255) transparent = entry + 1;
    }
    chunks.push(chunk('PLTE', colours));
    if (transparent)
      chunks.push(
        chunk(
          'tRNS',
          Uint8Array.from({ length: transparent }, (_, i) => palette[i * 4 + 3]),
        ),
      );
  }
  return chunks;
}

const end = chunk('IEND', new Uint8Array());

/** Rows as PNG wants them: a filter byte before each, 16-bit samples big-endian, small indices packed. */
function filterRows(header: PngHeader, samples: Uint8Array | Uint16Array, isFiltered: boolean): Buffer {
  const perRow = header.width * samplesPerPixel[header.colourType];
  const rows = samples.length / perRow;
  const rowBytes = Math.ceil((perRow * header.depth) / 8);
  const out = Buffer.allocUnsafe(rows * (rowBytes + 1));
  for (let row = 0; row < rows; row++) {
    const start = row * (rowBytes + 1);
    const from = row * perRow;
    // The Up filter; the first row of a strip has nothing above it.
    out[start] = isFiltered && row > 0 ? 2 : 0;
    if (header.depth === 8) out.set(samples.subarray(from, from + perRow), start + 1);
    else if (header.depth === 16)
      for (let i = 0, to = start + 1; i < perRow; i++, to += 2) {
        out[to] = samples[from + i] >> 8;
        out[to + 1] = samples[from + i] & 255;
      }
    else packRow(samples, from, perRow, header.depth, out, start + 1, rowBytes);
  }
  // From the last row upwards, so that the row above is still as it was.
  if (isFiltered)
    for (let row = rows - 1; row > 0; row--) {
      const start = row * (rowBytes + 1) + 1;
      const above = start - rowBytes - 1;
      for (let i = 0; i < rowBytes; i++) out[start + i] = out[start + i] - out[above + i];
    }
  return out;
}

function packRow(
  samples: Uint8Array | Uint16Array,
  from: number,
  count: number,
  depth: number,
  out: Buffer,
  start: number,
  bytes: number,
): void {
  out.fill(0, start, start + bytes);
  const perByte = 8 / depth;
  for (let i = 0; i < count; i++)
    out[start + Math.floor(i / perByte)] |= samples[from + i] << (8 - depth * ((i % perByte) + 1));
}

export interface PngOptions {
  /** zlib level 0 (stored) to 9. */
  readonly level: number;
}

/**
 * Neighbours have similar brightness. Indices of a colour scale, which is what palettes with more than 16 entries
 * mostly are, behave alike, since its colours follow one another; the few of a classification do not.
 */
function isFiltered(header: PngHeader, level: number): boolean {
  return level > 0 && (header.colourType !== colourType.indexed || header.depth === 8);
}

/** Every so many pixels are looked at to tell what kind of picture it is. */
const samplePixels = 13;
/** A drawing has more of its pixels equal to the ones beside them. */
const flatShare = 0.6;
/** A photograph has fewer of its bytes foretold by the ones around them. */
const noiseShare = 0.4;
/** From this level on smallness goes before speed. */
const thoroughLevel = 7;

/**
 * The filter and the strategy by which a picture gets small. Drawings, whose areas and signs repeat, are left as they are;
 * in photographs nothing but runs repeats once neighbours are taken off (looking for more takes three times as long and
 * gains a few hundredths); between them are smooth pictures. Undefined: the usual way.
 */
function filterWell(
  header: PngHeader,
  samples: Uint8Array,
  level: number,
): { readonly raw: Buffer; readonly strategy: number } | undefined {
  if (header.colourType === colourType.indexed) return undefined;
  const pixelBytes = samplesPerPixel[header.colourType];
  const rowBytes = header.width * pixelBytes;
  const plain = constants.Z_DEFAULT_STRATEGY;
  if (shareOfEqual(samples, pixelBytes) > flatShare)
    return { raw: filterRows(header, samples, false), strategy: plain };
  const raw = filterPaeth(samples, rowBytes, pixelBytes);
  if (!raw) return undefined;
  const isNoisy = level < thoroughLevel && shareOfZeros(raw, pixelBytes) < noiseShare;
  return { raw, strategy: isNoisy ? constants.Z_RLE : plain };
}

/** The part of the pixels that are like the one before them. */
function shareOfEqual(samples: Uint8Array, pixelBytes: number): number {
  let equal = 0;
  let count = 0;
  for (let at = pixelBytes; at < samples.length; at += pixelBytes * samplePixels) {
    let isEqual = true;
    for (let i = 0; i < pixelBytes; i++)
      if (samples[at + i] !== samples[at + i - pixelBytes]) isEqual = false;
    if (isEqual) equal++;
    count++;
  }
  return count === 0 ? 1 : equal / count;
}

function shareOfZeros(bytes: Uint8Array, pixelBytes: number): number {
  let zeros = 0;
  let count = 0;
  // Not always the same channel: the step is no multiple of any number of them.
  for (let at = 0; at < bytes.length; at += pixelBytes * samplePixels + 1) {
    if (bytes[at] === 0) zeros++;
    count++;
  }
  return zeros / count;
}

/**
 * Differences of brightness rarely repeat in longer sequences than runs: looking for runs only takes half
 * the time at the fast level, and makes photographs smaller.
 */
function deflateOptions(header: PngHeader, level: number, rawBytes: number) {
  return {
    level,
    memLevel: 9,
    strategy: level === 1 && isFiltered(header, level) ? constants.Z_RLE : constants.Z_DEFAULT_STRATEGY,
    chunkSize: Math.max(1024, Math.min(rawBytes, 1 << 18)),
  };
}

/** A whole picture at once, compressed off the main thread. */
export async function encodePng(
  header: PngHeader,
  samples: Uint8Array | Uint16Array,
  options: PngOptions,
): Promise<Buffer> {
  const { level } = options;
  const small =
    level > 1 && header.depth === 8 ? filterWell(header, samples as Uint8Array, level) : undefined;
  const raw = small?.raw ?? filterRows(header, samples, isFiltered(header, level));
  const usual = deflateOptions(header, level, raw.length);
  const body = await deflateAsync(raw, small ? { ...usual, strategy: small.strategy } : usual);
  return Buffer.concat([...head(header), chunk('IDAT', body), end]);
}

/** A picture that arrives in strips of whole rows. */
export async function encodePngStrips(
  header: PngHeader,
  strips: AsyncIterable<Uint8Array | Uint16Array>,
  options: PngOptions,
): Promise<Buffer> {
  const deflater = createDeflate(deflateOptions(header, options.level, 1 << 18));
  const parts = head(header);
  deflater.on('data', (bytes: Buffer) => parts.push(chunk('IDAT', bytes)));
  const ended = once(deflater, 'end');
  ended.catch(() => {});
  try {
    for await (const strip of strips)
      if (!deflater.write(filterRows(header, strip, isFiltered(header, options.level))))
        await once(deflater, 'drain');
    deflater.end();
    await ended;
  } finally {
    deflater.destroy();
  }
  return Buffer.concat([...parts, end]);
}
