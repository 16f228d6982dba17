import { LabeledArray } from '../../../src/graph/types';
import { type Form, isJsonCube, type JsonCube, toCube } from './json-cube';

/** A date-time that a result has to be equal to as an instant. */
export class ExpectedInstant {
  constructor(readonly text: string) {}
}

/** A data cube that a result has to be equal to. */
export class ExpectedCube {
  constructor(
    readonly json: JsonCube,
    /** No-data values of the data, which may stand for no-data where the cube does not say what does. */
    readonly inherited: readonly unknown[] = [],
  ) {}
}

interface Kinds {
  cube(json: JsonCube): unknown;
  instant(text: string): unknown;
}

function decode(value: unknown, kinds: Kinds): unknown {
  if (Array.isArray(value)) return value.map((item) => decode(item, kinds));
  if (typeof value !== 'object' || value === null) return value;
  if (isJsonCube(value)) return kinds.cube(value);
  const { type, data, value: text } = value as { type?: unknown; data?: unknown; value?: unknown };
  if (type === 'nodata') return null;
  if (type === 'datetime' && typeof text === 'string') return kinds.instant(text);
  if (type === 'labeled-array' && Array.isArray(data)) {
    const elements = data as { key: unknown; value: unknown }[];
    return new LabeledArray(
      elements.map(({ key }) => decode(key, { ...kinds, instant: (label) => label }) as string | number),
      elements.map(({ value: item }) => decode(item, kinds)),
    );
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item, kinds)]));
}

/** What processes receive for a value of a test file. */
export function decodeArgument(value: unknown, form: Form): unknown {
  return decode(value, { cube: (json) => toCube(json, form), instant: (text) => text });
}

/**
 * What {@link difference} compares results with.
 * @param nodata of the data: what no-data may be in cubes that do not say what theirs is.
 */
export function decodeExpected(value: unknown, nodata: readonly unknown[] = []): unknown {
  // Beside it, NaN could not be a value.
  const own = nodata.some(Number.isNaN) ? Number.NaN : undefined;
  return decode(value, {
    cube: (json) => new ExpectedCube(json.nodata === undefined ? { ...json, nodata: own } : json, nodata),
    instant: (text) => new ExpectedInstant(text),
  });
}
