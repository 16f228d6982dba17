import { dimensionsOf, isJsonCube, type JsonCube } from './json-cube';

/** Axes whose labels run against the grid: y from south to north, x from east to west. */
function isTurned({ type, axis, name, values }: ReturnType<typeof dimensionsOf>[number]): boolean {
  if (type !== 'spatial' || values.length < 2) return false;
  const [first, last] = [values[0], values[values.length - 1]];
  if (typeof first !== 'number' || typeof last !== 'number') return false;
  return (axis ?? name) === 'y' ? first < last : (axis ?? name) === 'x' && first > last;
}

function reversed(data: unknown, axes: readonly boolean[]): unknown {
  if (!Array.isArray(data) || axes.length === 0) return data;
  const [isReversed, ...rest] = axes;
  const items = data.map((item) => reversed(item, rest));
  return isReversed ? items.reverse() : items;
}

function turn(cube: JsonCube): JsonCube {
  const dimensions = dimensionsOf(cube);
  const axes = dimensions.map(isTurned);
  if (!axes.includes(true)) return cube;
  return {
    ...cube,
    order: dimensions.map(({ name }) => name),
    dimensions: dimensions.map((dimension, axis) =>
      axes[axis] ? { ...dimension, values: [...dimension.values].reverse() } : dimension,
    ),
    data: reversed(cube.data, axes),
  };
}

/**
 * All cubes in a value with their rows from north to south and their columns from west to east, as every reader of
 * files hands them on; the value itself where they are so.
 */
export function northUp(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isJsonCube(value)) return turn(value);
  if (Array.isArray(value)) {
    const items = value.map(northUp);
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const entries = Object.entries(value).map(([key, item]) => [key, northUp(item)] as const);
  const isSame = entries.every(([key, item]) => item === (value as Record<string, unknown>)[key]);
  return isSame ? value : Object.fromEntries(entries);
}
