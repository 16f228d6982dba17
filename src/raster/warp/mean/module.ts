import { body, exported, preamble, section, valueTypes, vector } from '../../../base/wasm/encode';
import { advance, control, f64, i32 } from '../../../base/wasm/instructions';
import { local, pair, splatOf } from './locals';
import { bounds, isInside, position, weights } from './outline';
import { sumLine, writePixel } from './sums';

/** Parameters of `row` that are float64, then those that are 32-bit numbers. */
const doubles = 23;
const integers = 4;

/**
 * A WebAssembly module that exports its memory and `row`: means of the source pixels under the pixels of an output row,
 * what `meanOfBytes` makes of three colours without opacity, in the same order of operations. Its parameters:
 *
 * - the path of the row's upper edge (ax, bx, cx, ay, by, cy), that of its lower edge, and the position `t` on them of the
 *   first pixel;
 * - five points in the source, x and y each: what positions are counted from; then, counted from there, the least
 *   position of a middle that is drawn and the least one that is not any more; the first pixel in memory and the one after
 *   the last;
 * - the address where the pixel that positions are counted from would be, the bytes of a row, the address of the result
 *   (four bytes a pixel), the number of pixels. Pixels that lie outside are left as they are.
 *
 * It reads one byte beyond the last pixel.
 */
export function meanModule(): Uint8Array<ArrayBuffer> {
  const { i32: int, f64: double } = valueTypes;
  const parameters = [...new Array<number>(doubles).fill(double), ...new Array<number>(integers).fill(int)];
  return Uint8Array.from([
    ...preamble,
    ...section(1, vector([[0x60, ...vector(parameters.map((one) => [one])), 0]])),
    ...section(3, vector([[0]])),
    ...section(5, vector([[0x00, 0x01]])),
    ...section(7, vector([exported('memory', 2, 0), exported('row', 0, 0)])),
    ...section(10, vector([rowCode()])),
  ]);
}

const { get, set } = control;

function rowCode(): number[] {
  return body(
    [
      [7, valueTypes.i32],
      [9, valueTypes.f64],
      [18, valueTypes.v128],
    ],
    [
      ...[0, 1, 2].flatMap((k) => pair(k, k + 3, local.upper + k)),
      ...[0, 1, 2].flatMap((k) => pair(k + 6, k + 9, local.lower + k)),
      ...[local.origin, local.from, local.until, local.least, local.most].flatMap((into, k) =>
        pair(13 + 2 * k, 14 + 2 * k, into),
      ),
      ...control.loop,
      ...position(local.upper, get(local.t), local.pa),
      ...position(local.lower, [...get(local.t), ...f64.constant(1), ...f64['+']], local.pb),
      ...bounds,
      ...isInside,
      ...control.when,
      ...weights,
      ...splatOf(0),
      ...set(local.colours),
      ...f64.constant(0),
      ...set(local.blue),
      ...control.block,
      ...control.loop,
      ...get(local.line),
      ...get(local.end),
      ...i32.isAtLeast,
      ...control.branchIf(1),
      ...sumLine,
      ...advance(local.line, 1),
      ...control.branch(0),
      ...control.end,
      ...control.end,
      ...writePixel,
      ...control.end,
      ...get(local.t),
      ...f64.constant(1),
      ...f64['+'],
      ...set(local.t),
      ...advance(local.to, 4),
      ...advance(local.count, -1),
      ...get(local.count),
      ...control.branchIf(0),
      ...control.end,
    ],
  );
}
