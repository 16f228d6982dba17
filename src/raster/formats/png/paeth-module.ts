import {
  body,
  exported,
  preamble,
  procedureType,
  section,
  valueTypes,
  vector,
} from '../../../base/wasm/encode';
import { advance, control, i8x16, i32, v128 } from '../../../base/wasm/instructions';

/** The difference of two bytes without its sign. */
const distance = (one: number, other: number) => [
  ...control.get(one),
  ...control.get(other),
  ...i8x16.subtractSaturatingUnsigned,
  ...control.get(other),
  ...control.get(one),
  ...i8x16.subtractSaturatingUnsigned,
  ...v128.or,
];

/**
 * PNG's Paeth filter (ISO/IEC 15948, 9.4) of sixteen bytes: of left, above and above left that is taken which is nearest
 * to left + above - above left. Distances from there are those of the others, added where both point the same way.
 */
function paeth(): number[] {
  const [vectors, rows, from, to, rowBytes, pixelBytes] = [0, 1, 2, 3, 4, 5];
  const [left, at, out, back] = [6, 7, 8, 9];
  const [a, b, c, toA, toB, toC] = [10, 11, 12, 13, 14, 15];
  const loadAt = (address: readonly number[], into: number) => [
    ...address,
    ...v128.load(0),
    ...control.set(into),
  ];
  const minus = (address: number, by: number) => [
    ...control.get(address),
    ...control.get(by),
    ...i32.subtract,
  ];
  const add = (local: number, other: number) => [
    ...control.get(local),
    ...control.get(other),
    ...i32.add,
    ...control.set(local),
  ];
  return body(
    [
      [4, valueTypes.i32],
      [6, valueTypes.v128],
    ],
    [
      ...control.loop,
      ...control.get(vectors),
      ...control.set(left),
      ...control.get(from),
      ...control.set(at),
      ...control.get(to),
      ...control.set(out),
      ...control.loop,
      ...loadAt(minus(at, pixelBytes), a),
      ...minus(at, rowBytes),
      ...control.tee(back),
      ...v128.load(0),
      ...control.set(b),
      ...loadAt(minus(back, pixelBytes), c),
      ...distance(b, c),
      ...control.set(toA),
      ...distance(a, c),
      ...control.set(toB),
      // Sum or difference of the two: the distance of above left.
      ...distance(toA, toB),
      ...control.get(toA),
      ...control.get(toB),
      ...i8x16.addSaturatingUnsigned,
      ...control.get(b),
      ...control.get(c),
      ...i8x16.isAtLeastUnsigned,
      ...control.get(a),
      ...control.get(c),
      ...i8x16.isAtLeastUnsigned,
      ...v128.xor,
      ...v128.select,
      ...control.set(toC),
      ...control.get(out),
      ...control.get(at),
      ...v128.load(0),
      ...control.get(a),
      ...control.get(b),
      ...control.get(c),
      ...control.get(toB),
      ...control.get(toC),
      ...i8x16.isAtMostUnsigned,
      ...v128.select,
      ...control.get(toA),
      ...control.get(toB),
      ...i8x16.isAtMostUnsigned,
      ...control.get(toA),
      ...control.get(toC),
      ...i8x16.isAtMostUnsigned,
      ...v128.and,
      ...v128.select,
      ...i8x16.subtract,
      ...v128.store(0),
      ...advance(at, 16),
      ...advance(out, 16),
      ...advance(left, -1),
      ...control.get(left),
      ...control.branchIf(0),
      ...control.end,
      ...add(from, rowBytes),
      ...add(to, rowBytes),
      ...advance(to, 1),
      ...advance(rows, -1),
      ...control.get(rows),
      ...control.branchIf(0),
      ...control.end,
    ],
  );
}

/**
 * A WebAssembly module that exports its memory and `paeth(vectors, rows, from, to, rowBytes, pixelBytes)`: rows of bytes
 * to filtered rows, each one byte longer. Before the first row lies the one above it. A row's last vector may reach
 * beyond its end, in what it reads and in what it writes.
 */
export function paethModule(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...preamble,
    ...section(1, vector([procedureType(6)])),
    ...section(3, vector([[0]])),
    ...section(5, vector([[0x00, 0x01]])),
    ...section(7, vector([exported('memory', 2, 0), exported('paeth', 0, 0)])),
    ...section(10, vector([paeth()])),
  ]);
}
