import { endianness } from 'node:os';
import { type ImageLayout, sampleBytes } from '../tiff/image';
import { isSelfContained } from './decompress';
import { undoFloatPredictor, undoHorizontalPredictor } from './predictor';

/** Pixels of one sample of a block. Few array types, so that the loops over them stay fast. */
export type Plane = Uint8Array | Uint16Array | Int16Array | Float32Array | Float64Array;

const isMachineLittle = endianness() === 'LE';

/** The array that a sample kind is kept in: int8 in 16 bits, 32-bit integers as doubles. */
export function emptyPlane(kind: ImageLayout['kind'], length: number): Plane {
  switch (kind) {
    case 'uint8':
      return new Uint8Array(length);
    case 'uint16':
      return new Uint16Array(length);
    case 'int8':
    case 'int16':
      return new Int16Array(length);
    case 'float16':
    case 'float32':
      return new Float32Array(length);
    default:
      return new Float64Array(length);
  }
}

/** Bytes that a number of a sample kind is kept in. */
export function planeSampleBytes(kind: ImageLayout['kind']): number {
  return emptyPlane(kind, 0).BYTES_PER_ELEMENT;
}

/** Raw numbers of a block in this machine's byte order, aligned for typed arrays. */
function aligned(raw: Uint8Array, length: number): ArrayBuffer {
  if (raw.byteOffset % 8 === 0 && raw.length >= length)
    return raw.buffer.slice(raw.byteOffset, raw.byteOffset + length) as ArrayBuffer;
  const copy = new Uint8Array(length);
  copy.set(raw.subarray(0, length));
  return copy.buffer;
}

function swapBytes(raw: Uint8Array, size: number): void {
  const buffer = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength - (raw.byteLength % size));
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else if (size === 8) buffer.swap64();
}

/** Numbers of fewer than eight bits, one per byte; rows start at whole bytes. */
function unpackBits(layout: ImageLayout, raw: Uint8Array, samples: number): Uint8Array {
  const { bits, blockWidth, blockHeight } = layout;
  const perRow = blockWidth * samples;
  const rowBytes = Math.ceil((perRow * bits) / 8);
  const out = new Uint8Array(perRow * blockHeight);
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  for (let row = 0, to = 0; row < blockHeight; row++)
    for (let i = 0; i < perRow; i++, to++) {
      const byte = raw[row * rowBytes + Math.floor(i / perByte)] ?? 0;
      const place = i % perByte;
      const shift = layout.isLowBitFirst ? place * bits : 8 - bits - place * bits;
      out[to] = (byte >> shift) & mask;
    }
  return out;
}

/** A half-precision float from its bits (IEEE 754 binary16). */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * The wanted samples of a decompressed block as planes: byte order, predictor and interleaving undone.
 * @param raw shorter data leaves the rest of the block at zero (the last strip of a file is short).
 */
export function toPlanes(layout: ImageLayout, raw: Uint8Array, wanted: readonly number[]): Plane[] {
  const samples = layout.isPlanar ? 1 : layout.samples;
  const pixels = layout.blockWidth * layout.blockHeight;
  const size = sampleBytes(layout);
  const isReady = isSelfContained(layout.compression);
  let numbers = raw;
  if (layout.bits < 8 && !isReady) numbers = unpackBits(layout, raw, samples);
  const predictor = isReady || layout.bits < 8 ? 1 : layout.predictor;
  if (predictor === 3) {
    // Works on bytes, whose order it fixes itself.
    const buffer = aligned(numbers, pixels * samples * size);
    undoFloatPredictor(new Uint8Array(buffer), layout.blockWidth, layout.blockHeight, samples, size);
    return spread(layout, buffer, samples, wanted);
  }
  if (size > 1 && !isReady && layout.isLittleEndian !== isMachineLittle) {
    numbers = numbers.slice();
    swapBytes(numbers, size);
  }
  if (predictor === 2) {
    const planes = undoHorizontalPredictor(layout, numbers, samples, wanted);
    if (planes) return planes;
  } else if (predictor !== 1) throw new Error(`TIFF predictor ${predictor} is not known`);
  return spread(layout, aligned(numbers, pixels * samples * size), samples, wanted);
}

function typed(layout: ImageLayout, buffer: ArrayBuffer) {
  switch (layout.kind) {
    case 'uint8':
      return new Uint8Array(buffer);
    case 'int8':
      return new Int8Array(buffer);
    case 'uint16':
    case 'float16':
      return new Uint16Array(buffer);
    case 'int16':
      return new Int16Array(buffer);
    case 'uint32':
      return new Uint32Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'float32':
      return new Float32Array(buffer);
    case 'float64':
      return new Float64Array(buffer);
  }
}

/** The usual case by itself: loops over arrays of one type are several times as fast. */
function spreadBytes(from: Uint8Array, to: Uint8Array, offset: number, samples: number): void {
  for (let i = 0, at = offset; i < to.length; i++, at += samples) to[i] = from[at];
}

/** Interleaved numbers to planes. */
function spread(
  layout: ImageLayout,
  buffer: ArrayBuffer,
  samples: number,
  wanted: readonly number[],
): Plane[] {
  const from = typed(layout, buffer);
  const pixels = layout.blockWidth * layout.blockHeight;
  return wanted.map((sample) => {
    const offset = layout.isPlanar ? 0 : sample;
    const to = emptyPlane(layout.kind, pixels);
    if (layout.kind === 'float16')
      for (let i = 0, at = offset; i < pixels; i++, at += samples) to[i] = fromHalf(from[at]);
    else if (samples === 1) {
      if (to.constructor === from.constructor) return from as Plane;
      to.set(from);
    } else if (from instanceof Uint8Array && to instanceof Uint8Array) spreadBytes(from, to, offset, samples);
    else for (let i = 0, at = offset; i < pixels; i++, at += samples) to[i] = from[at];
    return to;
  });
}
