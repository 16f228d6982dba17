import { lazyKernels, reserveMemory, type WasmMemory } from '../../base/wasm/engine';
import { uncleared } from '../recycled';
import { simdModule } from './simd-module';

interface Kernels {
  readonly memory: WasmMemory;
  readonly sum1: (vectors: number, rows: number, at: number) => void;
  readonly sum2: (vectors: number, rows: number, at: number) => void;
  readonly sum4: (vectors: number, rows: number, at: number) => void;
  readonly split2: Split;
  readonly split4: Split;
}

type Split = (pixels: number, rows: number, from: number, to: number, planeBytes: number) => void;

/**
 * About what is in the module's memory at once: little enough to stay in a core's cache, so that a block is read and its
 * planes are written once each.
 */
const pieceBytes = 128 * 1024;
/** Longer rows take the slower way instead of keeping so much memory for good. */
const maxRowBytes = 16 * 1024 * 1024;

const load = lazyKernels<Kernels>(simdModule);

/** Copies some bytes of a block to the start of a memory; where the block is short, zeros. */
function put(raw: Uint8Array, from: number, length: number, memory: WasmMemory): void {
  const there = new Uint8Array(memory.buffer, 0, length);
  const part = raw.subarray(from, from + length);
  there.set(part);
  if (part.length < length) there.fill(0, part.length);
}

/**
 * Running sums over the rows of one band; undefined where the kernels don't fit (rows that are no whole
 * vectors, no SIMD).
 * @param size bytes of a number.
 */
export function sumRowsFast(
  raw: Uint8Array,
  width: number,
  height: number,
  size: 1 | 2 | 4,
): Uint8Array | undefined {
  const rowBytes = width * size;
  const run = load();
  if (!run || rowBytes % 16 !== 0 || rowBytes > maxRowBytes || rowBytes === 0) return undefined;
  const most = Math.max(1, Math.floor(pieceBytes / rowBytes));
  reserveMemory(run.memory, most * rowBytes);
  const kernel = size === 1 ? run.sum1 : size === 2 ? run.sum2 : run.sum4;
  const sums = uncleared(Uint8Array, height * rowBytes);
  for (let row = 0; row < height; row += most) {
    const length = Math.min(most, height - row) * rowBytes;
    put(raw, row * rowBytes, length, run.memory);
    kernel(rowBytes / 16, length / rowBytes, 0);
    sums.set(new Uint8Array(run.memory.buffer, 0, length), row * rowBytes);
  }
  return sums;
}

/**
 * Running sums over two or four interleaved bands of 16 bits, as planes of the wanted ones; undefined where the kernels
 * don't fit.
 */
export function splitFast(
  raw: Uint8Array,
  width: number,
  height: number,
  samples: 2 | 4,
  wanted: readonly number[],
): Uint16Array[] | undefined {
  const rowBytes = width * 2 * samples;
  const run = load();
  if (!run || width % 8 !== 0 || rowBytes > maxRowBytes || rowBytes === 0) return undefined;
  const most = Math.max(1, Math.floor(pieceBytes / rowBytes));
  const split = samples === 2 ? run.split2 : run.split4;
  const splitAt = most * rowBytes;
  const planeBytes = splitAt / samples;
  reserveMemory(run.memory, splitAt * 2);
  const planes = wanted.map(() => uncleared(Uint16Array, width * height));
  for (let row = 0; row < height; row += most) {
    const rows = Math.min(most, height - row);
    put(raw, row * rowBytes, rows * rowBytes, run.memory);
    split(width, rows, 0, splitAt, planeBytes);
    wanted.forEach((sample, index) => {
      const part = new Uint16Array(run.memory.buffer, splitAt + sample * planeBytes, width * rows);
      planes[index].set(part, row * width);
    });
  }
  return planes;
}
