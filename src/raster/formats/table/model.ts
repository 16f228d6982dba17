import type { Crs } from '../../../geo/types';
import type { DataType } from '../../cube';
import type { Values } from '../../layers';

/** `time`: texts that are dates or instants. `geometry`: GeoJSON geometries or null. */
export interface Column {
  readonly name: string;
  readonly kind: DataType | 'time' | 'geometry';
  /** False where it tells where a value is (labels, coordinates), and not a value of the data. */
  readonly isValue: boolean;
}

/** Rows that are held at once. */
export interface Batch {
  readonly rows: number;
  readonly columns: readonly BatchColumn[];
}

export interface BatchColumn {
  readonly values: Values;
  /** 0 where a value is missing; absent: only null is missing, and NaN where `isNanMissing`. */
  readonly valid?: Uint8Array;
  readonly isNanMissing?: boolean;
}

/** Data as rows with the same columns, made while they are read. */
export interface Table {
  readonly columns: readonly Column[];
  /** Of columns with coordinates and geometries. */
  readonly crs?: Crs;
  batches(signal: AbortSignal): AsyncGenerator<Batch>;
}

/** Whether a row of a column has a value. */
export function isThere({ values, valid, isNanMissing }: BatchColumn, row: number): boolean {
  if (valid) return valid[row] !== 0;
  if (isNanMissing && Number.isNaN(values[row])) return false;
  return values[row] !== null && values[row] !== undefined;
}

/** Whether any value of the data is in a batch. */
export function hasValues({ columns }: Table, batch: Batch): boolean {
  return columns.some(({ isValue }, index) => {
    const column = batch.columns[index];
    for (let row = 0; isValue && row < batch.rows; row++) if (isThere(column, row)) return true;
    return false;
  });
}
