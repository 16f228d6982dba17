import type { Grid } from '../../../geo/types';
import type { Cube, Dimension } from '../../cube';
import type { Nodata, SampleType } from '../samples';

/** Attributes of a variable or a file: texts and numbers. */
export type Attributes = Readonly<Record<string, string | number | readonly number[]>>;

/** A small variable whose values are at hand: coordinates, and what describes the reference system. */
export interface Coordinate {
  readonly name: string;
  /** Empty for a variable with a single value. */
  readonly dimensions: readonly string[];
  readonly values: Float64Array | Int32Array | readonly string[];
  readonly attributes: Attributes;
}

/** One variable of pixels: a band, or all values where a cube has no bands. */
export interface DataVariable {
  readonly name: string;
  readonly attributes: Attributes;
}

/** A cube as xarray and the CF conventions see it: named variables over shared dimensions. */
export interface Dataset {
  readonly cube: Cube;
  readonly grid?: Grid;
  /** Of every data variable: the cube's dimensions without the bands, then y and x. */
  readonly dimensions: readonly { readonly name: string; readonly length: number }[];
  /** Values of one chunk along each dimension. */
  readonly chunk: readonly number[];
  /** The dimension whose labels became the variables. */
  readonly bands?: Dimension;
  readonly variables: readonly DataVariable[];
  readonly coordinates: readonly Coordinate[];
  readonly attributes: Attributes;
  readonly type: SampleType;
  readonly nodata: Nodata;
  /** stored = (value − offset) / scale */
  readonly packing?: Packing;
}

export interface Packing {
  readonly scale: number;
  readonly offset: number;
}
