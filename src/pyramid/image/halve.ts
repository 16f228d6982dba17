import { type FileHandle, open } from 'node:fs/promises';
import { createPace } from '../../base/pace';
import { type Filter, filters } from '../../raster/warp/filters';

export type HalvingMethod = 'near' | 'average' | keyof typeof filters;

export const halvingMethods: readonly HalvingMethod[] = [
  'near',
  'average',
  ...(Object.keys(filters) as (keyof typeof filters)[]),
];

/** Raw samples in a file: rows of interleaved channels, 8 bits each. */
export interface RawImage {
  readonly file: FileHandle;
  /** Where the first row begins. */
  readonly offset: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** 3, or 4 with opacity. */
  readonly channels: 3 | 4;
}

/** Rows that are made at once. */
const stripRows = 64;

/** Reads whole rows. @param buffer for them, of exactly their size */
export async function readRows(
  image: RawImage,
  first: number,
  count: number,
  buffer: Buffer,
): Promise<Buffer> {
  const stride = image.widthPx * image.channels;
  if (buffer.length !== stride * count) throw new RangeError('The buffer does not fit the rows');
  const position = image.offset + first * stride;
  for (let done = 0; done < buffer.length; ) {
    const { bytesRead } = await image.file.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) throw new Error('The scratch file of an image is shorter than its size says');
    done += bytesRead;
  }
  return buffer;
}

/** Weights of source pixels around the middle of a pair: the filter at half the resolution. */
function tapsOf({ radius, weight }: Filter): Float32Array {
  const taps = Float32Array.from({ length: radius * 4 }, (_, i) => weight((i + 0.5) / 2 - radius));
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}

/** Means of 2 × 2 pixels; colours weigh as much as they are opaque. */
function averageRows(source: Buffer, target: Buffer, from: RawImage, toWidth: number, rows: number): void {
  const { channels, widthPx } = from;
  const stride = widthPx * channels;
  const available = source.length / stride;
  for (let row = 0; row < rows; row++) {
    let upper = row * 2 * stride;
    let lower = row * 2 + 1 < available ? upper + stride : upper;
    let out = row * toWidth * channels;
    for (let column = 0; column < toWidth; column++) {
      const step = column * 2 + 1 < widthPx ? channels : 0;
      if (channels === 3) {
        for (let channel = 0; channel < 3; channel++, upper++, lower++)
          target[out++] =
            (source[upper] + source[upper + step] + source[lower] + source[lower + step] + 2) >> 2;
      } else {
        const a = source[upper + 3];
        const b = source[upper + step + 3];
        const c = source[lower + 3];
        const d = source[lower + step + 3];
        const alpha = a + b + c + d;
        for (let channel = 0; channel < 3; channel++, upper++, lower++)
          target[out++] =
            alpha === 0
              ? 0
              : (source[upper] * a +
                  source[upper + step] * b +
                  source[lower] * c +
                  source[lower + step] * d +
                  (alpha >> 1)) /
                alpha;
        target[out++] = (alpha + 2) >> 2;
        upper++;
        lower++;
      }
      upper += step;
      lower += step;
    }
  }
}

function nearRows(source: Buffer, target: Buffer, from: RawImage, toWidth: number, rows: number): void {
  const { channels, widthPx } = from;
  let out = 0;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < toWidth; column++) {
      const at = (row * 2 * widthPx + column * 2) * channels;
      for (let channel = 0; channel < channels; channel++) target[out++] = source[at + channel];
    }
}

/** Filters rows first across, then down. @param firstRow of the source that `source` begins with */
function filterRows(
  source: Buffer,
  target: Buffer,
  from: RawImage,
  to: { readonly width: number; readonly firstRow: number; readonly rows: number },
  firstRow: number,
  taps: Float32Array,
): void {
  const { channels, widthPx, heightPx } = from;
  const reach = taps.length / 2 - 1;
  const available = source.length / (widthPx * channels);
  const across = new Float32Array(available * to.width * channels);
  for (let row = 0; row < available; row++)
    for (let column = 0; column < to.width; column++) {
      const out = (row * to.width + column) * channels;
      for (let tap = 0; tap < taps.length; tap++) {
        const x = Math.min(widthPx - 1, Math.max(0, column * 2 - reach + tap));
        const at = (row * widthPx + x) * channels;
        // Colours are weighed by their opacity, and opacity by itself.
        const weight = channels === 4 ? taps[tap] * source[at + 3] : taps[tap];
        for (let channel = 0; channel < 3; channel++) across[out + channel] += source[at + channel] * weight;
        if (channels === 4) across[out + 3] += weight;
      }
    }
  const sums = new Float32Array(channels);
  for (let row = 0; row < to.rows; row++)
    for (let column = 0; column < to.width; column++) {
      sums.fill(0);
      for (let tap = 0; tap < taps.length; tap++) {
        const y = Math.min(heightPx - 1, Math.max(0, (to.firstRow + row) * 2 - reach + tap));
        const at = ((y - firstRow) * to.width + column) * channels;
        for (let channel = 0; channel < channels; channel++)
          sums[channel] += across[at + channel] * taps[tap];
      }
      const out = (row * to.width + column) * channels;
      const alpha = channels === 4 ? sums[3] : 1;
      for (let channel = 0; channel < 3; channel++)
        target[out + channel] = alpha > 0.5 / 255 ? clamp(sums[channel] / alpha) : 0;
      if (channels === 4) target[out + 3] = clamp(alpha);
    }
}

function clamp(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0;
}

/**
 * Writes an image at half its size to a file, strip by strip.
 * @param method how pixels are taken; at the edges the last pixel goes on
 * @throws the signal's reason
 */
export async function halveImage(
  from: RawImage,
  path: string,
  size: { readonly widthPx: number; readonly heightPx: number },
  method: HalvingMethod,
  signal: AbortSignal,
): Promise<RawImage> {
  const file = await open(path, 'w+');
  const { channels, heightPx } = from;
  const taps = method === 'near' || method === 'average' ? undefined : tapsOf(filters[method]);
  const reach = taps ? taps.length / 2 - 1 : 0;
  const stride = size.widthPx * channels;
  const target = Buffer.allocUnsafe(stride * stripRows);
  const largest = (stripRows * 2 + 2 * reach) * from.widthPx * channels;
  const room = Buffer.allocUnsafeSlow(Math.min(largest, heightPx * from.widthPx * channels));
  const rest = createPace(signal);
  try {
    for (let row = 0; row < size.heightPx; row += stripRows) {
      const rows = Math.min(stripRows, size.heightPx - row);
      const first = Math.max(0, row * 2 - reach);
      const last = Math.min(heightPx, (row + rows) * 2 + reach);
      const length = (last - first) * from.widthPx * channels;
      const source = await readRows(from, first, last - first, room.subarray(0, length));
      if (taps) filterRows(source, target, from, { width: size.widthPx, firstRow: row, rows }, first, taps);
      else if (method === 'near') nearRows(source, target, from, size.widthPx, rows);
      else averageRows(source, target, from, size.widthPx, rows);
      await file.write(target, 0, rows * stride, row * stride);
      await rest();
    }
    return { file, offset: 0, ...size, channels };
  } catch (error) {
    await file.close();
    throw error;
  }
}
