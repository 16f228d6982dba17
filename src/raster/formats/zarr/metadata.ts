import { wktOf } from '../../../geo/crs';
import type { Crs } from '../../../geo/types';
import type { Attributes, Coordinate, Dataset } from '../dataset/model';
import type { SampleType } from '../samples';

/** How Zarr names number types (NumPy's array protocol). */
const numberTypes: Readonly<Record<SampleType, string>> = {
  uint8: '|u1',
  int8: '|i1',
  uint16: '<u2',
  int16: '<i2',
  uint32: '<u4',
  int32: '<i4',
  float32: '<f4',
  float64: '<f8',
};

export type Compressor = { readonly id: 'zlib'; readonly level: number } | null;

/** A document of the store: `.zarray`, `.zattrs` or `.zgroup`. */
export type Documents = Map<string, object>;

function fillValue(value: number | null): number | string | null {
  if (value === null || Number.isFinite(value)) return value;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

function array(
  shape: readonly number[],
  chunks: readonly number[],
  dtype: string,
  fill: number | string | null,
  compressor: Compressor,
): object {
  return { zarr_format: 2, shape, chunks, dtype, fill_value: fill, order: 'C', filters: null, compressor };
}

/** Texts as Zarr's fixed-length Unicode: four bytes a character, filled up with zeros. */
function textBytes(values: readonly string[]): { readonly dtype: string; readonly bytes: Buffer } {
  const characters = values.map((value) => [...value]);
  const width = characters.reduce((most, { length }) => Math.max(most, length), 1);
  const bytes = Buffer.alloc(values.length * width * 4);
  characters.forEach((text, row) => {
    text.forEach((character, column) => {
      bytes.writeUInt32LE(character.codePointAt(0)!, (row * width + column) * 4);
    });
  });
  return { dtype: `<U${width}`, bytes };
}

/** A coordinate's description and its only chunk, not compressed. */
export function coordinateArray({ dimensions, values }: Coordinate): {
  readonly array: object;
  readonly bytes: Uint8Array;
} {
  const shape = dimensions.length === 0 ? [] : [values.length];
  if (ArrayBuffer.isView(values)) {
    const dtype = values instanceof Int32Array ? '<i4' : '<f8';
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return { array: array(shape, shape, dtype, null, null), bytes };
  }
  const { dtype, bytes } = textBytes(values);
  return { array: array(shape, shape, dtype, null, null), bytes };
}

export function variableArray(dataset: Dataset, isAnyMissing: boolean, compressor: Compressor): object {
  const { dimensions, chunk, type, nodata } = dataset;
  const isDeclared = isAnyMissing || (dataset.cube.nodata !== null && !dataset.packing);
  return array(
    dimensions.map(({ length }) => length),
    chunk,
    numberTypes[type],
    fillValue(isDeclared ? nodata.value : null),
    compressor,
  );
}

/** Attributes with the names of the dimensions, as xarray looks for them, and the reference system for GDAL. */
export function arrayAttributes(dimensions: readonly string[], attributes: Attributes, crs?: Crs): object {
  const wkt = crs && wktOf(crs);
  return { _ARRAY_DIMENSIONS: dimensions, ...attributes, ...(wkt && { _CRS: { wkt } }) };
}
