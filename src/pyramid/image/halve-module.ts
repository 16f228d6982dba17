import { body, exported, preamble, procedureType, section, valueTypes, vector } from '../../base/wasm/encode';
import { advance, control, convert, i16x8, i32, v128 } from '../../base/wasm/instructions';

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
    ...control.get(first),
    ...half,
    ...others.flatMap((local) => [...control.get(local), ...half, ...i16x8.add]),
    ...i16x8.constant(2),
    ...i16x8.add,
    ...i32.constant(2),
    ...i16x8.shiftRightUnsigned,
  ];
}

function average3(): number[] {
  const [turns, upper, lower, to] = [0, 1, 2, 3];
  const [low, high, pixels] = [4, 5, 6];
  const pick = (row: number, into: number) => [
    ...control.get(row),
    ...v128.load(0),
    ...control.set(low),
    ...control.get(row),
    ...v128.load(8),
    ...control.set(high),
    ...([0, 1] as const).flatMap((first) => [
      ...control.get(low),
      ...control.get(high),
      ...v128.shuffle(everySecond(first)),
      ...control.set(into + first),
    ]),
  ];
  const four = [0, 1, 2, 3].map((index) => pixels + index);
  return body(
    [[6, valueTypes.v128]],
    [
      ...control.loop,
      ...pick(upper, pixels),
      ...pick(lower, pixels + 2),
      ...control.get(to),
      ...means(convert.widenLowBytesUnsigned, four),
      ...means(convert.widenHighBytesUnsigned, four),
      ...convert.narrowToBytes,
      ...v128.store(0),
      ...advance(upper, 2 * pixelsPerTurn * pixelBytes),
      ...advance(lower, 2 * pixelsPerTurn * pixelBytes),
      ...advance(to, pixelsPerTurn * pixelBytes),
      ...control.get(turns),
      ...i32.constant(1),
      ...i32.subtract,
      ...control.tee(turns),
      ...control.branchIf(0),
      ...control.end,
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
