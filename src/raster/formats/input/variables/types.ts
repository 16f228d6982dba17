import type { NumericArray } from '../../../cube';

/** The kinds of files that hold variables. */
export type VariableFormat = 'hdf5' | 'classic' | 'zarr';

/** A variable of a file, as far as it is known without its values. */
export interface VariableInfo {
  readonly name: string;
  readonly shape: readonly number[];
  /** Names of its dimensions, one for each length of `shape`. */
  readonly dimensions: readonly string[];
  /** `other`: records, references and what else is no data here. */
  readonly kind: 'number' | 'text' | 'other';
  /** Of numbers: `int16`, `float64`, `int64`, … */
  readonly type: string;
  readonly attributes: ReadonlyMap<string, unknown>;
}

/** Values in C order. Integers of 64 bits are given as floating-point numbers. */
export type VariableValues = NumericArray | readonly string[];

/** What a thread that decodes a file can do. */
export interface VariableReader {
  readonly variables: readonly VariableInfo[];
  read(name: string): Promise<VariableValues>;
}

/** What the thread is given when it starts. */
export interface ThreadData {
  readonly format: VariableFormat;
  readonly bytes: Uint8Array;
  /** Bytes that decoding may take beside the file. */
  readonly maxBytes: number;
}

/** What the thread answers: first the variables, then the values of one variable after another. */
export type ThreadAnswer =
  | { readonly variables: readonly VariableInfo[] }
  | { readonly values: VariableValues }
  | { readonly error: string };
