/**
 * A WebAssembly module with SIMD loops that undo TIFF's horizontal predictor, put together byte by byte
 * (WebAssembly core specification 2.0, chapter 5). It exports its memory and five functions:
 *
 * - `sum1`, `sum2`, `sum4` (vectors, rows, address): running sums over rows of 8-, 16- or 32-bit numbers,
 *   in place. Within a vector the sums come by adding it to itself moved by one, two, four … numbers; the
 *   last sum goes on as the carry.
 * - `split4` (pixels, rows, from, to, planeBytes): rows of four interleaved 16-bit numbers per pixel,
 *   eight pixels a turn. Four running sums live in the low half of one vector; eight of them are
 *   transposed into four vectors, one for each plane.
 * - `split2` (the same): rows of two interleaved 16-bit numbers per pixel, eight pixels a turn, summed as in `sum2`.
 *
 * Numbers wrap around in their own width, as the predictor wants.
 */

import { body, exported, preamble, procedureType, section, valueTypes, vector } from '../../base/wasm/encode';
import { advance, control, i8x16, i16x8, i32, i32x4, v128 } from '../../base/wasm/instructions';

/** Adds integers of so many bytes. */
const addLanes = { 1: i8x16.add, 2: i16x8.add, 4: i32x4.add } as const;

/** Byte lanes that move a vector's numbers up by so many bytes; zeros (of the first vector) come in. */
const moveUp = (bytes: number) => Array.from({ length: 16 }, (_, i) => (i < bytes ? 0 : 16 + i - bytes));

/**
 * Sums within a vector, which is in a local.
 * @param size bytes of a number
 * @param stride bytes from a number to the next that it is added to
 */
function vectorSums(value: number, size: 1 | 2 | 4, stride: number = size): number[] {
  const steps: number[] = [];
  for (let move = stride; move < 16; move *= 2)
    steps.push(
      ...v128.zeros,
      ...control.get(value),
      ...v128.shuffle(moveUp(move)),
      ...control.get(value),
      ...addLanes[size],
      ...control.set(value),
    );
  return steps;
}

/** Byte lanes that fill a vector with its last numbers, so many bytes of them. */
const lastBytes = (bytes: number) => Array.from({ length: 16 }, (_, i) => 16 - bytes + (i % bytes));

function sums(size: 1 | 2 | 4): number[] {
  const [vectors, rows, at, left, carry, value] = [0, 1, 2, 3, 4, 5];
  return body(
    [
      [1, valueTypes.i32],
      [2, valueTypes.v128],
    ],
    [
      ...control.block,
      ...control.loop,
      ...control.get(rows),
      ...control.isZero,
      ...control.branchIf(1),
      ...v128.zeros,
      ...control.set(carry),
      ...control.get(vectors),
      ...control.set(left),
      ...control.loop,
      ...control.get(at),
      ...v128.load(0),
      ...control.set(value),
      ...vectorSums(value, size),
      ...control.get(at),
      ...control.get(value),
      ...control.get(carry),
      ...addLanes[size],
      ...control.tee(value),
      ...v128.store(0),
      ...control.get(value),
      ...control.get(value),
      ...v128.shuffle(lastBytes(size)),
      ...control.set(carry),
      ...control.get(at),
      ...i32.constant(16),
      ...i32.add,
      ...control.set(at),
      ...control.get(left),
      ...i32.constant(1),
      ...i32.subtract,
      ...control.tee(left),
      ...control.branchIf(0),
      ...control.end,
      ...control.get(rows),
      ...i32.constant(1),
      ...i32.subtract,
      ...control.set(rows),
      ...control.branch(0),
      ...control.end,
      ...control.end,
    ],
  );
}

/** 16-bit lanes as byte lanes. */
const shorts = (...lanes: number[]) => lanes.flatMap((lane) => [lane * 2, lane * 2 + 1]);

/** Where the loop over rows of interleaved numbers has things: its parameters, and what is left of a row. */
const [pixels, rows, from, to, planeBytes, left, sum] = [0, 1, 2, 3, 4, 5, 6];
const firstFree = 7;

/**
 * A loop over rows of interleaved numbers, eight pixels a turn.
 * @param vectors locals that a turn has for itself
 * @param turn reads at `from`, writes at `to` and at every `planeBytes` from there, and keeps the last sums in `sum`
 * @param pixelBytes of all numbers of a pixel
 */
function splitRows(vectors: number, pixelBytes: number, turn: readonly number[]): number[] {
  return body(
    [
      [1, valueTypes.i32],
      [1 + vectors, valueTypes.v128],
    ],
    [
      ...control.block,
      ...control.loop,
      ...control.get(rows),
      ...control.isZero,
      ...control.branchIf(1),
      ...v128.zeros,
      ...control.set(sum),
      ...control.get(pixels),
      ...control.set(left),
      ...control.loop,
      ...turn,
      ...advance(from, 8 * pixelBytes),
      ...advance(to, 16),
      ...control.get(left),
      ...i32.constant(8),
      ...i32.subtract,
      ...control.tee(left),
      ...control.branchIf(0),
      ...control.end,
      ...advance(rows, -1),
      ...control.branch(0),
      ...control.end,
      ...control.end,
    ],
  );
}

/** The lanes of two vectors, into a local or left on the stack. */
const both = (one: number, other: number, lanes: readonly number[], into?: number) => [
  ...control.get(one),
  ...control.get(other),
  ...v128.shuffle(lanes),
  ...(into === undefined ? [] : control.set(into)),
];

/** Where a turn writes the numbers of a plane. */
const placeIn = (plane: number) => [
  ...control.get(to),
  ...control.get(planeBytes),
  ...i32.constant(plane),
  ...i32.multiply,
  ...i32.add,
];

function split4(): number[] {
  const [pixel, pair, low, high] = [firstFree, firstFree + 8, firstFree + 12, firstFree + 14];
  const turn: number[] = [];
  for (let k = 0; k < 8; k++)
    turn.push(
      ...control.get(sum),
      ...control.get(from),
      ...v128.load64Zero(k * 8),
      ...i16x8.add,
      ...control.tee(sum),
      ...control.set(pixel + k),
    );
  for (let k = 0; k < 4; k++)
    turn.push(...both(pixel + 2 * k, pixel + 2 * k + 1, shorts(0, 8, 1, 9, 2, 10, 3, 11), pair + k));
  for (let k = 0; k < 2; k++)
    turn.push(
      ...both(pair + 2 * k, pair + 2 * k + 1, shorts(0, 1, 8, 9, 2, 3, 10, 11), low + k),
      ...both(pair + 2 * k, pair + 2 * k + 1, shorts(4, 5, 12, 13, 6, 7, 14, 15), high + k),
    );
  for (let plane = 0; plane < 4; plane++) {
    const half = plane < 2 ? low : high;
    const lanes = plane % 2 === 0 ? shorts(0, 1, 2, 3, 8, 9, 10, 11) : shorts(4, 5, 6, 7, 12, 13, 14, 15);
    turn.push(...placeIn(plane), ...both(half, half + 1, lanes), ...v128.store(0));
  }
  return splitRows(16, 8, turn);
}

function split2(): number[] {
  const vectors = [firstFree, firstFree + 1];
  const turn = vectors.flatMap((value, k) => [
    ...control.get(from),
    ...v128.load(k * 16),
    ...control.set(value),
    ...vectorSums(value, 2, 4),
    ...control.get(value),
    ...control.get(sum),
    ...i16x8.add,
    ...control.set(value),
    ...both(value, value, lastBytes(4), sum),
  ]);
  for (const plane of [0, 1]) {
    const lanes = shorts(...Array.from({ length: 8 }, (_, i) => 2 * i + plane));
    turn.push(...placeIn(plane), ...both(vectors[0], vectors[1], lanes), ...v128.store(0));
  }
  return splitRows(2, 4, turn);
}

/** The module's bytes. */
export function simdModule(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...preamble,
    ...section(1, vector([procedureType(3), procedureType(5)])),
    ...section(3, vector([[0], [0], [0], [1], [1]])),
    ...section(5, vector([[0x00, 0x01]])),
    ...section(
      7,
      vector([
        exported('memory', 2, 0),
        exported('sum1', 0, 0),
        exported('sum2', 0, 1),
        exported('sum4', 0, 2),
        exported('split4', 0, 3),
        exported('split2', 0, 4),
      ]),
    ),
    ...section(10, vector([sums(1), sums(2), sums(4), split4(), split2()])),
  ]);
}
