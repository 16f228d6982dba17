import type { NumericArray } from '../raster/cube';
import type { StepCode } from './emit/step';
import { functionId, type ScalarFunction } from './nodes';
import { quantile, quantileOfNumbers } from './quantile';

/** Arrays that a step reads and writes; see `emitStep`. */
export interface StepArrays {
  readonly planes: readonly NumericArray[];
  readonly masks: readonly (Uint8Array | undefined)[];
  readonly constants: Float64Array;
  readonly buffers: readonly (Float64Array | Uint8Array)[];
  readonly outputs: readonly NumericArray[];
  readonly outputMasks: readonly (Uint8Array | undefined)[];
}

export type StepFunction = (
  planes: readonly NumericArray[],
  masks: readonly (Uint8Array | undefined)[],
  constants: Float64Array,
  buffers: readonly (Float64Array | Uint8Array)[],
  outputs: readonly NumericArray[],
  outputMasks: readonly (Uint8Array | undefined)[],
  table: readonly NumericArray[],
  tableMasks: readonly (Uint8Array | undefined)[],
  start: number,
  end: number,
) => void;

/** Compiled steps by their source, least recently used first. Equal code, whatever its constants, compiles once. */
export class StepCache {
  readonly #functions = new Map<string, StepFunction>();
  #characters = 0;

  /** @param maxCharacters of all sources together. */
  constructor(
    readonly maxFunctions = 1_000,
    readonly maxCharacters = 16 * 1024 * 1024,
  ) {}

  get size(): number {
    return this.#functions.size;
  }

  compile({ source, functions }: StepCode): StepFunction {
    const known = this.#functions.get(source);
    if (known) {
      this.#functions.delete(source);
      this.#functions.set(source, known);
      return known;
    }
    const compiled = build(source, functions);
    this.#functions.set(source, compiled);
    this.#characters += source.length;
    for (const oldest of this.#functions.keys()) {
      if (this.#functions.size <= this.maxFunctions && this.#characters <= this.maxCharacters) break;
      this.#functions.delete(oldest);
      this.#characters -= oldest.length;
    }
    return compiled;
  }
}

export const stepCache = new StepCache();

function build(source: string, functions: readonly ScalarFunction[]): StepFunction {
  const names = functions.map((call) => `f${functionId(call)}`);
  const create = new Function(
    'quantile',
    'quantileOfNumbers',
    ...names,
    `return function kernel(P, V, K, S, O, W, T, M, start, end) {\n${source}\n};`,
  );
  return create(quantile, quantileOfNumbers, ...functions) as StepFunction;
}
