import type { Block, Cube, DataType, NumericArray } from './cube';
import { copyValues, createValuesLike, type Values } from './layers';

/** Where a value is missing, in both forms of {@link Cube.missing}. */
export function isMissingAt(block: Block, missing: Cube['missing'], position: number): boolean {
  if (missing === 'mask') return block.valid !== undefined && block.valid[position] === 0;
  return Number.isNaN(block.data[position] as number);
}

/** The `mask` form of a block in the `nan` form. */
export function toMaskForm(block: Block, missing: Cube['missing']): Block {
  if (missing === 'mask' || block.valid) return block;
  const data = block.data;
  const valid = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) valid[i] = Number.isNaN(data[i] as number) ? 0 : 1;
  return { ...block, valid };
}

/** A copy of a block in which the pixels with `keep` 0 are missing, in every layer. */
export function dropPixels(block: Block, missing: Cube['missing'], keep: Uint8Array): Block {
  const length = block.data.length;
  if (missing === 'nan') {
    const data = (block.data as Float32Array | Float64Array).slice();
    for (let start = 0; start < length; start += keep.length)
      for (let i = 0; i < keep.length; i++) if (keep[i] === 0) data[start + i] = Number.NaN;
    return { ...block, data };
  }
  const valid = block.valid ? block.valid.slice() : new Uint8Array(length).fill(1);
  for (let start = 0; start < length; start += keep.length)
    for (let i = 0; i < keep.length; i++) if (keep[i] === 0) valid[start + i] = 0;
  return { ...block, valid };
}

const ranges: Partial<Record<DataType, readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  uint32: [0, 4294967295],
  int32: [-2147483648, 2147483647],
  boolean: [0, 1],
};

/** True where a type holds a number exactly (float32: to its own precision). */
export function holds(dataType: DataType, value: number): boolean {
  const range = ranges[dataType];
  if (!range) return dataType !== 'text';
  return Number.isInteger(value) && value >= range[0] && value <= range[1];
}

/** The smallest type for the values of both. */
export function commonType(first: DataType, second: DataType): DataType {
  if (first === second) return first;
  if (first === 'text' || second === 'text') return 'text';
  for (const [wide, narrow] of [
    [first, second],
    [second, first],
  ] as const) {
    const inner = ranges[narrow];
    if (ranges[wide] && inner && holds(wide, inner[0]) && holds(wide, inner[1])) return wide;
  }
  const small = (type: DataType) => type === 'float32' || /^(u?int(8|16)|boolean)$/.test(type);
  if (ranges[first] && ranges[second] && small(first) && small(second)) return 'int32';
  return small(first) && small(second) ? 'float32' : 'float64';
}

/** Values that can be written into: `values` itself must not be changed. Wide enough for `extra`. */
export function writableValues(values: Values, extra?: Values): Values {
  const wide = extra === undefined ? values : widest(values, extra);
  const copy = createValuesLike(wide, values.length);
  copyValues(values, 0, copy, 0, values.length);
  return copy;
}

function bytes(values: NumericArray): number {
  return values.BYTES_PER_ELEMENT;
}

const isFloat = (values: Values): boolean => values instanceof Float32Array || values instanceof Float64Array;

/** An empty array of a kind that holds the values of both. */
export function widest(first: Values, second: Values): Values {
  if (Array.isArray(first) || Array.isArray(second)) return [];
  if (first.constructor === second.constructor) return createValuesLike(first, 0);
  const large = (values: NumericArray) => !isFloat(values) && bytes(values) === 4;
  if (first instanceof Float64Array || second instanceof Float64Array) return new Float64Array(0);
  if (large(first) || large(second)) return new Float64Array(0);
  if (isFloat(first) || isFloat(second)) return new Float32Array(0);
  return new Int32Array(0);
}
