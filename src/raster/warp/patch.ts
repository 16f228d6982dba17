import type { Plane } from '../codecs/planes';

/** A rectangle of source pixels in memory. */
export interface Patch {
  readonly data: Plane;
  /** Beside the values: 0 where a mask hides them. Same layout. */
  readonly valid?: Uint8Array;
  /** Numbers from one row to the next. */
  readonly stride: number;
  /** Source column and row of the first number. */
  readonly x0: number;
  readonly y0: number;
  readonly width: number;
  readonly height: number;
  /** Called when nobody looks at the numbers any more, so that their memory can be used again. Optional on both sides. */
  readonly release?: () => void;
}

/** What tells missing values from others. */
export interface Missing {
  /** NaN where there is none. */
  readonly nodata: number;
  /** True where NaN in the source means "no data". */
  readonly isNan: boolean;
}

/** Output pixels: NaN (and 0 in `valid`) until they are written. */
export interface Output {
  readonly data: Float32Array | Float64Array;
  /** Only in the `mask` form. */
  readonly valid?: Uint8Array;
  readonly width: number;
}
