import { control, convert, f64, i32x4, lanes64, splat } from '../../../base/wasm/instructions';

const { get, set } = control;

/**
 * Parameters and variables of the module's function, by number. Of what is a pair (x and y of a position, red and green)
 * both halves are in one vector.
 */
export const local = {
  // Parameters; before `t` the paths, after it the points.
  t: 12,
  source: 23,
  stride: 24,
  to: 25,
  count: 26,
  // 32-bit numbers: the columns and lines of the source that a pixel covers, and where they are in memory.
  first: 27,
  last: 28,
  line: 29,
  end: 30,
  at: 31,
  span: 32,
  stop: 33,
  // float64: the edges of what is covered, the parts of columns and lines that are, and sums of blue.
  west: 34,
  east: 35,
  north: 36,
  south: 37,
  weightFirst: 38,
  weightLast: 39,
  weight: 40,
  lineBlue: 41,
  blue: 42,
  // Vectors: three for each path, the points, corners, and sums of red and green.
  upper: 43,
  lower: 46,
  origin: 49,
  from: 50,
  until: 51,
  least: 52,
  most: 53,
  pa: 54,
  pb: 55,
  low: 56,
  high: 57,
  middle: 58,
  lineColours: 59,
  colours: 60,
} as const;

/** Two float64 from locals as one vector, into a local. */
export const pair = (x: number, y: number, into: number) => [
  ...get(x),
  ...splat.double,
  ...get(y),
  ...lanes64.replace(1),
  ...set(into),
];

/** What an instruction makes of two locals. */
export const compare = (one: number, how: readonly number[], other: number) => [
  ...get(one),
  ...get(other),
  ...how,
];

/** The same number in both halves of a vector. */
export const splatOf = (value: number) => [...f64.constant(value), ...splat.double];

/** The lower two of four 32-bit numbers into locals. */
const v128ToLocals = (x: number, y: number) => [
  ...set(local.middle),
  ...get(local.middle),
  ...i32x4.extractLane(0),
  ...set(x),
  ...get(local.middle),
  ...i32x4.extractLane(1),
  ...set(y),
];

/** Two float64 as 32-bit numbers without their fractions, into locals. */
export const wholeLanes = (x: number, y: number) => [...convert.signedFromDouble, ...v128ToLocals(x, y)];

/** Both halves of a vector into locals. */
export const doubleLanes = (both: number, x: number, y: number) => [
  ...get(both),
  ...lanes64.extract(0),
  ...set(x),
  ...get(both),
  ...lanes64.extract(1),
  ...set(y),
];
