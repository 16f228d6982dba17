import { endianness } from 'node:os';
import { type Filter, filters } from '../../raster/warp/filters';
import { averageFast } from './halve-simd';

/** Whether the first byte of a number is its lowest. */
const isLittle = endianness() === 'LE';

export type HalvingMethod = 'near' | 'average' | keyof typeof filters;

export const halvingMethods: readonly HalvingMethod[] = [
  'near',
  'average',
  ...(Object.keys(filters) as (keyof typeof filters)[]),
];

/** Interleaved samples, 8 bits each. */
export interface ImageShape {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Three; two and four with opacity. */
  readonly channels: 2 | 3 | 4;
}

/** Rows of an image at half its size, and what they are made of. */
export interface HalvedRows {
  readonly from: ImageShape;
  readonly source: Uint8Array;
  /** The row of the image that `source` begins with. */
  readonly sourceRow: number;
  readonly target: Uint8Array;
  /** The row of the smaller image that `target` begins with. */
  readonly targetRow: number;
  readonly width: number;
  readonly rows: number;
}

/** Makes rows at half the size. */
export interface Halver {
  /** Rows above and below a pair that are looked at. */
  readonly reach: number;
  /** Rows beyond the image are as its last one. */
  halve(rows: HalvedRows): void;
}

export function halverOf(method: HalvingMethod): Halver {
  if (method === 'near') return { reach: 0, halve: nearRows };
  if (method === 'average') return { reach: 0, halve: averageRows };
  const taps = tapsOf(filters[method]);
  return { reach: taps.length / 2 - 1, halve: (rows) => filterRows(rows, taps) };
}

/** Weights of source pixels around the middle of a pair: the filter at half the resolution. */
function tapsOf({ radius, weight }: Filter): Float32Array {
  const taps = Float32Array.from({ length: radius * 4 }, (_, i) => weight((i + 0.5) / 2 - radius));
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}

/** Means of 2 × 2 pixels; colours weigh as much as they are opaque. */
function averageRows({ from, source, sourceRow, target, targetRow, width, rows }: HalvedRows): void {
  const { channels, widthPx, heightPx } = from;
  const stride = widthPx * channels;
  for (let row = 0; row < rows; row++) {
    const line = (targetRow + row) * 2;
    const upper = (line - sourceRow) * stride;
    const lower = line + 1 < heightPx ? upper + stride : upper;
    const out = row * width * channels;
    if (channels !== 3) {
      const pairs = Math.min(width, widthPx >> 1);
      const done = channels === 4 ? averageOpaque(source, upper, lower, target, out, pairs) : 0;
      averageOpacity(source, upper, lower, channels, widthPx, target, out, done, width);
    } else {
      const done = averageFast(source, upper, lower, target, out, Math.min(width, widthPx >> 1));
      averageColours(source, upper, lower, widthPx, target, out, done, width);
    }
  }
}

function averageColours(
  source: Uint8Array,
  upper: number,
  lower: number,
  widthPx: number,
  target: Uint8Array,
  start: number,
  first: number,
  width: number,
): void {
  let above = upper + first * 6;
  let below = lower + first * 6;
  let out = start + first * 3;
  for (let column = first; column < width; column++) {
    const step = column * 2 + 1 < widthPx ? 3 : 0;
    for (let channel = 0; channel < 3; channel++, above++, below++)
      target[out++] = (source[above] + source[above + step] + source[below] + source[below + step] + 2) >> 2;
    above += step;
    below += step;
  }
}

/** Every second byte of four. */
const everySecond = 0x00ff00ff;
/** What rounds the mean of four to the nearest number. */
const rounding = 0x00020002;

/**
 * Means of 2 × 2 opaque pixels, two channels at once: the first of a row, up to one that is not.
 * @returns how many were made
 */
function averageOpaque(
  source: Uint8Array,
  upper: number,
  lower: number,
  target: Uint8Array,
  start: number,
  pixels: number,
): number {
  if (!isLittle || (source.byteOffset | target.byteOffset) & 3) return 0;
  const from = new Uint32Array(source.buffer, source.byteOffset, source.length >> 2);
  const to = new Uint32Array(target.buffer, target.byteOffset, target.length >> 2);
  let above = upper >> 2;
  let below = lower >> 2;
  let out = start >> 2;
  for (let pixel = 0; pixel < pixels; pixel++, above += 2, below += 2, out++) {
    const a = from[above];
    const b = from[above + 1];
    const c = from[below];
    const d = from[below + 1];
    if ((a & b & c & d) >>> 24 !== 255) return pixel;
    const even = (a & everySecond) + (b & everySecond) + (c & everySecond) + (d & everySecond) + rounding;
    const odd =
      ((a >>> 8) & everySecond) +
      ((b >>> 8) & everySecond) +
      ((c >>> 8) & everySecond) +
      ((d >>> 8) & everySecond) +
      rounding;
    to[out] = ((even >>> 2) & everySecond) | (((odd >>> 2) & everySecond) << 8);
  }
  return pixels;
}

function averageOpacity(
  source: Uint8Array,
  upper: number,
  lower: number,
  channels: number,
  widthPx: number,
  target: Uint8Array,
  start: number,
  first: number,
  width: number,
): void {
  const last = channels - 1;
  let above = upper + first * 2 * channels;
  let below = lower + first * 2 * channels;
  let out = start + first * channels;
  for (let column = first; column < width; column++) {
    const step = column * 2 + 1 < widthPx ? channels : 0;
    const a = source[above + last];
    const b = source[above + step + last];
    const c = source[below + last];
    const d = source[below + step + last];
    const alpha = a + b + c + d;
    if (alpha === 1020)
      for (let channel = 0; channel < last; channel++)
        target[out + channel] =
          (source[above + channel] +
            source[above + step + channel] +
            source[below + channel] +
            source[below + step + channel] +
            2) >>
          2;
    else
      for (let channel = 0; channel < last; channel++)
        target[out + channel] =
          alpha === 0
            ? 0
            : (source[above + channel] * a +
                source[above + step + channel] * b +
                source[below + channel] * c +
                source[below + step + channel] * d +
                (alpha >> 1)) /
              alpha;
    target[out + last] = (alpha + 2) >> 2;
    out += channels;
    above += channels + step;
    below += channels + step;
  }
}

function nearRows({ from, source, sourceRow, target, targetRow, width, rows }: HalvedRows): void {
  const { channels, widthPx } = from;
  let out = 0;
  for (let row = 0; row < rows; row++) {
    let at = ((targetRow + row) * 2 - sourceRow) * widthPx * channels;
    for (let column = 0; column < width; column++, at += 2 * channels)
      for (let channel = 0; channel < channels; channel++) target[out++] = source[at + channel];
  }
}

/** Filters rows first across, then down. */
function filterRows(
  { from, source, sourceRow, target, targetRow, width, rows }: HalvedRows,
  taps: Float32Array,
): void {
  const { channels, widthPx, heightPx } = from;
  const reach = taps.length / 2 - 1;
  const first = Math.max(sourceRow, targetRow * 2 - reach);
  const last = Math.min(heightPx, (targetRow + rows) * 2 + reach);
  const across = new Float32Array((last - first) * width * channels);
  for (let row = 0; row < last - first; row++)
    for (let column = 0; column < width; column++) {
      const out = (row * width + column) * channels;
      for (let tap = 0; tap < taps.length; tap++) {
        const x = Math.min(widthPx - 1, Math.max(0, column * 2 - reach + tap));
        const at = ((first - sourceRow + row) * widthPx + x) * channels;
        // Colours are weighed by their opacity, and opacity by itself.
        const weight = channels === 4 ? taps[tap] * source[at + 3] : taps[tap];
        for (let channel = 0; channel < 3; channel++) across[out + channel] += source[at + channel] * weight;
        if (channels === 4) across[out + 3] += weight;
      }
    }
  const sums = new Float32Array(channels);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < width; column++) {
      sums.fill(0);
      for (let tap = 0; tap < taps.length; tap++) {
        const y = Math.min(heightPx - 1, Math.max(0, (targetRow + row) * 2 - reach + tap));
        const at = ((y - first) * width + column) * channels;
        for (let channel = 0; channel < channels; channel++)
          sums[channel] += across[at + channel] * taps[tap];
      }
      const out = (row * width + column) * channels;
      const alpha = channels === 4 ? sums[3] : 1;
      for (let channel = 0; channel < 3; channel++)
        target[out + channel] = alpha > 0.5 / 255 ? clamp(sums[channel] / alpha) : 0;
      if (channels === 4) target[out + 3] = clamp(alpha);
    }
}

function clamp(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0;
}
