import { isCallback, LabeledArray, OpaqueHandle, SavedResult } from '../../graph/types';
import { type Cube, type Dimension, gridBounds, isCube, isHorizontal } from '../../raster/cube';

const maxElements = 10;
const maxLabels = 100;
const maxText = 2000;
const maxKeys = 50;
const maxDepth = 5;

/** A value as it stands in a log: JSON of limited size. */
export function summaryOf(value: unknown, depth = 0): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string') return value.length > maxText ? `${value.slice(0, maxText)}…` : value;
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (isCube(value)) return summaryOfCube(value);
  if (value instanceof LabeledArray)
    return { ...summaryOfArray(value.values, depth), labels: excerpt(value.labels, maxElements) };
  if (Array.isArray(value)) return depth >= maxDepth ? '[…]' : summaryOfArray(value, depth);
  if (value instanceof SavedResult) return { format: value.format, data: summaryOf(value.data, depth) };
  if (value instanceof OpaqueHandle) return `a ${value.subtype}`;
  if (isCallback(value)) return 'a process graph';
  if (depth >= maxDepth) return '{…}';
  const entries = Object.entries(value).slice(0, maxKeys);
  return Object.fromEntries(entries.map(([key, item]) => [key, summaryOf(item, depth + 1)]));
}

function summaryOfArray(values: readonly unknown[], depth: number): Record<string, unknown> {
  const data = excerpt(values, maxElements).map((item) => summaryOf(item, depth + 1));
  return { data, length: values.length };
}

function excerpt<T>(values: readonly T[], length: number): readonly T[] {
  return values.length > length ? values.slice(0, length) : values;
}

/** As in STAC's datacube extension. */
function summaryOfCube(cube: Cube): Record<string, unknown> {
  const dimensions = cube.dimensions.map(
    (dimension) => [dimension.name, summaryOfDimension(cube, dimension)] as const,
  );
  return {
    'cube:dimensions': Object.fromEntries(dimensions),
    data_type: cube.dataType,
    nodata: summaryOf(cube.nodata),
  };
}

function summaryOfDimension(cube: Cube, dimension: Dimension): Record<string, unknown> {
  const { type } = dimension;
  const axis = dimension.type === 'spatial' ? { axis: dimension.axis } : {};
  if (cube.grid && isHorizontal(cube, dimension)) {
    const { west, east, south, north } = gridBounds(cube.grid);
    const isX = dimension.type === 'spatial' && dimension.axis === 'x';
    return {
      ...{ type, ...axis },
      extent: isX ? [west, east] : [south, north],
      step: isX ? cube.grid.resX : cube.grid.resY,
      reference_system: cube.grid.crs.id,
    };
  }
  const labels = (dimension.labels ?? []) as readonly unknown[];
  const values = excerpt(labels, maxLabels).map((label) => summaryOf(label, maxDepth));
  return { type, ...axis, values, ...(values.length < labels.length ? { length: labels.length } : {}) };
}
