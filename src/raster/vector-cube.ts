import type { Cube, DataType, Dimension } from './cube';
import type { GeometryDimension } from './geometry';
import { memoryCube } from './memory-cube';

/** What a value of a property is in a cube: objects and arrays inside of arrays become their JSON. */
function scalar(value: unknown): number | string | boolean | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  return JSON.stringify(value);
}

/** Values in a row, of numbers where all are numbers, of truth values where all are so, else of text. */
export function packValues(values: readonly (number | string | boolean | null)[]): {
  readonly data: Float64Array | Uint8Array | unknown[];
  readonly valid: Uint8Array;
  readonly dataType: DataType;
} {
  const valid = Uint8Array.from(values, (value) => (value === null ? 0 : 1));
  const isAll = (type: string) => values.every((value) => value === null || typeof value === type);
  if (isAll('number')) {
    const data = Float64Array.from(values as readonly number[], (value) => value ?? Number.NaN);
    return { data, valid, dataType: 'float64' };
  }
  if (isAll('boolean'))
    return { data: Uint8Array.from(values, (value) => Number(value === true)), valid, dataType: 'boolean' };
  return { data: [...values], valid, dataType: 'text' };
}

/**
 * A vector cube. Without properties each geometry has one value, which is missing; one property whose values are
 * arrays gives a label for each element, others a label with their name each.
 */
export function vectorCube(dimension: GeometryDimension, properties: readonly string[]): Cube {
  const count = dimension.labels.length;
  const propertyOf = (index: number, name: string): unknown => {
    const own = dimension.features?.[index]?.properties;
    return own && Object.hasOwn(own, name) ? own[name] : null;
  };
  if (properties.length === 0)
    return memoryCube({
      dimensions: [dimension],
      ...packValues(new Array(count).fill(null)),
      missing: 'mask',
    });
  const columns: unknown[][] = Array.from({ length: count }, (_, index) =>
    properties.map((name) => propertyOf(index, name)),
  );
  const isArray = properties.length === 1 && columns.some(([value]) => Array.isArray(value));
  const rows = isArray
    ? columns.map(([value]) => (Array.isArray(value) ? value : value === null ? [] : [value]))
    : columns;
  const length = isArray ? Math.max(...rows.map((row) => row.length)) : properties.length;
  const labels: Dimension = {
    type: 'other',
    name: 'properties',
    labels: isArray ? Array.from({ length }, (_, index) => index) : properties,
  };
  const values = rows.flatMap((row) => Array.from({ length }, (_, index) => scalar(row[index])));
  return memoryCube({ dimensions: [dimension, labels], ...packValues(values), missing: 'mask' });
}
