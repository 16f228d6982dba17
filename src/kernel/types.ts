import type { DataType, NumericArray } from '../raster/cube';
import type { Kernel } from './operands';

/**
 * How a callback is to be evaluated over pixels.
 *
 * Every own parameter of the callback is one of:
 * - `plane`: one value per pixel (the `x` of `apply`);
 * - `array`: `length` values per pixel, labelled or not (the `data` of `reduce_dimension`);
 * - `value`: the same value for all pixels (`context`).
 *
 * `dataType` is the cube's: the pixels of "boolean" planes reach the callback as true (not 0) and false,
 * those of "text" as strings, all others as numbers. In cubes of "float32" and of integers of up to 16 bits, whose
 * results are float32, arithmetic may be done in float32.
 */
export type CallbackInput =
  | { readonly kind: 'plane'; readonly dataType?: DataType }
  | {
      readonly kind: 'array';
      readonly length: number;
      readonly labels?: readonly (number | string)[];
      readonly dataType?: DataType;
    }
  | { readonly kind: 'value'; readonly value: unknown };

export interface CallbackShape {
  readonly inputs: ReadonlyMap<string, CallbackInput>;
  /**
   * How missing values are told from others in the planes; see `Cube.missing`. Inside the callback no-data is null
   * in both forms: a NaN that it computes is a number there, and becomes no-data where a `nan` plane takes it up.
   */
  readonly missing: 'nan' | 'mask';
}

/**
 * Pixels of one parameter or of the result: one plane, or as many as the array is long. All have the same length.
 *
 * Results are, per plane: Float32Array where all planes that are read hold numbers that fit into it, else Float64Array,
 * with NaN for no-data in the `nan` form; planes that the callback only hands through keep their array type in the `mask` form.
 * Booleans are a Uint8Array of 0 and 1 with `valid` in both forms, text and other values plain arrays (no-data: null).
 */
export interface Planes {
  readonly data: readonly (NumericArray | unknown[])[];
  /** Beside each plane in the `mask` form and for booleans; an absent entry means that all are valid. */
  readonly valid?: readonly (Uint8Array | undefined)[];
}

/**
 * A callback made ready for pixels: fused typed-array code where all its processes have a kernel,
 * the general path (one call per pixel) elsewhere. Both give the same values, to the last bit but for arithmetic on
 * cubes whose results are float32, which fused code rounds to float32 after each step; see `singleNodes`.
 */
export interface Evaluator {
  readonly isFused: boolean;
  /** Number of values per pixel: 1, or the length of the resulting array. Undefined: known only after a run (general path). */
  readonly outputs: number | undefined;
  /** Labels of the resulting array where it has some. */
  readonly labels?: readonly (number | string)[];
  /** Whether the callback gives an array per pixel (perhaps of one element). Undefined: known only after a run. */
  readonly isArray?: boolean;
  /** What each output plane holds, so that a cube can tell its data type. Undefined: known only after a run. */
  readonly outputTypes?: readonly ('number' | 'boolean')[];
  /** The elements of an array parameter that the result depends on, so that readers can skip the others. */
  reads(parameter: string): readonly number[] | 'all';
  /**
   * @param inputs planes of every `plane` and `array` parameter; planes that `reads` leaves out may be empty.
   * @param count pixels per plane.
   * @throws what the processes throw, and the signal's reason when it is aborted.
   */
  run(inputs: ReadonlyMap<string, Planes>, count: number, signal: AbortSignal): Planes | Promise<Planes>;
  /**
   * Makes one that gives the bytes that `step` makes of each number of this one, as its argument `x`. The numbers are
   * the same, to the last bit, but never leave the loop. Undefined where they have to.
   */
  followedBy?(step: Kernel): Evaluator | undefined;
}
