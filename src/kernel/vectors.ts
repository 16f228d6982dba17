import { pageBytes, vectorEngine, type WasmMemory } from '../base/wasm/engine';
import type { NumericArray } from '../raster/cube';
import { uncleared } from '../raster/recycled';
import type { BoundValues } from './bound-values';
import { CodeCache } from './code-cache';
import type { Layout } from './emit/layout';
import { emitVectors } from './emit/wasm/module';
import type { Regions } from './emit/wasm/regions';
import type { Program } from './schedule';

/** A step over the pixels of a block, which are in memory. */
type VectorFunction = (count: number) => void;

/**
 * Steps that run as WebAssembly vector code. Pixels are copied into memory block by block, so that they stay in the
 * cache while all steps work on them. Nothing is kept in memory from one block to the next.
 */
export interface Vectors {
  readonly regions: Regions;
  readonly constants: Float64Array;
  /** By step of the program; undefined where it runs as JavaScript. */
  readonly functions: readonly (VectorFunction | undefined)[];
}

/** Enough for the blocks of `planRegions` and the constants of the largest callback. */
const memoryBytes = 16 * pageBytes;

type Exports = Readonly<Record<string, VectorFunction>>;

export const moduleCache = new CodeCache<Exports>(500, 4 * 1024 * 1024);

/** The thread's memory for blocks. */
let memory: WasmMemory | undefined;

/** Undefined where the process may not have as much address space as V8 wants to have around it. */
function reserveMemory(engine: NonNullable<ReturnType<typeof vectorEngine>>): WasmMemory | undefined {
  try {
    return new engine.Memory({ initial: memoryBytes / pageBytes });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Undefined where nothing of the program can run as vector code, or the machine has none. */
export function compileVectors(program: Program, layout: Layout, bound: BoundValues): Vectors | undefined {
  const engine = vectorEngine();
  const code = engine && emitVectors(program, layout, bound, memoryBytes);
  if (!code) return undefined;
  memory ??= reserveMemory(engine);
  if (!memory) return undefined;
  const imports = { k: { m: memory } };
  const exported = moduleCache.compile(
    Buffer.from(code.bytes).toString('latin1'),
    () => new engine.Instance(new engine.Module(code.bytes), imports).exports as Exports,
  );
  return {
    regions: code.regions,
    constants: bound.list(),
    functions: code.functions.map((name) => (name === undefined ? undefined : exported[name])),
  };
}

const constructors = {
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
};

/** An array by the name of its constructor, for numbers that are all going to be written. */
export function createArray(array: string, length: number): NumericArray {
  return uncleared<NumericArray>(constructors[array as keyof typeof constructors], length);
}

/** A typed array over a region of the memory. */
export function regionView(array: string, offset: number, length: number): NumericArray {
  const type = constructors[array as keyof typeof constructors];
  return new type((memory as WasmMemory).buffer, offset, length);
}
