import { endianness } from 'node:os';
import { preamble, section, unsigned, valueTypes } from './encode';

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The little that is used of the global `WebAssembly`, which the compiler's library without a browser lacks. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports?: object) => { readonly exports: unknown };
  readonly Memory: new (pages: { readonly initial: number }) => WasmMemory;
}

/** Bytes of a page of memory. */
export const pageBytes = 65536;

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
