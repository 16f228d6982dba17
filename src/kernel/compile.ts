import type { NumericArray } from '../raster/cube';
import { CodeCache } from './code-cache';
import type { StepCode } from './emit/step';
import { functionId, type ScalarFunction } from './nodes';
import { quantile, quantileOfNumbers } from './quantile';

/** Works on a range of pixels; for the arguments see `emitStep`. */
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

export const stepCache = new CodeCache<StepFunction>();

/** Makes the function of a step; equal code, whatever its constants, is compiled once. */
export function compileStep({ source, functions }: StepCode): StepFunction {
  return stepCache.compile(source, () => build(source, functions));
}

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
