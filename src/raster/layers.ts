import {
  type Block,
  type Cube,
  type DataType,
  type Dimension,
  layerDimensions,
  type NumericArray,
  type Window,
} from './cube';

/** Values of one kind: numbers, or for cubes of text plain values. */
export type Values = NumericArray | unknown[];

/** A cube as far as the layout of its blocks goes. */
export type Layout = Pick<Cube, 'grid' | 'dimensions' | 'missing' | 'dataType'>;

/** Number of labels of a dimension that carries labels. */
export function labelCount(dimension: Dimension): number {
  return dimension.labels?.length ?? 0;
}

/** A label in names and files of text; geometries are their GeoJSON. */
export function labelText(label: unknown): string {
  return typeof label === 'object' ? JSON.stringify(label) : String(label);
}

export function allIndices(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** The label indices of a layer dimension that a window asks for. */
export function selectedIndices(dimension: Dimension, window: Window): readonly number[] {
  return window.select?.get(dimension.name) ?? allIndices(labelCount(dimension));
}

/** Lengths of the layer dimensions of the block that answers a window. */
export function layerLengths(layout: Pick<Cube, 'grid' | 'dimensions'>, window: Window): number[] {
  return layerDimensions(layout).map(
    (dimension) => window.select?.get(dimension.name)?.length ?? labelCount(dimension),
  );
}

/** Pixels of one plane: width × height, or 1 for cubes without a grid. */
export function planeLength(window: Window): number {
  return window.grid ? window.grid.width * window.grid.height : 1;
}

export function product(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total * length, 1);
}

/** The shape of a block with these layer lengths. */
export function blockShape(lengths: readonly number[], window: Window): number[] {
  return window.grid ? [...lengths, window.grid.height, window.grid.width] : [...lengths];
}

const arrays = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
  boolean: Uint8Array,
} as const;

/** An array that holds values of a type, all zero; of nulls for text. */
export function createValues(dataType: DataType, length: number): Values {
  return dataType === 'text' ? new Array<unknown>(length).fill(null) : new arrays[dataType](length);
}

/** An array of the same kind. Text becomes nulls. */
export function createValuesLike(values: Values, length: number): Values {
  if (Array.isArray(values)) return new Array<unknown>(length).fill(null);
  return new (values.constructor as new (length: number) => NumericArray)(length);
}

/** Part of an array; typed arrays share their memory. */
export function sliceValues(values: Values, start: number, end: number): Values {
  return Array.isArray(values) ? values.slice(start, end) : values.subarray(start, end);
}

/** Copies `length` values. */
export function copyValues(source: Values, from: number, target: Values, to: number, length: number): void {
  if (!Array.isArray(target) && !Array.isArray(source))
    target.set(length === source.length ? source : source.subarray(from, from + length), to);
  else for (let i = 0; i < length; i++) target[to + i] = source[from + i] as number;
}

/** A block without a single value: what lies outside of everything. */
export function missingBlock(layout: Layout, window: Window): Block {
  const lengths = layerLengths(layout, window);
  const shape = blockShape(lengths, window);
  const length = product(shape);
  if (layout.missing === 'mask') {
    return {
      grid: window.grid,
      shape,
      data: createValues(layout.dataType, length),
      valid: new Uint8Array(length),
    };
  }
  const data = layout.dataType === 'float64' ? new Float64Array(length) : new Float32Array(length);
  return { grid: window.grid, shape, data: data.fill(Number.NaN) };
}

/** Calls back for every plane position of `lengths` in C order. */
export function forEachIndex(lengths: readonly number[], visit: (index: readonly number[]) => void): void {
  const index = lengths.map(() => 0);
  for (let remaining = product(lengths); remaining > 0; remaining--) {
    visit(index);
    for (let axis = lengths.length - 1; axis >= 0; axis--) {
      if (++index[axis] < lengths[axis]) break;
      index[axis] = 0;
    }
  }
}

/** How far apart neighbours along each axis are, in elements of C order. */
export function strides(lengths: readonly number[]): number[] {
  const result = lengths.map(() => 1);
  for (let axis = lengths.length - 2; axis >= 0; axis--) result[axis] = result[axis + 1] * lengths[axis + 1];
  return result;
}
