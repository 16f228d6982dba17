import { lazyKernels, reserveMemory, type WasmMemory } from '../../../base/wasm/engine';
import { paethModule } from './paeth-module';

interface Kernels {
  readonly memory: WasmMemory;
  readonly paeth: (
    vectors: number,
    rows: number,
    from: number,
    to: number,
    rowBytes: number,
    pixelBytes: number,
  ) => void;
}

/** Larger pictures take the slower way instead of keeping so much memory for good. */
const maxBytes = 16 * 1024 * 1024;
/** Before the first row and after the last one: what vectors reach beyond them. */
const spareBytes = 16;
/** The filter's number in PNG. */
const filterType = 4;

const load = lazyKernels<Kernels>(paethModule);

/**
 * Rows with PNG's Paeth filter, a filter byte before each; undefined where vectors are missing or the picture is large.
 * @param samples rows of bytes, the first at the top of the picture @param pixelBytes bytes of one pixel
 */
export function filterPaeth(samples: Uint8Array, rowBytes: number, pixelBytes: number): Buffer | undefined {
  const rows = samples.length / rowBytes;
  const run = load();
  if (!run || samples.length > maxBytes || samples.length === 0) return undefined;
  const from = spareBytes + rowBytes;
  const to = from + samples.length + spareBytes;
  const filteredBytes = samples.length + rows;
  reserveMemory(run.memory, to + filteredBytes + spareBytes);
  const room = new Uint8Array(run.memory.buffer);
  room.fill(0, 0, from);
  room.set(samples, from);
  run.paeth(Math.ceil(rowBytes / 16), rows, from, to + 1, rowBytes, pixelBytes);
  const filtered = Buffer.allocUnsafe(filteredBytes);
  filtered.set(room.subarray(to, to + filteredBytes));
  for (let row = 0, out = 0, at = 0; row < rows; row++, out += rowBytes + 1, at += rowBytes) {
    filtered[out] = filterType;
    // Nothing lies to the left of the first pixel: what is above it is nearest.
    for (let i = 0; i < pixelBytes; i++)
      filtered[out + 1 + i] = samples[at + i] - (row === 0 ? 0 : samples[at + i - rowBytes]);
  }
  return filtered;
}
