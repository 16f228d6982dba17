import { lend } from '../recycled';
import type { ImageLayout } from '../tiff/image';
import type { Plane } from './planes';
import { splitFast, sumRowsFast } from './predictor-simd';

/**
 * Undoes predictor 3: each row holds differences of bytes, and the bytes of its numbers in planes, the
 * most significant first. In place; the numbers come out in this machine's byte order (little-endian).
 */
export function undoFloatPredictor(
  bytes: Uint8Array,
  width: number,
  height: number,
  samples: number,
  size: number,
): void {
  const count = width * samples;
  const rowBytes = count * size;
  const row = new Uint8Array(rowBytes);
  for (let y = 0; y < height; y++) {
    const start = y * rowBytes;
    for (let i = 0; i < rowBytes; i++)
      row[i] = i < samples ? bytes[start + i] : bytes[start + i] + row[i - samples];
    for (let plane = 0; plane < size; plane++) {
      const from = (size - 1 - plane) * count;
      for (let i = 0, to = start + plane; i < count; i++, to += size) bytes[to] = row[from + i];
    }
  }
}

/**
 * Undoes predictor 2 and takes the wanted samples out: each row holds the differences to the number
 * `samples` before. Numbers wrap around in their own width; floats are summed as their bits.
 */
export function undoHorizontalPredictor(
  layout: ImageLayout,
  raw: Uint8Array,
  samples: number,
  wanted: readonly number[],
): Plane[] {
  return (
    undoHorizontalFast(layout, raw, samples, wanted) ?? undoHorizontalPlainly(layout, raw, samples, wanted)
  );
}

/** The usual layouts, by SIMD: one band, or two or four interleaved ones of 16 bits. */
function undoHorizontalFast(
  layout: ImageLayout,
  raw: Uint8Array,
  samples: number,
  wanted: readonly number[],
): Plane[] | undefined {
  const { blockWidth: width, blockHeight: height, kind } = layout;
  const isShort = kind === 'uint16' || kind === 'int16';
  if ((samples === 2 || samples === 4) && isShort && !layout.isPlanar) {
    const planes = splitFast(raw, width, height, samples, wanted);
    return planes?.map((plane) => lend(asKind(plane.buffer as ArrayBuffer, kind)));
  }
  if (samples !== 1 || kind === 'float64' || kind === 'float16') return undefined;
  const size = kind === 'uint8' || kind === 'int8' ? 1 : isShort ? 2 : 4;
  const sums = sumRowsFast(raw, width, height, size);
  if (!sums) return undefined;
  const [first, ...others] = wanted.map(() => asKind(sums.buffer as ArrayBuffer, kind));
  return others.length === 0 ? [lend(first)] : [first, ...others];
}

/** Sums as the array that their kind is kept in. */
function asKind(buffer: ArrayBuffer, kind: ImageLayout['kind']): Plane {
  switch (kind) {
    case 'uint8':
      return new Uint8Array(buffer);
    case 'int8':
      return Int16Array.from(new Int8Array(buffer));
    case 'uint16':
      return new Uint16Array(buffer);
    case 'int16':
      return new Int16Array(buffer);
    case 'uint32':
      return Float64Array.from(new Uint32Array(buffer));
    case 'int32':
      return Float64Array.from(new Int32Array(buffer));
    case 'float32':
      return new Float32Array(buffer);
    default:
      return new Float64Array(buffer);
  }
}

/** The same for all layouts, number by number. */
export function undoHorizontalPlainly(
  layout: ImageLayout,
  raw: Uint8Array,
  samples: number,
  wanted: readonly number[],
): Plane[] {
  const { blockWidth: width, blockHeight: height, kind } = layout;
  const pixels = width * height;
  const offsets = wanted.map((sample) => (layout.isPlanar ? 0 : sample));
  switch (kind) {
    case 'uint8':
    case 'int8': {
      const from = padded(raw, pixels * samples, 1) as Uint8Array;
      return offsets.map((offset) => {
        const out = new Uint8Array(pixels);
        sumBytes(from, out, width, height, samples, offset);
        return asKind(out.buffer, kind);
      });
    }
    case 'uint16':
    case 'int16': {
      const from = padded(raw, pixels * samples, 2) as Uint16Array;
      return offsets.map((offset) => {
        const out = new Uint16Array(pixels);
        sumShorts(from, out, width, height, samples, offset);
        return asKind(out.buffer, kind);
      });
    }
    case 'uint32':
    case 'int32':
    case 'float32': {
      const from = padded(raw, pixels * samples, 4) as Uint32Array;
      return offsets.map((offset) => {
        const out = new Uint32Array(pixels);
        sumWords(from, out, width, height, samples, offset);
        return asKind(out.buffer, kind);
      });
    }
    case 'float64': {
      const from = padded(raw, pixels * samples * 2, 4) as Uint32Array;
      return offsets.map((offset) => {
        const out = new Uint32Array(pixels * 2);
        sumLongs(from, out, width, height, samples, offset);
        return new Float64Array(out.buffer);
      });
    }
    case 'float16':
      throw new Error('predictor 2 of 16-bit floats is not supported');
  }
}

/** The numbers of a block as a typed array: aligned, and filled up with zeros where data is short. */
function padded(raw: Uint8Array, count: number, size: 1 | 2 | 4): Uint8Array | Uint16Array | Uint32Array {
  let bytes = raw;
  if (raw.byteOffset % size !== 0 || raw.length < count * size) {
    bytes = new Uint8Array(count * size);
    bytes.set(raw.subarray(0, count * size));
  }
  if (size === 1) return new Uint8Array(bytes.buffer, bytes.byteOffset, count);
  if (size === 2) return new Uint16Array(bytes.buffer, bytes.byteOffset, count);
  return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
}

// Rows have functions of their own: V8 optimises what is called often, not what loops for long (see docs/benchmarks.md).

function sumBytes(
  from: Uint8Array,
  out: Uint8Array,
  width: number,
  height: number,
  samples: number,
  offset: number,
): void {
  for (let y = 0; y < height; y++) sumBytesRow(from, out, width, y * width, samples, offset);
}

function sumBytesRow(
  from: Uint8Array,
  out: Uint8Array,
  width: number,
  start: number,
  samples: number,
  offset: number,
): void {
  let sum = 0;
  for (let to = start, i = start * samples + offset; to < start + width; to++, i += samples) {
    sum = (sum + from[i]) & 0xff;
    out[to] = sum;
  }
}

function sumShorts(
  from: Uint16Array,
  out: Uint16Array,
  width: number,
  height: number,
  samples: number,
  offset: number,
): void {
  for (let y = 0; y < height; y++) sumShortsRow(from, out, width, y * width, samples, offset);
}

function sumShortsRow(
  from: Uint16Array,
  out: Uint16Array,
  width: number,
  start: number,
  samples: number,
  offset: number,
): void {
  let sum = 0;
  for (let to = start, i = start * samples + offset; to < start + width; to++, i += samples) {
    sum = (sum + from[i]) & 0xffff;
    out[to] = sum;
  }
}

function sumWords(
  from: Uint32Array,
  out: Uint32Array,
  width: number,
  height: number,
  samples: number,
  offset: number,
): void {
  for (let y = 0; y < height; y++) sumWordsRow(from, out, width, y * width, samples, offset);
}

function sumWordsRow(
  from: Uint32Array,
  out: Uint32Array,
  width: number,
  start: number,
  samples: number,
  offset: number,
): void {
  let sum = 0;
  for (let to = start, i = start * samples + offset; to < start + width; to++, i += samples) {
    sum = (sum + from[i]) | 0;
    out[to] = sum;
  }
}

/** 64-bit sums in two halves, low word first. */
function sumLongs(
  from: Uint32Array,
  out: Uint32Array,
  width: number,
  height: number,
  samples: number,
  offset: number,
): void {
  for (let y = 0, i = offset * 2, to = 0; y < height; y++) {
    let low = 0;
    let high = 0;
    for (const end = to + width * 2; to < end; to += 2, i += samples * 2) {
      const sum = low + from[i];
      low = sum >>> 0;
      high = (high + from[i + 1] + (sum > 0xffffffff ? 1 : 0)) | 0;
      out[to] = low;
      out[to + 1] = high;
    }
  }
}
