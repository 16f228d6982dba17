import { parseCrs } from '../../../src/geo/crs';
import { LabeledArray } from '../../../src/graph/types';
import { type Cube, type Dimension, isCube } from '../../../src/raster/cube';
import { labelsOf, withLabels } from '../../../src/raster/labelled-view';
import { ExpectedCube, ExpectedInstant } from './decode';
import { dimensionsOf, valuesOf } from './json-cube';

/** Where a result is not what was expected, in words; undefined where it is. Numbers may differ by `delta`. */
export async function difference(
  actual: unknown,
  expected: unknown,
  delta: number,
  path = 'the result',
): Promise<string | undefined> {
  if (expected instanceof ExpectedCube)
    return isCube(actual)
      ? differenceOfCubes(actual, expected, delta, path)
      : `${path} is ${show(actual)}, not a data cube`;
  if (expected instanceof ExpectedInstant) return differenceOfInstants(actual, expected.text, path);
  if (typeof expected === 'number') return differenceOfNumbers(actual, expected, delta, path);
  if (expected instanceof LabeledArray) {
    if (!(actual instanceof LabeledArray)) return `${path} is ${show(actual)}, not an array with labels`;
    return (
      (await difference(actual.labels, expected.labels, 0, `${path} (labels)`)) ??
      (await difference(actual.values, expected.values, delta, path))
    );
  }
  if (typeof expected !== 'object' || expected === null)
    return actual === expected ? undefined : `${path} is ${show(actual)}, not ${show(expected)}`;
  if (typeof actual !== 'object' || actual === null || isCube(actual) || actual instanceof LabeledArray)
    return `${path} is ${show(actual)}, not ${show(expected)}`;
  if (Array.isArray(actual) !== Array.isArray(expected))
    return `${path} is ${show(actual)}, not ${show(expected)}`;
  const [given, wanted] = [Object.keys(actual), Object.keys(expected)];
  if (given.length !== wanted.length || !wanted.every((key) => Object.hasOwn(actual, key)))
    return `${path} is ${show(actual)}, not ${show(expected)}`;
  for (const [key, item] of Object.entries(expected)) {
    const found = await difference((actual as Record<string, unknown>)[key], item, delta, `${path}/${key}`);
    if (found) return found;
  }
  return undefined;
}

/** Numbers beyond a million have no ten decimals: there, the last digits of a 64-bit number may differ. */
const lastDigits = 4 * Number.EPSILON;

function differenceOfNumbers(
  actual: unknown,
  expected: number,
  delta: number,
  path: string,
): string | undefined {
  const isEqual =
    typeof actual === 'number' &&
    (actual === expected ||
      (Number.isNaN(actual) && Number.isNaN(expected)) ||
      (Number.isFinite(expected) &&
        Math.abs(actual - expected) <= Math.max(delta, lastDigits * Math.abs(expected))));
  return isEqual ? undefined : `${path} is ${show(actual)}, not ${show(expected)}`;
}

const instantPattern = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const datePattern = /^\d{4}-\d\d-\d\d$/;

/** Whatever stands for no instant has to be the same text. */
function differenceOfInstants(actual: unknown, expected: string, path: string): string | undefined {
  const isEqual =
    actual === expected ||
    (typeof actual === 'string' &&
      instantPattern.test(actual) &&
      Date.parse(actual) === Date.parse(expected));
  return isEqual ? undefined : `${path} is ${show(actual)}, not the instant ${expected}`;
}

async function differenceOfCubes(
  actual: Cube,
  { json: expected, inherited }: ExpectedCube,
  delta: number,
  path: string,
): Promise<string | undefined> {
  const dimensions = dimensionsOf(expected);
  const kinds = (list: readonly { name: string; type: string }[]) =>
    list.map(({ name, type }) => `${name} (${type})`).join(', ');
  if (kinds(actual.dimensions) !== kinds(dimensions))
    return `${path} has the dimensions ${kinds(actual.dimensions)}, not ${kinds(dimensions)}`;
  for (const [index, { name, type, values, reference_system }] of dimensions.entries()) {
    const labels = labelsOf(actual, actual.dimensions[index]);
    const found = await differenceOfLabels(labels, values, type, `the labels of ${name}`);
    if (found) return found;
    const system = referenceOf(actual, index);
    if (reference_system !== undefined && system !== undefined) {
      const [given, wanted] = [nameOfCrs(system), nameOfCrs(reference_system)];
      if (given !== wanted) return `${name} has the reference system ${given}, not ${wanted}`;
    }
  }
  const wanted = valuesOf(expected);
  // A cube without dimensions may be written as one without its single value.
  if (!wanted || (dimensions.length === 0 && wanted.length === 0)) return undefined;
  const values = await readValues(actual);
  // In the form that keeps no-data as NaN, a NaN that was computed is no-data too; and so where NaN is no-data.
  const isNaNMissing = actual.missing === 'nan' || [expected.nodata].flat().includes(Number.NaN);
  const settle = (value: unknown) => (isNaNMissing && Number.isNaN(value) ? null : value);
  const found = values.map(settle);
  // Where a result does not say what its no-data is, that of the data may stand for it.
  const asMissing = valuesOf({
    ...expected,
    nodata: expected.nodata === undefined ? inherited : expected.nodata,
  })!;
  const allowed = wanted.map((value, index) =>
    asMissing[index] === null && found[index] === null ? null : settle(value),
  );
  return difference(found, allowed, delta, `${path} (values)`);
}

/** The identifier, or for what is no known system what was written. */
function nameOfCrs(system: number | string | object): string {
  try {
    return parseCrs(system).id;
  } catch {
    return JSON.stringify(system);
  }
}

async function differenceOfLabels(
  actual: readonly unknown[],
  expected: readonly unknown[],
  type: Dimension['type'],
  path: string,
): Promise<string | undefined> {
  if (actual.length !== expected.length) return `${path} are ${show(actual)}, not ${show(expected)}`;
  for (const [index, written] of expected.entries()) {
    const [given, label] = [actual[index], written].map((text) =>
      type === 'temporal' ? atMidnight(text) : text,
    );
    const isInstant = typeof label === 'string' && instantPattern.test(label);
    const found = isInstant
      ? differenceOfInstants(given, label, `${path}/${index}`)
      : await difference(given, label, 1e-6, `${path}/${index}`);
    if (found) return found;
  }
  return undefined;
}

/** Of dates, the time components that are missing are 0 in UTC. */
function atMidnight(label: unknown): unknown {
  return typeof label === 'string' && datePattern.test(label) ? `${label}T00:00:00Z` : label;
}

function referenceOf(cube: Cube, index: number): number | string | object | undefined {
  const dimension = cube.dimensions[index];
  if (dimension.type !== 'spatial') return undefined;
  if (cube.grid && dimension.axis !== 'z') return cube.grid.crs.epsg ?? cube.grid.crs.definition;
  return dimension.referenceSystem;
}

/** All values in the order of the dimensions; null is missing. */
export async function readValues(input: Cube): Promise<unknown[]> {
  const cube = withLabels(input);
  const { data, valid } = await cube.read({}, new AbortController().signal);
  return Array.from({ length: data.length }, (_, i) => {
    const value = data[i];
    const isMissing = valid ? valid[i] === 0 : cube.missing === 'nan' && Number.isNaN(value);
    if (isMissing) return null;
    return cube.dataType === 'boolean' && typeof value === 'number' ? value !== 0 : value;
  });
}

function show(value: unknown): string {
  if (isCube(value)) return 'a data cube';
  if (value instanceof LabeledArray) return `an array with the labels ${show(value.labels)}`;
  const text = JSON.stringify(value, (_, item) =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item,
  );
  return (text ?? String(value)).slice(0, 200);
}
