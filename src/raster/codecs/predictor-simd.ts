import { lazyKernels, reserveMemory, type WasmMemory } from '../../base/wasm';
import { simdModule } from './simd-module';

interface Kernels {
  readonly memory: WasmMemory;
  readonly sum1: (vectors: number, rows: number, at: number) => void;
  readonly sum2: (vectors: number, rows: number, at: number) => void;
  readonly sum4: (vectors: number, rows: number, at: number) => void;
  readonly split4: (pixels: number, rows: number, from: number, to: number, planeBytes: number) => void;
}

/** Larger blocks take the slower way instead of keeping so much memory for good. */
const maxBytes = 32 * 1024 * 1024;

const load = lazyKernels<Kernels>(simdModule);

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
  const bytes = width * height * size;
  const run = load();
  if (!run || (width * size) % 16 !== 0 || bytes > maxBytes || bytes === 0) return undefined;
  reserveMemory(run.memory, bytes);
  const block = new Uint8Array(run.memory.buffer, 0, bytes);
  block.set(raw.length > bytes ? raw.subarray(0, bytes) : raw);
  if (raw.length < bytes) block.fill(0, raw.length);
  const kernel = size === 1 ? run.sum1 : size === 2 ? run.sum2 : run.sum4;
  kernel((width * size) / 16, height, 0);
  return block.slice();
}

/** Running sums over four interleaved bands of 16 bits, as four planes; undefined where the kernel doesn't fit. */
export function splitFourFast(raw: Uint8Array, width: number, height: number): Uint16Array[] | undefined {
  const planeBytes = width * height * 2;
  const bytes = planeBytes * 4;
  const run = load();
  if (!run || width % 8 !== 0 || bytes * 2 > maxBytes || bytes === 0) return undefined;
  reserveMemory(run.memory, bytes * 2);
  const block = new Uint8Array(run.memory.buffer, 0, bytes);
  block.set(raw.length > bytes ? raw.subarray(0, bytes) : raw);
  if (raw.length < bytes) block.fill(0, raw.length);
  run.split4(width, height, 0, bytes, planeBytes);
  return [0, 1, 2, 3].map((plane) =>
    new Uint16Array(run.memory.buffer, bytes + plane * planeBytes, width * height).slice(),
  );
}
