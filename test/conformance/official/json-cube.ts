import { parseCrs } from '../../../src/geo/crs';
import type { Grid } from '../../../src/geo/types';
import type { Cube, Dimension } from '../../../src/raster/cube';
import { fromWkt } from '../../../src/raster/formats/input/wkt';
import { memoryCube } from '../../../src/raster/memory-cube';

/** How missing values are told from others; see `Cube.missing`. */
export type Form = Cube['missing'];

export interface JsonDimension {
  readonly name: string;
  readonly type: Dimension['type'];
  readonly axis?: 'x' | 'y' | 'z';
  readonly values: readonly (number | string)[];
  readonly reference_system?: number | string | object;
}

type WrittenDimension = Partial<Omit<JsonDimension, 'values'>> & { readonly values?: unknown };

/** A data cube as test files write it. */
export interface JsonCube {
  readonly type: 'datacube';
  /** Nested in the order of the dimensions; null: the values do not matter. */
  readonly data: unknown;
  readonly nodata?: unknown;
  readonly order?: readonly string[];
  readonly dimensions: Readonly<Record<string, WrittenDimension>> | readonly WrittenDimension[];
}

export function isJsonCube(value: unknown): value is JsonCube {
  return typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'datacube';
}

const types = new Set(['spatial', 'temporal', 'bands', 'geometry', 'other']);

/** The dimensions in the order of the data. @throws Error that says what is wrong with them */
export function dimensionsOf({ dimensions, order }: JsonCube): readonly JsonDimension[] {
  if (typeof dimensions !== 'object' || dimensions === null)
    throw new Error('a data cube has no "dimensions"');
  const written = Array.isArray(dimensions)
    ? (dimensions as readonly WrittenDimension[])
    : Object.entries(dimensions).map(([name, rest]) => ({ name, ...rest }));
  const names = order ?? written.map(({ name }) => String(name));
  if (names.length !== written.length)
    throw new Error(`"order" names ${names.length} of the ${written.length} dimensions of a data cube`);
  return names.map((name) => {
    const found = written.find((dimension) => dimension.name === name);
    if (!found) throw new Error(`a data cube has no dimension "${name}"`);
    const { type = 'other', values } = found;
    if (!types.has(type)) throw new Error(`the dimension "${name}" has the unknown type "${type}"`);
    if (!Array.isArray(values)) throw new Error(`the dimension "${name}" has no "values"`);
    return { ...found, name, type, values: values.map((label) => labelOf(label, type)) } as JsonDimension;
  });
}

/** Geometries are written as GeoJSON or well-known text. */
function labelOf(label: unknown, type: Dimension['type']): unknown {
  const plain = plainValue(label);
  return type === 'geometry' && typeof plain === 'string' ? (fromWkt(plain) ?? plain) : plain;
}

/** No-data and date-times have ways of their own to be written. */
function plainValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { type, value: text } = value as { type?: unknown; value?: unknown };
  if (type === 'nodata') return null;
  return type === 'datetime' ? text : value;
}

function axisOf({ axis, name }: JsonDimension): 'x' | 'y' | 'z' {
  return axis ?? (/^[xyz]$/.test(name) ? (name as 'x') : 'z');
}

function flatten(data: unknown): unknown[] {
  return Array.isArray(data) ? data.flatMap(flatten) : [plainValue(data)];
}

/** Values in a row, null for no-data; undefined where they do not matter. */
export function valuesOf({ data, nodata = null }: JsonCube): unknown[] | undefined {
  if (data === null || data === undefined) return undefined;
  const missing = flatten(nodata);
  return flatten(data).map((value) => (missing.some((item) => Object.is(item, value)) ? null : value));
}

export function toCube(json: JsonCube, form: Form): Cube {
  const described = dimensionsOf(json);
  const grid = gridOf(described);
  const dimensions = described.map((dimension): Dimension => {
    const { name, type, values: labels, reference_system: referenceSystem } = dimension;
    if (type !== 'spatial')
      return { type, name, labels, ...(referenceSystem && { referenceSystem }) } as Dimension;
    const axis = axisOf(dimension);
    const isOnGrid = grid !== undefined && axis !== 'z';
    return { type, name, axis, referenceSystem, ...(isOnGrid ? {} : { labels }) };
  });
  const count = described.reduce((total, { values }) => total * values.length, 1);
  const written = valuesOf(json) ?? new Array(count).fill(0);
  // The one value of a cube without dimensions may be left out: it is missing.
  const values = described.length === 0 && written.length === 0 ? [null] : written;
  if (values.length !== count)
    throw new Error(`a data cube has ${values.length} values, but its labels make ${count}`);
  const ordered = grid ? rowsLast(values, described) : values;
  return memoryCube({ dimensions, grid, ...stored(ordered, form) });
}

function stored(values: readonly unknown[], form: Form) {
  const types = new Set(values.filter((value) => value !== null).map((value) => typeof value));
  const valid = Uint8Array.from(values, (value) => (value === null ? 0 : 1));
  // Texts have no NaN.
  if ([...types].some((type) => type !== 'number' && type !== 'boolean'))
    return { data: [...values], dataType: 'text' as const, missing: 'mask' as const, valid };
  const data = Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value)));
  const dataType = types.size === 1 && types.has('boolean') ? ('boolean' as const) : ('float64' as const);
  return { data, dataType, missing: form, ...(form === 'mask' && { valid }) };
}

/** The distance of evenly spaced coordinates; undefined for others, NaN where there are too few to tell. */
function stepOf(values: readonly (number | string)[]): number | undefined {
  if (!values.every((value) => typeof value === 'number')) return undefined;
  const coordinates = values as readonly number[];
  if (coordinates.length < 2) return Number.NaN;
  const step = (coordinates[coordinates.length - 1] - coordinates[0]) / (coordinates.length - 1);
  const isEven = coordinates.every(
    (value, index) => Math.abs(coordinates[0] + index * step - value) <= Math.abs(step) * 1e-6,
  );
  return isEven ? step : undefined;
}

/** The grid of x and y where they are evenly spaced, from west to east and from north to south. */
function gridOf(dimensions: readonly JsonDimension[]): Grid | undefined {
  const spatial = dimensions.filter(({ type }) => type === 'spatial');
  const of = (axis: string) => spatial.filter((dimension) => axisOf(dimension) === axis);
  const [[x, ...otherX], [y, ...otherY]] = [of('x'), of('y')];
  if (!x || !y || otherX.length + otherY.length > 0) return undefined;
  const [right, down] = [stepOf(x.values), stepOf(y.values)];
  if (right === undefined || down === undefined) return undefined;
  // A single row or column is as wide as the other axis says.
  const resX = Number.isNaN(right) ? Math.abs(down || 1) || 1 : right;
  const resY = Number.isNaN(down) ? Math.abs(right || 1) || 1 : -down;
  if (!(resX > 0) || !(resY > 0)) return undefined;
  const [west = 0, north = 0] = [x.values[0] as number, y.values[0] as number];
  return {
    crs: parseCrs(x.reference_system ?? y.reference_system ?? 4326),
    originX: west - resX / 2,
    originY: north + resY / 2,
    ...{ resX, resY, width: x.values.length, height: y.values.length },
  };
}

/** Values of any order of dimensions in the order of blocks: y and x last. */
function rowsLast(values: readonly unknown[], dimensions: readonly JsonDimension[]): unknown[] {
  const strides = dimensions.map((_, axis) =>
    dimensions.slice(axis + 1).reduce((total, { values: labels }) => total * labels.length, 1),
  );
  const rank = (dimension: JsonDimension) =>
    dimension.type === 'spatial' ? ['y', 'x'].indexOf(axisOf(dimension)) : -1;
  const axes = dimensions.map((_, axis) => axis).sort((a, b) => rank(dimensions[a]) - rank(dimensions[b]));
  let offsets = [0];
  for (const axis of axes) {
    const steps = dimensions[axis].values.map((_, index) => index * strides[axis]);
    offsets = offsets.flatMap((offset) => steps.map((step) => offset + step));
  }
  return offsets.map((offset) => values[offset]);
}
