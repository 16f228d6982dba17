import { lazyKernels, reserveMemory, type WasmMemory } from '../../base/wasm/engine';
import { halveModule, pixelsPerTurn } from './halve-module';

interface Kernels {
  readonly memory: WasmMemory;
  readonly average3: (turns: number, upper: number, lower: number, to: number) => void;
}

/** What vectors read and write beyond the last pixel. */
const spareBytes = 16;

const load = lazyKernels<Kernels>(halveModule);

/**
 * Means of 2 × 2 pixels of three bytes: the first of a row, as far as vectors go.
 * @param upper where the upper of two rows begins @param pixels of the result that are wanted
 * @returns how many were made
 */
export function averageFast(
  source: Uint8Array,
  upper: number,
  lower: number,
  target: Uint8Array,
  out: number,
  pixels: number,
): number {
  const turns = Math.floor(pixels / pixelsPerTurn);
  const run = load();
  if (!run || turns === 0) return 0;
  const bytes = turns * pixelsPerTurn * 3;
  const second = bytes * 2 + spareBytes;
  const result = second * 2;
  reserveMemory(run.memory, result + bytes + spareBytes);
  const room = new Uint8Array(run.memory.buffer);
  room.set(source.subarray(upper, upper + bytes * 2));
  room.set(source.subarray(lower, lower + bytes * 2), second);
  run.average3(turns, 0, second, result);
  target.set(room.subarray(result, result + bytes), out);
  return turns * pixelsPerTurn;
}
