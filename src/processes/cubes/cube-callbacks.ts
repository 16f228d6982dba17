import type { Callback } from '../../graph/types';
import { createEvaluator } from '../../kernel/evaluator';
import type { Kernel } from '../../kernel/operands';
import type { CallbackInput, Evaluator, Planes } from '../../kernel/types';
import { type Cube, type DataType, deriveCube, type ValueStep } from '../../raster/cube';
import { callbackResultType } from './callback-result-type';

/** What makes values of values, pixel by pixel. */
export interface ValueCallback {
  /** What its values mean, as far as it is known before a run. */
  readonly dataType: DataType;
  /** The form of its results: truth values, text and whatever is only known after a run have a mask. */
  readonly missing: Cube['missing'];
  /** @see Evaluator.run */
  run(inputs: ReadonlyMap<string, Planes>, count: number, signal: AbortSignal): Promise<Planes>;
  /** The same with a step on each value, which makes bytes. Undefined where that cannot be computed in one go. */
  followedBy?(step: ValueStep): ValueCallback | undefined;
}

/** A callback of a graph ready for the pixels of a cube. */
export interface PixelCallback extends ValueCallback {
  readonly evaluator: Evaluator;
}

/**
 * @param inputs the callback's own parameters but `context`, which is added.
 * @param input what the values that it is given are.
 */
export function preparePixels(
  callback: Callback,
  inputs: Readonly<Record<string, CallbackInput>>,
  context: unknown,
  input: Pick<Cube, 'missing' | 'dataType'>,
): PixelCallback {
  const typed = Object.entries(inputs).map(
    ([name, kind]) => [name, kind.kind === 'value' ? kind : { ...kind, dataType: input.dataType }] as const,
  );
  const evaluator = createEvaluator(callback, {
    inputs: new Map<string, CallbackInput>([
      ...typed,
      ['context', { kind: 'value', value: context ?? null }],
    ]),
    missing: input.missing,
  });
  const types = evaluator.outputTypes ?? [];
  const isTruth = types.length > 0 && types.every((type) => type === 'boolean');
  const dataType = isTruth ? 'boolean' : callbackResultType(callback, input.dataType, labelsIn(inputs));
  const isMask = !evaluator.isFused || dataType === 'boolean' || dataType === 'text';
  const missing = isMask ? 'mask' : input.missing;
  return {
    evaluator,
    dataType,
    missing,
    run: async (planes, count, signal) =>
      conform(await evaluator.run(planes, count, signal), input.missing, missing),
    followedBy: (step) => withStep(evaluator, step),
  };
}

function labelsIn(inputs: Readonly<Record<string, CallbackInput>>): readonly (number | string)[] {
  return Object.values(inputs).flatMap((input) => (input.kind === 'array' ? (input.labels ?? []) : []));
}

/** What an evaluator makes, with a step on each value, which makes bytes. */
export function withStep(evaluator: Evaluator, { kernel }: ValueStep): ValueCallback | undefined {
  const { run } = evaluator.followedBy?.(kernel as Kernel) ?? {};
  return run && { dataType: 'uint8', missing: 'mask', run: async (...args) => run(...args) };
}

/**
 * A cube of what a callback makes of values, which steps on its values can join.
 * @param cubeOf the cube with a callback in the place of this one
 */
export function fusedCube<C extends ValueCallback>(
  callback: C,
  cubeOf: (callback: ValueCallback) => Cube,
): Cube {
  return deriveCube(cubeOf(callback), {
    fuse: (step) => {
      const followed = callback.followedBy?.(step);
      return followed && cubeOf(followed);
    },
  });
}

/** Planes of an evaluator in the form of the cube that they are for. */
function conform(planes: Planes, from: Cube['missing'], to: Cube['missing']): Planes {
  if (to === 'nan')
    return {
      data: planes.data.map((plane, index) => {
        if (plane instanceof Float32Array || plane instanceof Float64Array) return plane;
        const valid = planes.valid?.[index];
        return Float32Array.from(plane as ArrayLike<number>, (value, i) =>
          value === null || valid?.[i] === 0 ? Number.NaN : Number(value),
        );
      }),
    };
  const valid = planes.data.map((plane, index) => {
    const known = planes.valid?.[index];
    if (known) return known;
    if (Array.isArray(plane)) return Uint8Array.from(plane, (value) => (value === null ? 0 : 1));
    const isFloat = plane instanceof Float32Array || plane instanceof Float64Array;
    if (from === 'mask' || !isFloat) return undefined;
    const result = new Uint8Array(plane.length);
    for (let i = 0; i < plane.length; i++) result[i] = Number.isNaN(plane[i]) ? 0 : 1;
    return result;
  });
  return { data: planes.data, valid };
}

/** An array parameter with the labels of a dimension. */
export function arrayInput(labels: readonly unknown[]): CallbackInput {
  return { kind: 'array', length: labels.length, labels: labels as readonly (number | string)[] };
}

export function asCallback(value: unknown): Callback {
  return value as Callback;
}
