import { advance, control, f64, f64x2, i32, lanes64, splat, v128 } from '../../../base/wasm/instructions';
import { compare, doubleLanes, local, splatOf, wholeLanes } from './locals';

/** Bytes of a source pixel. */
export const pixelBytes = 3;

/** Edges this close to a pixel's edge don't touch the pixel beyond, as in bytes.ts. */
const edge = 1e-9;

const { get, set, tee } = control;

/** Where a corner lies: a + t·(b + t·c), from the origin on. */
export const position = (path: number, along: readonly number[], into: number) => [
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
  ...get(local.origin),
  ...f64x2['-'],
  ...set(into),
];

/** The rectangle between two corners, cut to what is in memory. */
export const bounds = [
  ...compare(local.pa, f64x2.lesser, local.pb),
  ...set(local.low),
  ...compare(local.low, f64x2.greater, local.least),
  ...set(local.low),
  ...compare(local.pa, f64x2.greater, local.pb),
  ...set(local.high),
  ...compare(local.high, f64x2.lesser, local.most),
  ...set(local.high),
];

/** Whether the middle of the corners is drawn, and anything is between them. */
export const isInside = [
  ...compare(local.pa, f64x2['+'], local.pb),
  ...splatOf(0.5),
  ...f64x2['*'],
  ...tee(local.middle),
  ...get(local.from),
  ...f64x2['>='],
  ...compare(local.middle, f64x2['<'], local.until),
  ...v128.and,
  ...compare(local.low, f64x2['<'], local.high),
  ...v128.and,
  ...lanes64.areAllSet,
];

/** Which columns and lines of the source the rectangle covers, and how much of the first and the last column. */
export const weights = [
  ...doubleLanes(local.low, local.west, local.north),
  ...doubleLanes(local.high, local.east, local.south),
  ...get(local.low),
  ...splatOf(edge),
  ...f64x2['+'],
  ...wholeLanes(local.first, local.line),
  ...get(local.high),
  ...splatOf(edge),
  ...f64x2['-'],
  ...f64x2.ceil,
  ...wholeLanes(local.last, local.end),
  ...advance(local.last, -1),
  ...get(local.first),
  ...i32.constant(1),
  ...i32.add,
  ...f64.fromSigned,
  ...get(local.west),
  ...f64['-'],
  ...get(local.east),
  ...get(local.west),
  ...f64['-'],
  ...get(local.first),
  ...get(local.last),
  ...i32.isLess,
  ...control.select,
  ...set(local.weightFirst),
  ...get(local.east),
  ...get(local.last),
  ...f64.fromSigned,
  ...f64['-'],
  ...set(local.weightLast),
  ...get(local.last),
  ...get(local.first),
  ...i32.subtract,
  ...i32.constant(pixelBytes),
  ...i32.multiply,
  ...set(local.span),
];
