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
  const sums = <T extends NumericWords>(words: WordArray<T>, sumRow: SumRow<T>, perNumber = 1): Plane[] => {
    const from = padded(raw, pixels * samples * perNumber, words);
    return offsets.map((offset) => {
      const out = new words(pixels * perNumber);
      for (let y = 0; y < height; y++) sumRow(from, out, width, y * width, samples, offset);
      return asKind(out.buffer as ArrayBuffer, kind);
    });
  };
  switch (kind) {
    case 'uint8':
    case 'int8':
      return sums(Uint8Array, sumBytes);
    case 'uint16':
    case 'int16':
      return sums(Uint16Array, sumShorts);
    case 'uint32':
    case 'int32':
    case 'float32':
      return sums(Uint32Array, sumWords);
    case 'float64':
      return sums(Uint32Array, sumLongs, 2);
    case 'float16':
      throw new Error('predictor 2 of 16-bit floats is not supported');
  }
}

type NumericWords = Uint8Array | Uint16Array | Uint32Array;

interface WordArray<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): T;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

/** Sums a row up; `start` is its first pixel in `out`, `offset` the wanted one of the `samples` of a pixel in `from`. */
type SumRow<T> = (from: T, out: T, width: number, start: number, samples: number, offset: number) => void;

/** The words of a block: aligned, and filled up with zeros where data is short. */
function padded<T>(raw: Uint8Array, count: number, words: WordArray<T>): T {
  const size = words.BYTES_PER_ELEMENT;
  let bytes = raw;
  if (raw.byteOffset % size !== 0 || raw.length < count * size) {
    bytes = new Uint8Array(count * size);
    bytes.set(raw.subarray(0, count * size));
  }
  return new words(bytes.buffer, bytes.byteOffset, count);
}

// Rows have functions of their own: V8 optimises what is called often, not what loops for long (see docs/benchmarks.md).

function sumBytes(
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
  start: number,
  samples: number,
  offset: number,
): void {
  let low = 0;
  let high = 0;
  const end = (start + width) * 2;
  for (let to = start * 2, i = (start * samples + offset) * 2; to < end; to += 2, i += samples * 2) {
    const sum = low + from[i];
    low = sum >>> 0;
    high = (high + from[i + 1] + (sum > 0xffffffff ? 1 : 0)) | 0;
    out[to] = low;
    out[to + 1] = high;
  }
}
