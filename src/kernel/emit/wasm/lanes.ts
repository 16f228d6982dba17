import { convert, v128 } from '../../../base/wasm/instructions';
import type { ValueType } from '../../nodes';
import type { Code, Place } from './code';

export type Pair = readonly [low: number, high: number];

/**
 * A value of four neighbouring pixels, as vectors in locals. Numbers are four float32 (`single`, where they are
 * that exactly) or two times two float64 (`double`); truth values are masks of 32 bits (`mask`) or of 64 bits
 * (`wide`), as comparisons leave them, or a quarter of sixteen bytes (`sixteen`). Forms that are missing are made from
 * the one that is there.
 */
export interface Lane {
  readonly type: ValueType;
  /** In what form the value came to be. */
  readonly native: 'single' | 'double' | 'mask' | 'wide' | 'sixteen';
  readonly place: Place;
  single?: number;
  double?: Pair;
  mask?: number;
  wide?: Pair;
  /** What a number has been clipped to, so that it is not done again. */
  limits?: string;
  readonly sixteen?: Sixteen;
  readonly quarter?: number;
  /** A number that is the same for all pixels, and what makes its forms when they are asked for. */
  readonly constant?: { readonly value: number; single(): number; double(): number };
}

/** Truth values of sixteen neighbouring pixels: bytes of ones or of zeros. */
export interface Sixteen {
  readonly bytes: number;
  /** Eight of them as masks of 16 bits, once made. */
  readonly halves: (number | undefined)[];
}

/** @param quarter which four of the pixels */
export function quarterLane(sixteen: Sixteen, quarter: number): Lane {
  return { type: 'boolean', native: 'sixteen', place: 'loop', sixteen, quarter };
}

export function singleLane(vector: number, place: Place = 'loop'): Lane {
  return { type: 'number', native: 'single', place, single: vector };
}

export function doubleLane(low: number, high: number, place: Place = 'loop'): Lane {
  return { type: 'number', native: 'double', place, double: [low, high] };
}

export function maskLane(vector: number, place: Place = 'loop'): Lane {
  return { type: 'boolean', native: 'mask', place, mask: vector };
}

export function wideLane(low: number, high: number, place: Place = 'loop'): Lane {
  return { type: 'boolean', native: 'wide', place, wide: [low, high] };
}

const bytes = (from: number, count: number) => Array.from({ length: count }, (_, k) => from + k);
const highHalf = [...bytes(8, 8), ...bytes(16, 8)];
/** The lower halves of two vectors. */
export const lowHalves = [...bytes(0, 8), ...bytes(16, 8)];
/** The lower 32 bits of two times two masks of 64. */
const narrowed = [...bytes(0, 4), ...bytes(8, 4), ...bytes(16, 4), ...bytes(24, 4)];

/** As float32; rounds to the nearest where the value came as float64. */
export function asSingle(code: Code, lane: Lane): number {
  if (lane.single === undefined) {
    if (lane.constant) lane.single = lane.constant.single();
    else {
      const [low, high] = (lane.double as Pair).map((half) => code.vector(lane.place, convert.demote, half));
      lane.single = code.vector(lane.place, v128.shuffle(lowHalves), low, high);
    }
  }
  return lane.single;
}

export function asDouble(code: Code, lane: Lane): Pair {
  if (lane.double === undefined) {
    if (lane.constant) {
      const both = lane.constant.double();
      lane.double = [both, both];
    } else {
      const four = lane.single as number;
      const upper = code.vector(lane.place, v128.shuffle(highHalf), four, four);
      lane.double = [
        code.vector(lane.place, convert.promoteLow, four),
        code.vector(lane.place, convert.promoteLow, upper),
      ];
    }
  }
  return lane.double;
}

export function asMask(code: Code, lane: Lane): number {
  lane.mask ??= lane.sixteen
    ? widened(code, lane.sixteen, lane.quarter as number)
    : code.vector(lane.place, v128.shuffle(narrowed), ...(lane.wide as Pair));
  return lane.mask;
}

function widened(code: Code, { bytes, halves }: Sixteen, quarter: number): number {
  const half = quarter >> 1;
  halves[half] ??= code.vector(
    'loop',
    half === 0 ? convert.widenLowBytesSigned : convert.widenHighBytesSigned,
    bytes,
  );
  const widen = quarter % 2 === 0 ? convert.widenLowShortsSigned : convert.widenHighShortsSigned;
  return code.vector('loop', widen, halves[half]);
}

export function asWide(code: Code, lane: Lane): Pair {
  if (lane.wide === undefined) {
    const mask = asMask(code, lane);
    lane.wide = [
      code.vector(lane.place, convert.widenLowMasks, mask),
      code.vector(lane.place, convert.widenHighMasks, mask),
    ];
  }
  return lane.wide;
}

/** Only what constants go into alone is computed before the loop. */
export function placeOf(...lanes: readonly Lane[]): Place {
  return lanes.every((lane) => lane.place === 'head') ? 'head' : 'loop';
}
