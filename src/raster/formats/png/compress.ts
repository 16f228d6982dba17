import { promisify } from 'node:util';
import { constants, deflate } from 'node:zlib';
import { filterPaeth } from './paeth';
import { colourType, filterRows, type PngHeader, samplesPerPixel } from './rows';

const deflateAsync = promisify(deflate);

/**
 * Neighbours have similar brightness. Indices of a colour scale, which is what palettes with more than 16 entries
 * mostly are, behave alike, since its colours follow one another; the few of a classification do not.
 */
export function isFiltered(header: PngHeader, level: number): boolean {
  return level > 0 && (header.colourType !== colourType.indexed || header.depth === 8);
}

/**
 * What zlib is told. Differences of brightness rarely repeat in longer sequences than runs: looking for runs only takes half
 * the time at the fast level, and makes photographs smaller.
 */
export function deflateOptions(header: PngHeader, level: number, rawBytes: number) {
  return {
    level,
    memLevel: 9,
    strategy: level === 1 && isFiltered(header, level) ? constants.Z_RLE : constants.Z_DEFAULT_STRATEGY,
    chunkSize: Math.max(1024, Math.min(rawBytes, 1 << 18)),
  };
}

/** Parts of a picture that are compressed in several ways to see which suits it, and rows of each. */
const trialParts = 3;
const trialRows = 8;
/** How hard the trials look for repetitions: enough to see whether there are any. */
const trialLevel = 3;
/** A way that is no larger than this is taken for its speed. */
const fastShare = 1.04;
/** A way that is this much smaller on some rows is so on all of them. */
const clearShare = 0.85;
/** Below this part of its bytes a picture is smooth, or a drawing. */
const smoothShare = 0.2;
/** From this level on smallness goes before speed. */
const thoroughLevel = 7;

/**
 * Compresses rows by the filter and the strategy that suit them, found out on a few of them. Drawings, whose areas and
 * signs repeat, are best left as they are. In photographs nothing but runs repeats once their neighbours are taken off
 * pixels: looking for more would take three times as long and gain a few hundredths. Where that is not clear, both ways
 * are gone. Undefined: the usual way is left.
 */
async function compressWell(
  header: PngHeader,
  samples: Uint8Array,
  level: number,
): Promise<Buffer | undefined> {
  if (header.colourType === colourType.indexed) return undefined;
  const pixelBytes = samplesPerPixel[header.colourType];
  const filtered = filterPaeth(samples, header.width * pixelBytes, pixelBytes);
  if (!filtered) return undefined;
  const plain = constants.Z_DEFAULT_STRATEGY;
  const compress = (bytes: Uint8Array, strategy: number, by = level) =>
    deflateAsync(bytes, { ...deflateOptions(header, by, bytes.length), strategy });
  const part = pickRows(filtered, header.height);
  const trial = async (bytes: Uint8Array, strategy: number) =>
    (await compress(bytes, strategy, trialLevel)).length;
  const [unfiltered, runs] = await Promise.all([
    trial(pickRows(samples, header.height), plain),
    trial(part, constants.Z_RLE),
  ]);
  if (level < thoroughLevel && runs <= unfiltered * clearShare) {
    // What is smooth has more to be found than runs.
    const isSmooth = runs < part.length * smoothShare;
    if (!isSmooth || runs <= (await trial(part, plain)) * fastShare)
      return compress(filtered, constants.Z_RLE);
  }
  if (unfiltered <= runs * clearShare) return compress(filterRows(header, samples, false), plain);
  const asIs = filterRows(header, samples, false);
  const [one, other] = await Promise.all([compress(filtered, plain), compress(asIs, plain)]);
  return one.length < other.length ? one : other;
}

/** Rows from the upper, the middle and the lower third of a picture. */
function pickRows(bytes: Uint8Array, height: number): Uint8Array {
  if (height <= trialParts * trialRows) return bytes;
  const rowBytes = bytes.length / height;
  const picked = new Uint8Array(trialParts * trialRows * rowBytes);
  for (let part = 0; part < trialParts; part++) {
    const first = Math.floor((height * (part + 0.5)) / trialParts) - trialRows / 2;
    picked.set(bytes.subarray(first * rowBytes, (first + trialRows) * rowBytes), part * trialRows * rowBytes);
  }
  return picked;
}

/** A whole picture's rows, compressed off the main thread. */
export async function compressPicture(
  header: PngHeader,
  samples: Uint8Array | Uint16Array,
  level: number,
): Promise<Buffer> {
  if (level > 1 && header.depth === 8) {
    const body = await compressWell(header, samples as Uint8Array, level);
    if (body) return body;
  }
  const raw = filterRows(header, samples, isFiltered(header, level));
  return deflateAsync(raw, deflateOptions(header, level, raw.length));
}
