import { OpenEOError } from '../../base/errors';
import type { Cube, DataType, Dimension } from '../cube';
import { memoryCube } from '../memory-cube';
import type { GeometryDimension } from './geometry';

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

/** Values that are made of properties at one go. */
const maxValues = 10_000_000;

/** What becomes of properties: a label for each, or (where there is one, of arrays) for each element. */
interface Columns {
  readonly isArray: boolean;
  readonly length: number;
}

function propertyOf({ features }: GeometryDimension, index: number, name: string): unknown {
  const own = features?.[index]?.properties;
  return own && Object.hasOwn(own, name) ? own[name] : null;
}

function columnsOf(dimension: GeometryDimension, properties: readonly string[]): Columns {
  if (properties.length !== 1) return { isArray: false, length: properties.length };
  let [isArray, longest] = [false, 0];
  for (let index = 0; index < dimension.labels.length; index++) {
    const value = propertyOf(dimension, index, properties[0]);
    isArray ||= Array.isArray(value);
    longest = Math.max(longest, Array.isArray(value) ? value.length : value === null ? 0 : 1);
  }
  return { isArray, length: isArray ? longest : 1 };
}

/** How many values {@link vectorCube} makes. @throws OpenEOError `ProcessGraphComplexity` for too many */
export function vectorValues(dimension: GeometryDimension, properties: readonly string[]): number {
  const count = dimension.labels.length * Math.max(1, columnsOf(dimension, properties).length);
  if (count <= maxValues) return count;
  const show = (value: number) => value.toLocaleString('en');
  throw new OpenEOError('ProcessGraphComplexity', {
    reason: `the properties of the geometries make ${show(count)} values; at most ${show(maxValues)} can be loaded.`,
  });
}

/**
 * A vector cube. Without properties each geometry has one value, which is missing; one property whose values are
 * arrays gives a label for each element, others a label with their name each.
 * @throws OpenEOError `ProcessGraphComplexity` as {@link vectorValues}
 */
export function vectorCube(dimension: GeometryDimension, properties: readonly string[]): Cube {
  const count = dimension.labels.length;
  vectorValues(dimension, properties);
  if (properties.length === 0)
    return memoryCube({
      dimensions: [dimension],
      ...packValues(new Array(count).fill(null)),
      missing: 'mask',
    });
  const { isArray, length } = columnsOf(dimension, properties);
  const valueAt = (row: number, column: number): unknown => {
    const value = propertyOf(dimension, row, properties[isArray ? 0 : column]);
    if (!isArray) return value;
    return Array.isArray(value) ? value[column] : column === 0 ? value : null;
  };
  const labels: Dimension = {
    type: 'other',
    name: 'properties',
    labels: isArray ? Array.from({ length }, (_, index) => index) : properties,
  };
  const values: (number | string | boolean | null)[] = [];
  for (let row = 0; row < count; row++)
    for (let column = 0; column < length; column++) values.push(scalar(valueAt(row, column)));
  return memoryCube({ dimensions: [dimension, labels], ...packValues(values), missing: 'mask' });
}
