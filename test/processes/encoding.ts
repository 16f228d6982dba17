import type { Grid } from '../../src/geo/types';
import { LabeledArray } from '../../src/graph/types';
import { type Block, type Cube, type Dimension, isCube, layerDimensions } from '../../src/raster/cube';
import { memoryCube } from '../../src/raster/memory-cube';

/**
 * What JSON cannot say, as `{ "type": … }`:
 * - `nan`, `infinity`, `-infinity`
 * - `labeled-array` with `labels` and `values`
 * - `datacube` with `dimensions` as our cubes have them, flat `data` (C order, null where it is missing), and
 *   optionally `grid`, `missing` ("nan" or "mask") and `nodata`.
 */
export function decode(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(decode);
  if (typeof json !== 'object' || json === null) return json;
  const value = json as Record<string, unknown>;
  switch (value.type) {
    case 'nan':
      return Number.NaN;
    case 'infinity':
      return Number.POSITIVE_INFINITY;
    case '-infinity':
      return Number.NEGATIVE_INFINITY;
    case 'labeled-array':
      return new LabeledArray(value.labels as string[], (value.values as unknown[]).map(decode));
    case 'datacube':
      return decodeCube(value);
    default:
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item)]));
  }
}

function decodeCube(json: Record<string, unknown>): Cube {
  const values = (json.data as unknown[]).map(decode) as (number | null)[];
  const missing = (json.missing as Cube['missing']) ?? 'nan';
  const fill = missing === 'nan' ? Number.NaN : 0;
  return memoryCube({
    dimensions: json.dimensions as Dimension[],
    grid: json.grid as Grid | undefined,
    data: Float64Array.from(values, (value) => value ?? fill),
    missing,
    nodata: (json.nodata as number | undefined) ?? null,
    ...(missing === 'mask' ? { valid: Uint8Array.from(values, (value) => (value === null ? 0 : 1)) } : {}),
  });
}

/** The value in a form that tests can compare: cubes as their dimensions and values, null where missing. */
export async function comparable(value: unknown): Promise<unknown> {
  if (!isCube(value)) return value;
  const block = await value.read(value.grid ? { grid: value.grid } : {}, new AbortController().signal);
  return {
    dimensions: value.dimensions.map(({ name, type }) => ({ name, type })),
    labels: layerDimensions(value).map(({ labels }) => labels),
    data: Array.from(block.data as ArrayLike<unknown>, (item, index) => readItem(item, index, block, value)),
  };
}

function readItem(item: unknown, index: number, block: Block, cube: Cube): unknown {
  const isMissing = cube.missing === 'nan' ? Number.isNaN(item) : block.valid?.[index] === 0;
  return isMissing ? null : item;
}

/** Throws with the place where two values differ; numbers may differ by `delta`. */
export function expectClose(actual: unknown, expected: unknown, delta: number, path = 'value'): void {
  if (typeof expected === 'number' && typeof actual === 'number') {
    const isClose =
      Object.is(actual, expected) || actual === expected || Math.abs(actual - expected) <= delta;
    if (!isClose) throw new Error(`${path} is ${actual}, not ${expected}`);
  } else if (expected instanceof LabeledArray) {
    if (!(actual instanceof LabeledArray)) throw new Error(`${path} has no labels`);
    expectClose(actual.labels, expected.labels, delta, `${path} (labels)`);
    expectClose(actual.values, expected.values, delta, path);
  } else if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null || Array.isArray(actual) !== Array.isArray(expected))
      throw new Error(`${path} is ${String(actual)}`);
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    for (const [key, item] of Object.entries(expected))
      expectClose((actual as Record<string, unknown>)[key], item, delta, `${path}/${key}`);
  } else expect(actual).toEqual(expected);
}
