import { LabeledArray } from '../graph/types';
import type { NumericArray } from '../raster/cube';

/** What travels between the host and a sandbox: JSON text, and the bytes of typed arrays that it refers to. */
export interface Message {
  readonly text: string;
  readonly buffers: readonly ArrayBuffer[];
}

/** A data cube as UDFs see it. */
export class UdfCube {
  constructor(
    readonly dimensions: readonly Readonly<Record<string, unknown>>[],
    readonly values: NumericArray | readonly unknown[],
    readonly valid?: NumericArray | readonly unknown[],
  ) {}
}

/** A sandbox sent something that its prelude does not send: a UDF changed what it is made of. */
export class UdfResultInvalid extends Error {}

/** JSON can be nested deeper than functions may call each other. */
const maxDepth = 300;

const views = new Map(
  [
    Float64Array,
    Float32Array,
    Int32Array,
    Uint32Array,
    Int16Array,
    Uint16Array,
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
  ].map((view) => [view.name, view] as const),
);

/** One call of a UDF: its data and its context. */
export type Call = readonly [data: unknown, context: unknown];

/**
 * Writes calls down for a sandbox; equal contexts are sent once.
 * @throws UdfResultInvalid for what is no data (an opaque handle, a process)
 */
export function writeCalls(calls: readonly Call[]): Message {
  const buffers: ArrayBuffer[] = [];
  const contexts = new Map<unknown, number>();
  const written = calls.map(([data, context]) => {
    const index = contexts.get(context) ?? contexts.size;
    contexts.set(context, index);
    return [encode(data, buffers, 0), index];
  });
  const text = JSON.stringify({
    contexts: [...contexts.keys()].map((context) => encode(context, buffers, 0)),
    calls: written,
  });
  return { text, buffers };
}

function encode(value: unknown, buffers: ArrayBuffer[], depth: number): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $: String(value) };
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (value === null || value === undefined) return null;
  if (typeof value !== 'object') throw new UdfResultInvalid(`a ${typeof value} is no data.`);
  if (depth > maxDepth) throw new UdfResultInvalid(`it is nested more than ${maxDepth} levels deep.`);
  const next = (item: unknown) => encode(item, buffers, depth + 1);
  if (Array.isArray(value)) return value.map(next);
  if (value instanceof LabeledArray)
    return { $: 'labeled', labels: next(value.labels), values: next(value.values) };
  if (value instanceof UdfCube) {
    const { dimensions, values, valid } = value;
    return { $: 'cube', dimensions: next(dimensions), values: next(values), valid: next(valid) };
  }
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    buffers.push((buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength));
    return { $: 'buffer', type: value.constructor.name, index: buffers.length - 1 };
  }
  if (value instanceof Date) return value.toISOString();
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another realm are plain, too; objects of our classes never are.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw new UdfResultInvalid('it is no data that a UDF can read.');
  const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, next(item)]));
  return Object.hasOwn(copy, '$') ? { $: 'object', value: copy } : copy;
}

/** Reads what the calls returned. @throws UdfResultInvalid for everything that {@link writeCalls} would not write. */
export function readResults({ text, buffers }: Message, count: number): unknown[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UdfResultInvalid('its result is not readable.');
  }
  if (!Array.isArray(json) || json.length !== count)
    throw new UdfResultInvalid('its result is not readable.');
  return json.map((value) => decode(value, buffers, 0));
}

function decode(value: unknown, buffers: readonly ArrayBuffer[], depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > maxDepth) throw new UdfResultInvalid(`its result is nested more than ${maxDepth} levels deep.`);
  const next = (item: unknown) => decode(item, buffers, depth + 1);
  if (Array.isArray(value)) return value.map(next);
  const tagged = value as Readonly<Record<string, unknown>>;
  switch (Object.hasOwn(tagged, '$') ? tagged['$'] : 'plain') {
    case 'NaN':
      return Number.NaN;
    case 'Infinity':
      return Number.POSITIVE_INFINITY;
    case '-Infinity':
      return Number.NEGATIVE_INFINITY;
    case 'object':
      return decodeEntries(tagged['value'], next);
    case 'labeled':
      return decodeLabeled(tagged, next);
    case 'buffer':
      return decodeView(tagged, buffers);
    case 'cube': {
      const dimensions = next(tagged['dimensions']);
      if (
        !Array.isArray(dimensions) ||
        !dimensions.every((item) => typeof item === 'object' && item !== null)
      )
        throw new UdfResultInvalid('the dimensions of its cube are no array of objects.');
      return new UdfCube(dimensions, valuesOf(next(tagged['values'])), optional(next(tagged['valid'])));
    }
    case 'plain':
      return decodeEntries(tagged, next);
    default:
      throw new UdfResultInvalid('its result is not readable.');
  }
}

/** Entries instead of assignments: a key such as `__proto__` stays a key. */
function decodeEntries(value: unknown, next: (item: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null) throw new UdfResultInvalid('its result is not readable.');
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, next(item)]));
}

function decodeLabeled(tagged: Readonly<Record<string, unknown>>, next: (item: unknown) => unknown) {
  const labels = next(tagged['labels']);
  const values = next(tagged['values']);
  if (!Array.isArray(labels) || !Array.isArray(values) || labels.length !== values.length)
    throw new UdfResultInvalid('it returns an array with more or fewer labels than values.');
  if (!labels.every((label) => typeof label === 'string' || typeof label === 'number'))
    throw new UdfResultInvalid('it returns an array whose labels are not all texts or numbers.');
  return new LabeledArray(labels, values);
}

function decodeView(
  tagged: Readonly<Record<string, unknown>>,
  buffers: readonly ArrayBuffer[],
): NumericArray {
  const view = views.get(String(tagged['type']));
  const buffer = buffers[Number(tagged['index'])];
  if (!view || !buffer || buffer.byteLength % view.BYTES_PER_ELEMENT !== 0)
    throw new UdfResultInvalid('its result is not readable.');
  return new view(buffer);
}

function valuesOf(value: unknown): NumericArray | unknown[] {
  if (Array.isArray(value)) return value;
  if (ArrayBuffer.isView(value)) return value as NumericArray;
  throw new UdfResultInvalid('the values of its cube are neither an array nor a typed array.');
}

function optional(value: unknown): NumericArray | unknown[] | undefined {
  return value === undefined || value === null ? undefined : valuesOf(value);
}
