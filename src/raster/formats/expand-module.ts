import { body, exported, preamble, procedureType, section, valueTypes, vector } from '../../base/wasm/encode';
import { pageBytes } from '../../base/wasm/engine';
import { advance, control, i32, v128 } from '../../base/wasm/instructions';

/** Where things are in the module's memory, in bytes: 256 colours, two vectors of bits, then indices, then pixels. */
export const places = { colours: 0, common: 1024, some: 1040, indices: 2048, pixels: 2048 + 8192 } as const;
/** Pixels per call. */
export const capacity = 8192;

const perTurn = 8;

/** The colours of eight indices at a time, and which bits all pixels and any pixels have. @returns parameter: pixels */
function expand(): number[] {
  const [count, at, to, pixels, common, some] = [0, 1, 2, 3, 4, 5];
  /** The address of the colour of an index. */
  const colour = (k: number) => [
    ...control.get(at),
    ...i32.loadByte(places.indices + k),
    ...i32.constant(2),
    ...i32.shiftLeft,
  ];
  const four = (first: number) => [
    ...colour(first),
    ...v128.load32Zero(places.colours),
    ...control.set(pixels),
    ...[1, 2, 3].flatMap((lane) => [
      ...colour(first + lane),
      ...control.get(pixels),
      ...v128.load32Lane(lane),
      ...control.set(pixels),
    ]),
    ...control.get(to),
    ...control.get(pixels),
    ...v128.store(places.pixels + 4 * first),
    ...[common, some].flatMap((bits) => [
      ...control.get(bits),
      ...control.get(pixels),
      ...(bits === common ? v128.and : v128.or),
      ...control.set(bits),
    ]),
  ];
  const kept = (bits: number, place: number) => [
    ...i32.constant(0),
    ...control.get(bits),
    ...v128.store(place),
  ];
  return body(
    [
      [2, valueTypes.i32],
      [3, valueTypes.v128],
    ],
    [
      ...i32.constant(0),
      ...v128.load(places.common),
      ...control.set(common),
      ...i32.constant(0),
      ...v128.load(places.some),
      ...control.set(some),
      ...control.loop,
      ...four(0),
      ...four(4),
      ...advance(to, 4 * perTurn),
      ...advance(at, perTurn),
      ...control.get(at),
      ...control.get(count),
      ...i32.isLessUnsigned,
      ...control.branchIf(0),
      ...control.end,
      ...kept(common, places.common),
      ...kept(some, places.some),
    ],
  );
}

export function expandModule(): Uint8Array<ArrayBuffer> {
  const pages = Math.ceil((places.pixels + 4 * capacity) / pageBytes);
  return Uint8Array.from([
    ...preamble,
    ...section(1, vector([procedureType(1)])),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, pages]),
    ...section(7, vector([exported('memory', 2, 0), exported('expand', 0, 0)])),
    ...section(10, vector([expand()])),
  ]);
}
