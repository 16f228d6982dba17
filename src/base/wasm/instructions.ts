import { signed, unsigned } from './encode';

/** Instructions, as bytes (WebAssembly core specification 2.0, 5.4). */

const simd = (number: number): readonly number[] => [0xfd, ...unsigned(number)];
/** An instruction for one of the lanes of a vector. */
const ofLane = (number: number) => (lane: number) => [...simd(number), lane];
/** Loads a lane of the vector on the stack from the address below it. */
const intoLane = (number: number, alignment: number) => (lane: number) => [
  ...simd(number),
  alignment,
  0,
  lane,
];
/** An access to memory at the address on the stack plus `offset`. */
const access = (number: number, alignment: number) => (offset: number) => [
  ...simd(number),
  alignment,
  ...unsigned(offset),
];

export const i32 = {
  constant: (value: number) => [0x41, ...signed(value)],
  loadByte: (offset: number) => [0x2d, 0, ...unsigned(offset)],
  store: (offset: number) => [0x36, 2, ...unsigned(offset)],
  storeByte: (offset: number) => [0x3a, 0, ...unsigned(offset)],
  or: [0x72],
  shiftLeft: [0x74],
  isLess: [0x48],
  isGreater: [0x4a],
  isAtLeast: [0x4e],
  add: [0x6a],
  subtract: [0x6b],
  multiply: [0x6c],
  isLessUnsigned: [0x49],
} as const;

/** One float64. */
export const f64 = {
  constant: (value: number) => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)],
  '+': [0xa0],
  '-': [0xa1],
  '*': [0xa2],
  '/': [0xa3],
  lesser: [0xa4],
  greater: [0xa5],
  fromSigned: [0xb7],
  /** Without the fraction, and the nearest that 32 bits hold. */
  toSigned: [0xfc, 0x02],
} as const;

export const control = {
  block: [0x02, 0x40],
  /** Runs up to its end where the number on the stack is not zero. */
  when: [0x04, 0x40],
  /** The first of two values where the number above them is not zero. */
  select: [0x1b],
  branch: (depth: number) => [0x0c, ...unsigned(depth)],
  loop: [0x03, 0x40],
  end: [0x0b],
  branchIf: (depth: number) => [0x0d, ...unsigned(depth)],
  isZero: [0x45],
  get: (local: number) => [0x20, ...unsigned(local)],
  set: (local: number) => [0x21, ...unsigned(local)],
  tee: (local: number) => [0x22, ...unsigned(local)],
} as const;

export const v128 = {
  load: access(0, 4),
  load16x4Signed: access(3, 3),
  load16x4Unsigned: access(4, 3),
  load64Splat: access(10, 3),
  load32Zero: access(0x5c, 2),
  load64Zero: access(0x5d, 3),
  store: access(11, 4),
  /** Stores the lowest 32 bits. */
  store32: (offset: number) => [...access(0x5a, 2)(offset), 0],
  constant: (bytes: Uint8Array) => [...simd(12), ...bytes],
  zeros: [...simd(12), ...new Array<number>(16).fill(0)],
  shuffle: (lanes: readonly number[]) => [...simd(13), ...lanes],
  not: simd(0x4d),
  and: simd(0x4e),
  or: simd(0x50),
  xor: simd(0x51),
  /** Of two vectors and a mask: the bits of the first where the mask has ones. */
  select: simd(0x52),
  /** The same for masks whose lanes of 32 or 64 bits are all ones or all zeros. */
  select32: simd(0x10b),
  select64: simd(0x10c),
  load8Lane: intoLane(0x54, 0),
  load16Lane: intoLane(0x55, 1),
  load32Lane: intoLane(0x56, 2),
} as const;

/** Sixteen bytes. */
export const i8x16 = {
  isEqual: simd(0x23),
  isAtMostUnsigned: simd(0x2a),
  isAtLeastUnsigned: simd(0x2c),
  add: simd(0x6e),
  addSaturatingUnsigned: simd(0x70),
  subtract: simd(0x71),
  subtractSaturatingUnsigned: simd(0x73),
  lesserUnsigned: simd(0x77),
} as const;

/** Eight integers of 16 bits. */
export const i16x8 = {
  /** Eight times the same. */
  constant: (value: number) => [
    ...simd(12),
    ...Array.from({ length: 16 }, (_, i) => (i % 2 ? value >> 8 : value & 255)),
  ],
  /** By as many bits as the number on the stack. */
  shiftRightUnsigned: simd(0x8d),
  add: simd(0x8e),
} as const;

/** Four integers of 32 bits. */
export const i32x4 = {
  splat: simd(0x11),
  extractLane: ofLane(0x1b),
  isLess: simd(0x39),
  shiftLeft: simd(0xab),
  shiftRight: simd(0xac),
  add: simd(0xae),
  multiply: simd(0xb5),
  lesserUnsigned: simd(0xb7),
  greater: simd(0xb8),
} as const;

export const splat = { single: simd(0x13), double: simd(0x14) } as const;

export interface FloatInstructions {
  readonly '===': readonly number[];
  readonly '!==': readonly number[];
  readonly '<': readonly number[];
  readonly '>': readonly number[];
  readonly '<=': readonly number[];
  readonly '>=': readonly number[];
  readonly '+': readonly number[];
  readonly '-': readonly number[];
  readonly '*': readonly number[];
  readonly '/': readonly number[];
  readonly abs: readonly number[];
  readonly negate: readonly number[];
  readonly sqrt: readonly number[];
  readonly ceil: readonly number[];
  readonly floor: readonly number[];
  readonly trunc: readonly number[];
  /** `b < a ? b : a` */
  readonly lesser: readonly number[];
  /** `a < b ? b : a` */
  readonly greater: readonly number[];
}

/** Lanes of two float64, and whether neither half of a mask is zero. */
export const lanes64 = { extract: ofLane(0x21), replace: ofLane(0x22), areAllSet: simd(0xc3) } as const;

/** Four float32. */
export const f32x4: FloatInstructions = {
  '===': simd(0x41),
  '!==': simd(0x42),
  '<': simd(0x43),
  '>': simd(0x44),
  '<=': simd(0x45),
  '>=': simd(0x46),
  ceil: simd(0x67),
  floor: simd(0x68),
  trunc: simd(0x69),
  abs: simd(0xe0),
  negate: simd(0xe1),
  sqrt: simd(0xe3),
  '+': simd(0xe4),
  '-': simd(0xe5),
  '*': simd(0xe6),
  '/': simd(0xe7),
  lesser: simd(0xea),
  greater: simd(0xeb),
};

/** Two float64. */
export const f64x2: FloatInstructions = {
  '===': simd(0x47),
  '!==': simd(0x48),
  '<': simd(0x49),
  '>': simd(0x4a),
  '<=': simd(0x4b),
  '>=': simd(0x4c),
  ceil: simd(0x74),
  floor: simd(0x75),
  trunc: simd(0x7a),
  abs: simd(0xec),
  negate: simd(0xed),
  sqrt: simd(0xef),
  '+': simd(0xf0),
  '-': simd(0xf1),
  '*': simd(0xf2),
  '/': simd(0xf3),
  lesser: simd(0xf6),
  greater: simd(0xf7),
};

export const convert = {
  /** The lower two float32 as float64. */
  promoteLow: simd(0x5f),
  /** Two float64 as the lower two float32. */
  demote: simd(0x5e),
  /** Two float64 without the fraction, and the nearest that 32 bits hold, in the lower half. */
  signedFromDouble: simd(0xfc),
  /** Without the fraction; NaN becomes 0 or the least number, as the machine has it, and so what 32 bits cannot hold. */
  wholeFromSingle: simd(0x101),
  /** Two float64 so, in the lower half. */
  wholeFromDouble: simd(0x103),
  singleFromSigned: simd(0xfa),
  singleFromUnsigned: simd(0xfb),
  doubleFromLowSigned: simd(0xfe),
  doubleFromLowUnsigned: simd(0xff),
  widenLowBytesSigned: simd(0x87),
  widenHighBytesSigned: simd(0x88),
  widenLowBytesUnsigned: simd(0x89),
  widenHighBytesUnsigned: simd(0x8a),
  widenLowShortsSigned: simd(0xa7),
  widenHighShortsSigned: simd(0xa8),
  widenLowShortsUnsigned: simd(0xa9),
  /** Masks of two pixels, each as wide as a float64. */
  widenLowMasks: simd(0xc7),
  widenHighMasks: simd(0xc8),
  narrowToShorts: simd(0x85),
  narrowToBytes: simd(0x66),
  narrowToSignedBytes: simd(0x65),
} as const;

/** Adds a constant to a local. */
export function advance(local: number, by: number): number[] {
  return [...control.get(local), ...i32.constant(by), ...i32.add, ...control.set(local)];
}
