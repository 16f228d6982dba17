import { endianness } from 'node:os';

/**
 * Putting WebAssembly modules together byte by byte (WebAssembly core specification 2.0, chapter 5), and the little
 * that is used of the global `WebAssembly`, which the compiler's library without a browser lacks.
 */

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface WebAssemblyApi {
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports?: object) => { readonly exports: unknown };
  readonly Memory: new (pages: { readonly initial: number }) => WasmMemory;
}

/** Bytes of a page of memory. */
export const pageBytes = 65536;

export const valueTypes = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;

/** What every module begins with: its magic number and the version of the format. */
export const preamble = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00] as const;

/**
 * WebAssembly where it has vectors (those of its version 3.0, with relaxed ones), on machines with its order of bytes,
 * as typed arrays have it; undefined elsewhere.
 */
export function vectorEngine(): WebAssemblyApi | undefined {
  const engine = (globalThis as unknown as { WebAssembly?: WebAssemblyApi }).WebAssembly;
  if (!engine || endianness() !== 'LE') return undefined;
  // One function with a vector as its only local, and an instruction of the relaxed ones (i32x4.relaxed_laneselect).
  const get = [0x20, 0];
  const code = [1, 1, valueTypes.v128, ...get, ...get, ...get, 0xfd, ...unsigned(0x10b), 0x1a, 0x0b];
  const probe = [
    ...preamble,
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [1, 0]),
    ...section(10, [1, code.length, ...code]),
  ];
  return engine.validate(Uint8Array.from(probe)) ? engine : undefined;
}

/** A number from 0 to 2^32 - 1 in LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}

/** A number from -2^31 to 2^31 - 1 in LEB128. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const byte = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0);
    bytes.push(isLast ? byte : byte | 0x80);
    if (isLast) return bytes;
  }
}

/** How many there are, then one after the other. */
export function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

export function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

export function name(text: string): number[] {
  const bytes = [...Buffer.from(text)];
  return [...unsigned(bytes.length), ...bytes];
}

/** Makes a memory at least so many bytes large; views of it from before are of no use then. */
export function reserveMemory(memory: WasmMemory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
}

/** Gives a module's exports, compiled at the first call; null on machines without vectors or in another byte order. */
export function lazyKernels<T>(bytes: () => Uint8Array<ArrayBuffer>): () => T | null {
  let kernels: T | null | undefined;
  return () => {
    if (kernels === undefined) {
      const engine = vectorEngine();
      kernels = engine ? (new engine.Instance(new engine.Module(bytes())).exports as T) : null;
    }
    return kernels;
  };
}
