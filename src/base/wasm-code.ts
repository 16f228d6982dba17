import { name, signed, unsigned, valueTypes, vector } from './wasm';

/** Instructions that loops over vectors of bytes are made of (WebAssembly core specification 2.0, 5.4). */
export const op = {
  block: [0x02, 0x40],
  loop: [0x03, 0x40],
  end: [0x0b],
  branch: (depth: number) => [0x0c, depth],
  branchIf: (depth: number) => [0x0d, depth],
  get: (local: number) => [0x20, local],
  set: (local: number) => [0x21, local],
  tee: (local: number) => [0x22, local],
  constant: (value: number) => [0x41, ...signed(value)],
  isZero: [0x45],
  add: [0x6a],
  subtract: [0x6b],
  multiply: [0x6c],
  isGreater: [0x4a],
  store8: [0x3a, 0x00, 0x00],
  load: (offset: number) => [0xfd, 0x00, 0x00, ...unsigned(offset)],
  loadHalf: (offset: number) => [0xfd, 0x5c + 1, 0x00, ...unsigned(offset)],
  store: [0xfd, 0x0b, 0x00, 0x00],
  zeros: [0xfd, 0x0c, ...new Array<number>(16).fill(0)],
  shuffle: (lanes: readonly number[]) => [0xfd, 0x0d, ...lanes],
  addLanes: { 1: [0xfd, 0x6e], 2: [0xfd, 0x8e, 0x01], 4: [0xfd, 0xae, 0x01] },
} as const;

/** Instructions over sixteen unsigned bytes, or the bits of a vector. */
export const bytes16 = {
  isAtLeast: [0xfd, 0x2c],
  isAtMost: [0xfd, 0x2a],
  addSaturating: [0xfd, 0x70],
  subtract: [0xfd, 0x71],
  subtractSaturating: [0xfd, 0x73],
  not: [0xfd, 0x4d],
  and: [0xfd, 0x4e],
  or: [0xfd, 0x50],
  xor: [0xfd, 0x51],
  /** Of two vectors and a mask: the bits of the first where the mask has ones. */
  select: [0xfd, 0x52],
  /** The lower and the upper eight as 16-bit numbers. */
  lower: [0xfd, 0x89, 0x01],
  upper: [0xfd, 0x8a, 0x01],
  /** Twice eight 16-bit numbers as bytes. */
  narrow: [0xfd, 0x66],
  /** Eight 16-bit numbers, each the same. */
  shorts: (value: number) => [
    0xfd,
    0x0c,
    ...Array.from({ length: 16 }, (_, i) => (i % 2 ? value >> 8 : value & 255)),
  ],
  /** 16-bit numbers by so many bits, the count on the stack. */
  shiftRight: [0xfd, 0x8d, 0x01],
} as const;

/** Adds a constant to a local. */
export function advance(local: number, by: number): number[] {
  return [...op.get(local), ...op.constant(by), ...op.add, ...op.set(local)];
}

/** A function's code as a module has it. */
export function body(
  locals: readonly (readonly [count: number, type: number])[],
  code: readonly number[],
): number[] {
  const content = [...vector(locals.map(([count, type]) => [...unsigned(count), type])), ...code, ...op.end];
  return [...unsigned(content.length), ...content];
}

/** An export: 0 a function, 2 a memory. */
export function exported(text: string, kind: 0 | 2, index: number): number[] {
  return [...name(text), kind, index];
}

/** The type of a function of so many 32-bit numbers, without a result. */
export function procedureType(parameters: number): number[] {
  return [0x60, ...unsigned(parameters), ...new Array<number>(parameters).fill(valueTypes.i32), 0];
}
