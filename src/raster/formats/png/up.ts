import {
  body,
  exported,
  preamble,
  procedureType,
  section,
  valueTypes,
  vector,
} from '../../../base/wasm/encode';
import { lazyKernels, reserveMemory, type WasmMemory } from '../../../base/wasm/engine';
import { advance, control, i8x16, i32, v128 } from '../../../base/wasm/instructions';

interface Kernels {
  readonly memory: WasmMemory;
  readonly up: (from: number, to: number, rowBytes: number, rows: number) => void;
}

/** Bytes that are filtered at once; longer rows take the slower way. */
const pieceBytes = 1 << 20;
/** What vectors reach beyond the last row. */
const spareBytes = 16;
/** Where filtered rows begin. */
const outAt = pieceBytes + spareBytes;

const load = lazyKernels<Kernels>(upModule);

/**
 * Rows with PNG's Up filter, a filter byte before each; the first row is left as it is.
 * @param out as long as the rows with their filter bytes
 * @returns whether it was done: vectors may be missing, and rows may be long
 */
export function filterUpFast(rows: Uint8Array, rowBytes: number, out: Uint8Array): boolean {
  const most = Math.floor(pieceBytes / (rowBytes + 1)) - 1;
  const run = most < 1 ? undefined : load();
  if (!run || rows.length === 0) return false;
  const count = rows.length / rowBytes;
  reserveMemory(run.memory, outAt + pieceBytes + spareBytes);
  const room = new Uint8Array(run.memory.buffer);
  out[0] = 0;
  out.set(rows.subarray(0, rowBytes), 1);
  for (let row = 1; row < count; row += most) {
    const some = Math.min(most, count - row);
    room.set(rows.subarray((row - 1) * rowBytes, (row + some) * rowBytes));
    run.up(rowBytes, outAt, rowBytes, some);
    out.set(room.subarray(outAt, outAt + some * (rowBytes + 1)), row * (rowBytes + 1));
  }
  return true;
}

/** Differences to the row above (ISO/IEC 15948, 9.2), sixteen bytes at a time, with the filter's number before them. */
function up(): number[] {
  const [from, to, rowBytes, rows, left] = [0, 1, 2, 3, 4];
  const back = (local: number) => [
    ...control.get(local),
    ...control.get(left),
    ...i32.add,
    ...control.set(local),
  ];
  return body(
    [[1, valueTypes.i32]],
    [
      ...control.loop,
      ...control.get(to),
      ...i32.constant(2),
      ...i32.storeByte(0),
      ...advance(to, 1),
      ...control.get(rowBytes),
      ...control.set(left),
      ...control.loop,
      ...control.get(to),
      ...control.get(from),
      ...v128.load(0),
      ...control.get(from),
      ...control.get(rowBytes),
      ...i32.subtract,
      ...v128.load(0),
      ...i8x16.subtract,
      ...v128.store(0),
      ...advance(from, 16),
      ...advance(to, 16),
      ...advance(left, -16),
      ...control.get(left),
      ...i32.constant(0),
      ...i32.isGreater,
      ...control.branchIf(0),
      ...control.end,
      // To the row's end, which the last vector may have passed.
      ...back(from),
      ...back(to),
      ...advance(rows, -1),
      ...control.get(rows),
      ...control.branchIf(0),
      ...control.end,
    ],
  );
}

function upModule(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...preamble,
    ...section(1, vector([procedureType(4)])),
    ...section(3, vector([[0]])),
    ...section(5, vector([[0x00, 0x01]])),
    ...section(7, vector([exported('memory', 2, 0), exported('up', 0, 0)])),
    ...section(10, vector([up()])),
  ]);
}
