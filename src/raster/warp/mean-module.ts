import { body, exported, preamble, section, valueTypes, vector } from '../../base/wasm/encode';
import {
  advance,
  control,
  convert,
  f64,
  f64x2,
  i32,
  i32x4,
  lanes64,
  splat,
  v128,
} from '../../base/wasm/instructions';

/** Bytes of a source pixel. */
export const pixelBytes = 3;

/** Edges this close to a pixel's edge don't touch the pixel beyond. */
const edge = 1e-9;
const opaque = 0xff000000 | 0;

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

const { get, set, tee } = control;

function rowCode(): number[] {
  const [t, source, stride, to, count] = [12, 23, 24, 25, 26];
  const [first, last, line, end, at, span, stop] = [27, 28, 29, 30, 31, 32, 33];
  const [west, east, north, south, weightFirst, weightLast, weight, lineBlue, blue] = [
    34, 35, 36, 37, 38, 39, 40, 41, 42,
  ];
  const [upper, lower, origin, from, until, least, most, pa, pb, low, high, middle, lineColours, colours] = [
    43, 46, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60,
  ];
  const pair = (x: number, y: number, into: number) => [
    ...get(x),
    ...splat.double,
    ...get(y),
    ...lanes64.replace(1),
    ...set(into),
  ];
  /** Where a corner lies: a + t·(b + t·c), from the origin on. */
  const position = (path: number, along: readonly number[], into: number) => [
    ...get(path),
    ...along,
    ...splat.double,
    ...get(path + 1),
    ...along,
    ...splat.double,
    ...get(path + 2),
    ...f64x2['*'],
    ...f64x2['+'],
    ...f64x2['*'],
    ...f64x2['+'],
    ...get(origin),
    ...f64x2['-'],
    ...set(into),
  ];
  const compare = (one: number, how: readonly number[], other: number) => [
    ...get(one),
    ...get(other),
    ...how,
  ];
  const splatOf = (value: number) => [...f64.constant(value), ...splat.double];
  const wholeLanes = (x: number, y: number) => [...convert.signedFromDouble, ...v128ToLocals(x, y)];
  const v128ToLocals = (x: number, y: number) => [
    ...set(middle),
    ...get(middle),
    ...i32x4.extractLane(0),
    ...set(x),
    ...get(middle),
    ...i32x4.extractLane(1),
    ...set(y),
  ];
  const doubleLanes = (both: number, x: number, y: number) => [
    ...get(both),
    ...lanes64.extract(0),
    ...set(x),
    ...get(both),
    ...lanes64.extract(1),
    ...set(y),
  ];
  const twoColours = [
    ...get(at),
    ...v128.load32Zero(0),
    ...convert.widenLowBytesUnsigned,
    ...convert.widenLowShortsUnsigned,
    ...convert.doubleFromLowSigned,
  ];
  const thirdColour = [...get(at), ...i32.loadByte(2), ...f64.fromSigned];
  /** Adds a pixel to the sums of a line. */
  const take = (by: number | undefined) => [
    ...get(lineColours),
    ...twoColours,
    ...(by === undefined ? [] : [...get(by), ...splat.double, ...f64x2['*']]),
    ...f64x2['+'],
    ...set(lineColours),
    ...get(lineBlue),
    ...thirdColour,
    ...(by === undefined ? [] : [...get(by), ...f64['*']]),
    ...f64['+'],
    ...set(lineBlue),
  ];
  const bounds = [
    ...compare(pa, f64x2.lesser, pb),
    ...set(low),
    ...compare(low, f64x2.greater, least),
    ...set(low),
    ...compare(pa, f64x2.greater, pb),
    ...set(high),
    ...compare(high, f64x2.lesser, most),
    ...set(high),
  ];
  const isInside = [
    ...compare(pa, f64x2['+'], pb),
    ...splatOf(0.5),
    ...f64x2['*'],
    ...tee(middle),
    ...get(from),
    ...f64x2['>='],
    ...compare(middle, f64x2['<'], until),
    ...v128.and,
    ...compare(low, f64x2['<'], high),
    ...v128.and,
    ...lanes64.areAllSet,
  ];
  const weights = [
    ...doubleLanes(low, west, north),
    ...doubleLanes(high, east, south),
    ...get(low),
    ...splatOf(edge),
    ...f64x2['+'],
    ...wholeLanes(first, line),
    ...get(high),
    ...splatOf(edge),
    ...f64x2['-'],
    ...f64x2.ceil,
    ...wholeLanes(last, end),
    ...advance(last, -1),
    ...get(first),
    ...i32.constant(1),
    ...i32.add,
    ...f64.fromSigned,
    ...get(west),
    ...f64['-'],
    ...get(east),
    ...get(west),
    ...f64['-'],
    ...get(first),
    ...get(last),
    ...i32.isLess,
    ...control.select,
    ...set(weightFirst),
    ...get(east),
    ...get(last),
    ...f64.fromSigned,
    ...f64['-'],
    ...set(weightLast),
    ...get(last),
    ...get(first),
    ...i32.subtract,
    ...i32.constant(pixelBytes),
    ...i32.multiply,
    ...set(span),
  ];
  const sumLine = [
    ...get(source),
    ...get(line),
    ...get(stride),
    ...i32.multiply,
    ...i32.add,
    ...get(first),
    ...i32.constant(pixelBytes),
    ...i32.multiply,
    ...i32.add,
    ...set(at),
    ...splatOf(0),
    ...set(lineColours),
    ...f64.constant(0),
    ...set(lineBlue),
    ...take(weightFirst),
    ...i32.constant(0),
    ...get(span),
    ...i32.isLess,
    ...control.when,
    ...get(at),
    ...get(span),
    ...i32.add,
    ...set(stop),
    ...control.block,
    ...control.loop,
    ...advance(at, pixelBytes),
    ...get(at),
    ...get(stop),
    ...i32.isAtLeast,
    ...control.branchIf(1),
    ...take(undefined),
    ...control.branch(0),
    ...control.end,
    ...control.end,
    ...take(weightLast),
    ...control.end,
    // The part of the line that is covered.
    ...get(line),
    ...i32.constant(1),
    ...i32.add,
    ...f64.fromSigned,
    ...get(south),
    ...f64.lesser,
    ...get(line),
    ...f64.fromSigned,
    ...get(north),
    ...f64.greater,
    ...f64['-'],
    ...set(weight),
    ...get(colours),
    ...get(lineColours),
    ...get(weight),
    ...splat.double,
    ...f64x2['*'],
    ...f64x2['+'],
    ...set(colours),
    ...get(blue),
    ...get(lineBlue),
    ...get(weight),
    ...f64['*'],
    ...f64['+'],
    ...set(blue),
  ];
  const writePixel = [
    ...f64.constant(1),
    ...get(east),
    ...get(west),
    ...f64['-'],
    ...get(south),
    ...get(north),
    ...f64['-'],
    ...f64['*'],
    ...f64['/'],
    ...set(weight),
    ...get(colours),
    ...get(weight),
    ...splat.double,
    ...f64x2['*'],
    ...splatOf(0.5),
    ...f64x2['+'],
    ...wholeLanes(first, last),
    ...get(to),
    ...get(first),
    ...get(last),
    ...i32.constant(8),
    ...i32.shiftLeft,
    ...i32.or,
    ...get(blue),
    ...get(weight),
    ...f64['*'],
    ...f64.constant(0.5),
    ...f64['+'],
    ...f64.toSigned,
    ...i32.constant(16),
    ...i32.shiftLeft,
    ...i32.or,
    ...i32.constant(opaque),
    ...i32.or,
    ...i32.store(0),
  ];
  return body(
    [
      [7, valueTypes.i32],
      [9, valueTypes.f64],
      [18, valueTypes.v128],
    ],
    [
      ...[0, 1, 2].flatMap((k) => pair(k, k + 3, upper + k)),
      ...[0, 1, 2].flatMap((k) => pair(k + 6, k + 9, lower + k)),
      ...[origin, from, until, least, most].flatMap((into, k) => pair(13 + 2 * k, 14 + 2 * k, into)),
      ...control.loop,
      ...position(upper, get(t), pa),
      ...position(lower, [...get(t), ...f64.constant(1), ...f64['+']], pb),
      ...bounds,
      ...isInside,
      ...control.when,
      ...weights,
      ...splatOf(0),
      ...set(colours),
      ...f64.constant(0),
      ...set(blue),
      ...control.block,
      ...control.loop,
      ...get(line),
      ...get(end),
      ...i32.isAtLeast,
      ...control.branchIf(1),
      ...sumLine,
      ...advance(line, 1),
      ...control.branch(0),
      ...control.end,
      ...control.end,
      ...writePixel,
      ...control.end,
      ...get(t),
      ...f64.constant(1),
      ...f64['+'],
      ...set(t),
      ...advance(to, 4),
      ...advance(count, -1),
      ...get(count),
      ...control.branchIf(0),
      ...control.end,
    ],
  );
}
