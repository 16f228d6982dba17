import { isCube } from '../../raster/cube';
import { isCallback, LabeledArray, OpaqueHandle, SavedResult } from '../types';

/** Stands for the value of a reference while a graph is checked before it runs. */
export const unknownValue: unique symbol = Symbol('unknown value');

/** Stands for a process graph that is an argument while a graph is checked before it runs. */
export class CallbackPlaceholder {}

export const callbackPlaceholder = Object.freeze(new CallbackPlaceholder());

/** Objects that have no JSON form: parameters accept them only when their schema is open or names the subtype. */
export function isRuntimeObject(value: unknown): boolean {
  return (
    isCube(value) ||
    isCallback(value) ||
    value instanceof CallbackPlaceholder ||
    value instanceof SavedResult ||
    value instanceof OpaqueHandle
  );
}

/** What a value is, in a few words for a message. */
export function nameValue(value: unknown): string {
  if (isCube(value)) return 'a data cube';
  if (isCallback(value) || value instanceof CallbackPlaceholder) return 'a process graph';
  if (value instanceof SavedResult) return 'a saved result';
  if (value instanceof OpaqueHandle) return `a ${value.subtype}`;
  if (value instanceof LabeledArray) return 'a labeled array';
  if (Array.isArray(value)) return 'an array';
  if (value === null) return 'null';
  if (typeof value === 'object') return 'an object';
  return `the ${typeof value} ${JSON.stringify(value)?.slice(0, 60) ?? String(value)}`;
}

/** Arrays that stand for labeled ones during a check, as JSON Schema knows only arrays. */
export type Projections = WeakMap<object, LabeledArray>;

const maxProjectedDepth = 4;

/** The value as JSON Schema can look at it: labeled arrays (a few levels deep) become arrays. */
export function project(value: unknown, projections: Projections, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof LabeledArray) {
    const values = value.values.map((item) => project(item, projections, depth + 1));
    projections.set(values, value);
    return values;
  }
  if (depth >= maxProjectedDepth || isRuntimeObject(value)) return value;
  if (Array.isArray(value)) {
    const first = value.findIndex(mayHoldLabels);
    if (first < 0) return value;
    return value.map((item) => project(item, projections, depth + 1));
  }
  if (!Object.values(value).some(mayHoldLabels)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, project(item, projections, depth + 1)]),
  );
}

function mayHoldLabels(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
