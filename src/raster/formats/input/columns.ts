import { createPace } from '../../../base/pace';
import type { Crs } from '../../../geo/types';
import type { Cube, Dimension, FeatureInfo } from '../../cube';
import type { Geometry } from '../../vector/geometry';
import { packValues } from '../../vector/vector-cube';
import { instantOf } from '../dataset/time';
import { unsuitable } from '../unsuitable';
import { assembleCube } from './assemble';
import { maxFields, refuseMany, refuseManyDimensions } from './limits';
import { namesParameter } from './read-all';

export type Scalar = number | string | boolean | null;

/** A column of a table that was read. */
export interface LoadedColumn {
  readonly name: string;
  /** Scalars, or GeoJSON geometries. */
  readonly values: readonly unknown[];
  readonly isGeometry: boolean;
}

/** How a table becomes a cube; options that CSV and Parquet share. */
export interface ColumnOptions {
  readonly dimensions: readonly string[] | null;
  readonly bands: readonly string[] | null;
}

export const columnParameters = {
  dimensions: {
    ...namesParameter,
    minItems: 0,
    description:
      'Columns that say where values are and become dimensions. Default: those named t, time, date or datetime, x, y, ' +
      'z, lon, lat, longitude or latitude, and geometries; without any of them each row is a label of "row".',
  },
  bands: {
    ...namesParameter,
    description:
      'Columns with values, which become bands. Default: all others with numbers or truth values, or where there ' +
      'are none those with text. With geometries, columns that are neither become properties.',
  },
} as const;

const axes: Readonly<Record<string, 'x' | 'y' | 'z'>> = {
  x: 'x',
  lon: 'x',
  longitude: 'x',
  y: 'y',
  lat: 'y',
  latitude: 'y',
  z: 'z',
};
const times = new Set(['t', 'time', 'date', 'datetime']);

function axisOf(name: string): 'x' | 'y' | 'z' | undefined {
  const lower = name.toLowerCase();
  return Object.hasOwn(axes, lower) ? axes[lower] : undefined;
}

/** A label for each distinct value of a column, and which one each row has. */
interface Labelled {
  readonly name: string;
  readonly column: LoadedColumn;
  readonly labels: readonly unknown[];
  readonly rows: Int32Array;
}

/** Labels in the order of the file; times forwards, x from west to east, y from north to south. */
function labelled(column: LoadedColumn, isSingle: boolean): Labelled {
  const { name, values } = column;
  const numbers = new Map<unknown, number>();
  const rows = new Int32Array(values.length);
  let lastValue: unknown;
  let lastIndex = -1;
  values.forEach((value, row) => {
    if (lastIndex >= 0 && value === lastValue && !(column.isGeometry && isSingle)) {
      rows[row] = lastIndex;
      return;
    }
    const key = column.isGeometry ? (isSingle ? row : JSON.stringify(value)) : value;
    let index = numbers.get(key);
    if (index === undefined) {
      index = numbers.size;
      numbers.set(key, index);
    }
    rows[row] = index;
    lastValue = value;
    lastIndex = index;
  });
  if (column.isGeometry) {
    const labels = new Array<unknown>(numbers.size);
    rows.forEach((index, row) => {
      labels[index] = values[row];
    });
    return { name, column, labels, rows };
  }
  const labels = [...numbers.keys()];
  const axis = axisOf(name);
  const isNumeric = labels.every((label) => typeof label === 'number');
  const isTime = times.has(name.toLowerCase()) && labels.every((label) => instantOf(label) !== undefined);
  if (!(axis && isNumeric) && !isTime) return { name, column, labels, rows };
  const rank = (label: unknown) =>
    isTime ? instantOf(label)! : axis === 'y' ? -(label as number) : (label as number);
  const order = [...labels.keys()].sort((one, other) => rank(labels[one]) - rank(labels[other]));
  const place = new Int32Array(order.length);
  order.forEach((old, now) => {
    place[old] = now;
  });
  return { name, column, labels: order.map((old) => labels[old]), rows: rows.map((index) => place[index]) };
}

function dimensionOf(
  { name, column, labels, rows }: Labelled,
  properties: readonly LoadedColumn[],
  crs?: Crs,
): Dimension {
  if (column.isGeometry) {
    const first = new Int32Array(labels.length).fill(-1);
    rows.forEach((index, row) => {
      if (first[index] < 0) first[index] = row;
    });
    const ids = properties.find((property) => property.name === 'id');
    const features = Array.from(first, (row): FeatureInfo => {
      const id = ids?.values[row];
      return {
        ...(typeof id === 'string' || typeof id === 'number' ? { id } : {}),
        properties: Object.fromEntries(
          properties.filter((each) => each !== ids).map((each) => [each.name, each.values[row] ?? null]),
        ),
      };
    });
    return {
      type: 'geometry',
      name,
      labels: labels as readonly (Geometry | null)[],
      features,
      referenceSystem: crs?.epsg ?? crs?.definition ?? 4326,
    };
  }
  const plain = labels.map((label) => (typeof label === 'number' ? label : String(label)));
  const axis = axisOf(name);
  if (axis) return { type: 'spatial', name, axis, labels: plain };
  const isTime =
    times.has(name.toLowerCase()) ||
    (plain.length > 0 && plain.every((label) => instantOf(label) !== undefined));
  return { type: isTime ? 'temporal' : 'other', name, labels: plain };
}

function find(columns: readonly LoadedColumn[], names: readonly string[], option: string): LoadedColumn[] {
  return names.map((name) => {
    const column = columns.find((each) => each.name === name);
    if (column) return column;
    throw unsuitable(
      `There is no column "${name}", which the option "${option}" names; there are ${columns.map((each) => each.name).join(', ')}.`,
    );
  });
}

function chooseValues(rest: readonly LoadedColumn[], options: ColumnOptions): readonly LoadedColumn[] {
  if (options.bands) return find(rest, options.bands, 'bands');
  const isNumeric = ({ values, name }: LoadedColumn) =>
    name !== 'id' &&
    values.every((value) => value === null || typeof value === 'number' || typeof value === 'boolean');
  const numeric = rest.filter(isNumeric);
  return numeric.length > 0 ? numeric : rest;
}

/**
 * A table as a cube: columns with labels become dimensions, the others bands. Combinations without a row are missing.
 * @throws ProcessException `FormatUnsuitable`; OpenEOError `ProcessGraphComplexity`
 */
export async function cubeOfColumns(
  columns: readonly LoadedColumn[],
  options: ColumnOptions,
  request: {
    readonly signal: AbortSignal;
    readonly maxValues: number;
    readonly version: string;
    readonly crs?: Crs;
  },
): Promise<Cube> {
  const rest = createPace(request.signal);
  const count = columns[0]?.values.length ?? 0;
  const where = options.dimensions
    ? find(columns, options.dimensions, 'dimensions')
    : columns.filter(({ name, isGeometry }) => isGeometry || times.has(name.toLowerCase()) || axisOf(name));
  refuseManyDimensions(where.length);
  const others = columns.filter((column) => !where.includes(column) && !column.isGeometry);
  const values = chooseValues(others, options);
  const row: LoadedColumn = {
    name: 'row',
    values: Array.from({ length: count }, (_, index) => index),
    isGeometry: false,
  };
  const parts: Labelled[] = [];
  for (const column of where.length > 0 ? where : [row]) {
    parts.push(labelled(column, where.length === 1));
    await rest();
  }
  const properties = others.filter((column) => !values.includes(column));
  const hasBands = values.length !== 1 || values[0].name !== 'value';
  const width = Math.max(1, values.length);
  const total = parts.reduce((product, { labels }) => product * labels.length, width);
  refuseMany(
    total,
    Math.min(request.maxValues, 2 * maxFields),
    `A cube of the labels of ${parts.map(({ name, labels }) => `${name} (${labels.length})`).join(', ')} with ${width} bands`,
    'Name other "dimensions".',
  );
  const cells: Scalar[] = new Array<Scalar>(total).fill(null);
  const seen = new Uint8Array(total / width);
  for (let index = 0; index < count; index++) {
    let at = 0;
    for (const { labels, rows } of parts) at = at * labels.length + rows[index];
    if (seen[at] === 1)
      throw unsuitable(
        `Two rows have the same ${parts.map(({ name }) => name).join(', ')}; name further columns in "dimensions".`,
      );
    seen[at] = 1;
    for (let band = 0; band < values.length; band++)
      cells[at * width + band] = (values[band].values[index] ?? null) as Scalar;
    await rest();
  }
  const bands: Dimension = { type: 'bands', name: 'bands', labels: values.map(({ name }) => name) };
  return assembleCube({
    dimensions: [
      ...parts.map((part) => dimensionOf(part, properties, request.crs)),
      ...(hasBands && values.length > 0 ? [bands] : []),
    ],
    ...packValues(cells),
    ...(request.crs && { crs: request.crs }),
    version: request.version,
  });
}
