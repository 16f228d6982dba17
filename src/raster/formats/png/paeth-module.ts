import { preamble, section, valueTypes, vector } from '../../../base/wasm';
import { advance, body, bytes16, exported, op, procedureType } from '../../../base/wasm-code';

/** The difference of two bytes without its sign. */
const distance = (one: number, other: number) => [
  ...op.get(one),
  ...op.get(other),
  ...bytes16.subtractSaturating,
  ...op.get(other),
  ...op.get(one),
  ...bytes16.subtractSaturating,
  ...bytes16.or,
];

/**
 * PNG's Paeth filter (ISO/IEC 15948, 9.4) of sixteen bytes: of left, above and above left that is taken which is nearest
 * to left + above - above left. Distances from there are those of the others, added where both point the same way.
 */
function paeth(): number[] {
  const [vectors, rows, from, to, rowBytes, pixelBytes] = [0, 1, 2, 3, 4, 5];
  const [left, at, out, back] = [6, 7, 8, 9];
  const [a, b, c, toA, toB, toC] = [10, 11, 12, 13, 14, 15];
  const loadAt = (address: readonly number[], into: number) => [...address, ...op.load(0), ...op.set(into)];
  const minus = (address: number, by: number) => [...op.get(address), ...op.get(by), ...op.subtract];
  const add = (local: number, other: number) => [
    ...op.get(local),
    ...op.get(other),
    ...op.add,
    ...op.set(local),
  ];
  return body(
    [
      [4, valueTypes.i32],
      [6, valueTypes.v128],
    ],
    [
      ...op.loop,
      ...op.get(vectors),
      ...op.set(left),
      ...op.get(from),
      ...op.set(at),
      ...op.get(to),
      ...op.set(out),
      ...op.loop,
      ...loadAt(minus(at, pixelBytes), a),
      ...minus(at, rowBytes),
      ...op.tee(back),
      ...op.load(0),
      ...op.set(b),
      ...loadAt(minus(back, pixelBytes), c),
      ...distance(b, c),
      ...op.set(toA),
      ...distance(a, c),
      ...op.set(toB),
      // Sum or difference of the two: the distance of above left.
      ...distance(toA, toB),
      ...op.get(toA),
      ...op.get(toB),
      ...bytes16.addSaturating,
      ...op.get(b),
      ...op.get(c),
      ...bytes16.isAtLeast,
      ...op.get(a),
      ...op.get(c),
      ...bytes16.isAtLeast,
      ...bytes16.xor,
      ...bytes16.select,
      ...op.set(toC),
      ...op.get(out),
      ...op.get(at),
      ...op.load(0),
      ...op.get(a),
      ...op.get(b),
      ...op.get(c),
      ...op.get(toB),
      ...op.get(toC),
      ...bytes16.isAtMost,
      ...bytes16.select,
      ...op.get(toA),
      ...op.get(toB),
      ...bytes16.isAtMost,
      ...op.get(toA),
      ...op.get(toC),
      ...bytes16.isAtMost,
      ...bytes16.and,
      ...bytes16.select,
      ...bytes16.subtract,
      ...op.store,
      ...advance(at, 16),
      ...advance(out, 16),
      ...advance(left, -1),
      ...op.get(left),
      ...op.branchIf(0),
      ...op.end,
      ...add(from, rowBytes),
      ...add(to, rowBytes),
      ...advance(to, 1),
      ...advance(rows, -1),
      ...op.get(rows),
      ...op.branchIf(0),
      ...op.end,
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
