import { preamble, section, valueTypes, vector } from '../../base/wasm';
import { advance, body, bytes16, exported, op, procedureType } from '../../base/wasm-code';

/** Pixels of the result that one turn makes. */
export const pixelsPerTurn = 4;

const pixelBytes = 3;

/** Byte lanes of every second pixel of eight, of two vectors that overlap by eight bytes. */
function everySecond(first: 0 | 1): number[] {
  const lanes: number[] = [];
  for (let pixel = first; pixel < 8; pixel += 2)
    for (let channel = 0; channel < pixelBytes; channel++) {
      const at = pixel * pixelBytes + channel;
      lanes.push(at < 16 ? at : 16 + at - 8);
    }
  return [...lanes, 0, 0, 0, 0];
}

/** Of eight bytes in each of four vectors the means, rounded, as 16-bit numbers. */
function means(half: readonly number[], [first, ...others]: readonly number[]): number[] {
  return [
    ...op.get(first),
    ...half,
    ...others.flatMap((local) => [...op.get(local), ...half, ...op.addLanes[2]]),
    ...bytes16.shorts(2),
    ...op.addLanes[2],
    ...op.constant(2),
    ...bytes16.shiftRight,
  ];
}

function average3(): number[] {
  const [turns, upper, lower, to] = [0, 1, 2, 3];
  const [low, high, pixels] = [4, 5, 6];
  const pick = (row: number, into: number) => [
    ...op.get(row),
    ...op.load(0),
    ...op.set(low),
    ...op.get(row),
    ...op.load(8),
    ...op.set(high),
    ...([0, 1] as const).flatMap((first) => [
      ...op.get(low),
      ...op.get(high),
      ...op.shuffle(everySecond(first)),
      ...op.set(into + first),
    ]),
  ];
  const four = [0, 1, 2, 3].map((index) => pixels + index);
  return body(
    [[6, valueTypes.v128]],
    [
      ...op.loop,
      ...pick(upper, pixels),
      ...pick(lower, pixels + 2),
      ...op.get(to),
      ...means(bytes16.lower, four),
      ...means(bytes16.upper, four),
      ...bytes16.narrow,
      ...op.store,
      ...advance(upper, 2 * pixelsPerTurn * pixelBytes),
      ...advance(lower, 2 * pixelsPerTurn * pixelBytes),
      ...advance(to, pixelsPerTurn * pixelBytes),
      ...op.get(turns),
      ...op.constant(1),
      ...op.subtract,
      ...op.tee(turns),
      ...op.branchIf(0),
      ...op.end,
    ],
  );
}

/**
 * A WebAssembly module that exports its memory and `average3(turns, upper, lower, to)`: means of 2 × 2 pixels of three
 * bytes, four a turn. It writes four bytes beyond the last pixel.
 */
export function halveModule(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...preamble,
    ...section(1, vector([procedureType(4)])),
    ...section(3, vector([[0]])),
    ...section(5, vector([[0x00, 0x01]])),
    ...section(7, vector([exported('memory', 2, 0), exported('average3', 0, 0)])),
    ...section(10, vector([average3()])),
  ]);
}
