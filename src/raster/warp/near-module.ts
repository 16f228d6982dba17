import { body, exported, preamble, section, valueTypes, vector } from '../../base/wasm/encode';
import {
  advance,
  control,
  convert,
  f32x4,
  f64x2,
  i32,
  i32x4,
  splat,
  v128,
} from '../../base/wasm/instructions';

/**
 * A WebAssembly module with vector code for nearest pixels, four at a time. It exports its memory and
 *
 * - `row` (ax, bx, cx, ay, by, cy, t, columns, rows, stride, to, groups): for groups of four output pixels, from
 *   position `t` of a row's path on, the index of their source pixel in rows of `stride`; −1 outside of the columns and
 *   rows of the source. The least and greatest index so far are kept at the addresses 0 and 16, four of each.
 * - `take8`, `take16`, `takeSigned16`, `takeFloat` (index, data, least, to, groups, nodata): the numbers that indices
 *   name, as float32; NaN in place of no-data and where the index is −1. `data` is where number 0 would be, and numbers
 *   from `least` on are in memory.
 */
export function nearModule(): Uint8Array<ArrayBuffer> {
  const { i32: int, f32, f64 } = valueTypes;
  const type = (parameters: readonly number[]) => [0x60, ...vector(parameters.map((one) => [one])), 0];
  const take = [int, int, int, int, int, f32];
  const row = [...new Array<number>(9).fill(f64), int, int, int];
  const functions = [rowCode(), ...samples.map(takeCode)];
  const names = ['row', ...samples.map((sample) => sample.name)];
  return Uint8Array.from([
    ...preamble,
    ...section(1, vector([type(row), type(take)])),
    ...section(3, vector(functions.map((_, index) => [index === 0 ? 0 : 1]))),
    ...section(5, vector([[0x00, 0x01]])),
    ...section(
      7,
      vector([exported('memory', 2, 0), ...names.map((name, index) => exported(name, 0, index))]),
    ),
    ...section(10, vector(functions)),
  ]);
}

const bytes = (numbers: Float64Array | Float32Array | Int32Array) =>
  v128.constant(new Uint8Array(numbers.buffer));
const { get, set, tee } = control;

/** Ends a loop that is left after as many turns as the parameter says. */
const repeat = (left: number) => [
  ...get(left),
  ...i32.constant(-1),
  ...i32.add,
  ...tee(left),
  ...control.branchIf(0),
  ...control.end,
];

const lowHalves = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const narrowed = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];

function rowCode(): number[] {
  const [t, columns, rows, stride, to, groups] = [6, 7, 8, 9, 10, 11];
  const [t0, t1, first, columns2, rows2, strides, x0, x1, y0, y1, at, least, most] = [
    12, 13, 14, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
  ];
  const position = (from: number, along: number, into: number) => [
    ...get(along),
    ...get(along),
    ...get(from + 2),
    ...f64x2['*'],
    ...get(from + 1),
    ...f64x2['+'],
    ...f64x2['*'],
    ...get(from),
    ...f64x2['+'],
    ...set(into),
  ];
  const isInside = (x: number, y: number) => [
    ...get(x),
    ...bytes(new Float64Array(2)),
    ...f64x2['>='],
    ...get(y),
    ...bytes(new Float64Array(2)),
    ...f64x2['>='],
    ...v128.and,
    ...get(x),
    ...get(columns2),
    ...f64x2['<'],
    ...v128.and,
    ...get(y),
    ...get(rows2),
    ...f64x2['<'],
    ...v128.and,
  ];
  const whole = (low: number, high: number) => [
    ...get(low),
    ...convert.signedFromDouble,
    ...get(high),
    ...convert.signedFromDouble,
    ...v128.shuffle(lowHalves),
  ];
  const step = (along: number) => [
    ...get(along),
    ...bytes(new Float64Array([4, 4])),
    ...f64x2['+'],
    ...set(along),
  ];
  const code = [
    ...[0, 1, 2, 3, 4, 5].map((parameter) => [...get(parameter), ...splat.double, ...set(first + parameter)]),
    [...get(t), ...splat.double, ...bytes(new Float64Array([0, 1])), ...f64x2['+'], ...set(t0)],
    [...get(t), ...splat.double, ...bytes(new Float64Array([2, 3])), ...f64x2['+'], ...set(t1)],
    [...get(columns), ...splat.double, ...set(columns2), ...get(rows), ...splat.double, ...set(rows2)],
    [...get(stride), ...i32x4.splat, ...set(strides)],
    [...i32.constant(0), ...v128.load(0), ...set(least), ...i32.constant(0), ...v128.load(16), ...set(most)],
    control.loop,
    position(first, t0, x0),
    position(first, t1, x1),
    position(first + 3, t0, y0),
    position(first + 3, t1, y1),
    // The index, or −1.
    [...whole(y0, y1), ...get(strides), ...i32x4.multiply, ...whole(x0, x1), ...i32x4.add],
    bytes(new Int32Array(4).fill(-1)),
    [...isInside(x0, y0), ...isInside(x1, y1), ...v128.shuffle(narrowed), ...v128.select, ...set(at)],
    [...get(to), ...get(at), ...v128.store(0)],
    [...get(least), ...get(at), ...i32x4.lesserUnsigned, ...set(least)],
    [...get(most), ...get(at), ...i32x4.greater, ...set(most)],
    [...step(t0), ...step(t1), ...advance(to, 16), ...repeat(groups)],
    [
      ...i32.constant(0),
      ...get(least),
      ...v128.store(0),
      ...i32.constant(0),
      ...get(most),
      ...v128.store(16),
    ],
  ];
  return body([[18, valueTypes.v128]], code.flat());
}

interface Sample {
  readonly name: string;
  readonly size: number;
  /** Loads number k of four, each as wide as a float32. */
  load(k: number): readonly number[];
  /** What makes float32 of the four. */
  readonly convert: readonly number[];
}

const samples: readonly Sample[] = [
  { name: 'take8', size: 1, load: (k) => v128.load8Lane(4 * k), convert: convert.singleFromUnsigned },
  { name: 'take16', size: 2, load: (k) => v128.load16Lane(2 * k), convert: convert.singleFromUnsigned },
  {
    name: 'takeSigned16',
    size: 2,
    load: (k) => v128.load16Lane(2 * k),
    convert: [
      ...i32.constant(16),
      ...i32x4.shiftLeft,
      ...i32.constant(16),
      ...i32x4.shiftRight,
      ...convert.singleFromSigned,
    ],
  },
  { name: 'takeFloat', size: 4, load: (k) => v128.load32Lane(k), convert: [] },
];

function takeCode({ size, load, convert: toFloat }: Sample): number[] {
  const [index, data, least, to, groups, nodata] = [0, 1, 2, 3, 4, 5];
  const [at, safe, value, missing, leasts] = [6, 7, 8, 9, 10];
  const lanes = [0, 1, 2, 3].flatMap((k) => [
    ...get(safe),
    ...i32x4.extractLane(k),
    ...i32.constant(size),
    ...i32.multiply,
    ...get(data),
    ...i32.add,
    ...get(value),
    ...load(k),
    ...set(value),
  ]);
  const code = [
    [...get(nodata), ...splat.single, ...set(missing), ...get(least), ...i32x4.splat, ...set(leasts)],
    control.loop,
    [...get(index), ...v128.load(0), ...tee(at), ...get(leasts), ...i32x4.greater, ...set(safe)],
    [...bytes(new Int32Array(4)), ...set(value), ...lanes],
    [...get(to), ...bytes(new Float32Array(4).fill(Number.NaN))],
    [...get(value), ...toFloat, ...tee(value)],
    [
      ...get(value),
      ...get(missing),
      ...f32x4['==='],
      ...get(at),
      ...bytes(new Int32Array(4)),
      ...i32x4.isLess,
      ...v128.or,
    ],
    [...v128.select, ...v128.store(0)],
    [...advance(index, 16), ...advance(to, 16), ...repeat(groups)],
  ];
  return body([[5, valueTypes.v128]], code.flat());
}
