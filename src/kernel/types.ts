import type { NumericArray } from '../raster/cube';

/**
 * How a callback is to be evaluated over pixels.
 *
 * Every own parameter of the callback is one of:
 * - `plane`: one value per pixel (the `x` of `apply`);
 * - `array`: `length` values per pixel, labelled or not (the `data` of `reduce_dimension`);
 * - `value`: the same value for all pixels (`context`).
 */
export type CallbackInput =
  | { readonly kind: 'plane' }
  | { readonly kind: 'array'; readonly length: number; readonly labels?: readonly (number | string)[] }
  | { readonly kind: 'value'; readonly value: unknown };

export interface CallbackShape {
  readonly inputs: ReadonlyMap<string, CallbackInput>;
  /** How missing values are told from others; see `Cube.missing`. */
  readonly missing: 'nan' | 'mask';
}

/** Pixels of one parameter: one plane, or as many as the array is long. All have the same length. */
export interface Planes {
  readonly data: readonly (NumericArray | unknown[])[];
  /** In the `mask` form, beside each plane; an absent entry means that all are valid. */
  readonly valid?: readonly (Uint8Array | undefined)[];
}

/**
 * A callback made ready for pixels: fused typed-array code where all its processes have a kernel,
 * the general path (one call per pixel) elsewhere. Both give the same values.
 */
export interface Evaluator {
  readonly isFused: boolean;
  /** Number of values per pixel: 1, or the length of the resulting array. Undefined: known only after a run (general path). */
  readonly outputs: number | undefined;
  /** Labels of the resulting array where it has some. */
  readonly labels?: readonly (number | string)[];
  /** The elements of an array parameter that the result depends on, so that readers can skip the others. */
  reads(parameter: string): readonly number[] | 'all';
  /**
   * @param inputs planes of every `plane` and `array` parameter; planes that `reads` leaves out may be empty.
   * @param count pixels per plane.
   */
  run(inputs: ReadonlyMap<string, Planes>, count: number, signal: AbortSignal): Planes | Promise<Planes>;
}
