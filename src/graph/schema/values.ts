import { OpenEOError } from '../../base/errors';
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
/** A check looks at every part of a value, at what stands in several places again and again. */
const maxParts = 20_000_000;
/** Further down parts are not counted; values of a run are not made so deep. */
const maxCountedDepth = 1000;

/** The value is small in memory, because its parts are shared. */
function tooManyParts(): OpenEOError {
  const parts = maxParts.toLocaleString('en');
  return new OpenEOError(
    'MemoryLimitExceeded',
    {},
    { message: `An argument has more than ${parts} parts when all that it repeats is written out.` },
  );
}

/** Values as JSON Schema can look at them: labeled arrays (a few levels deep) become arrays. */
export class Projector {
  /** What was met before, with the number of its parts. */
  readonly #known = new Map<object, readonly [projected: unknown, parts: number]>();
  #parts = 0;

  constructor(readonly projections: Projections) {}

  /** @throws OpenEOError `MemoryLimitExceeded` for a value that a check would not come to the end of */
  project(value: unknown, depth = 0): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (depth > maxCountedDepth || isRuntimeObject(value)) return value;
    const items = value instanceof LabeledArray ? value.values : value;
    const parts = Array.isArray(items) ? items : Object.values(items);
    const known = this.#known.get(value);
    this.#parts += known ? known[1] : parts.length;
    if (this.#parts > maxParts) throw tooManyParts();
    if (known) return known[0];
    const isPlain = !(value instanceof LabeledArray);
    if (isPlain && !parts.some(mayHoldLabels)) return value;
    const before = this.#parts - parts.length;
    const projected = this.#projected(value, items, depth);
    this.#known.set(value, [projected, this.#parts - before]);
    return projected;
  }

  #projected(value: object, items: object, depth: number): unknown {
    const project = (item: unknown) => this.project(item, depth + 1);
    if (value instanceof LabeledArray) {
      const values = value.values.map(project);
      this.projections.set(values, value);
      return values;
    }
    if (depth >= maxProjectedDepth) {
      // Nobody looks for labels there, but the parts count.
      for (const item of Array.isArray(items) ? items : Object.values(items)) project(item);
      return value;
    }
    if (Array.isArray(items)) return items.map(project);
    return Object.fromEntries(Object.entries(items).map(([key, item]) => [key, project(item)]));
  }
}

function mayHoldLabels(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
