import { setImmediate } from 'node:timers/promises';
import { OpenEOError } from '../base/errors';
import { isThenable } from '../graph/thenable';
import { type Callback, LabeledArray } from '../graph/types';
import type { NumericArray } from '../raster/cube';
import type { CallbackInput, CallbackShape, Planes } from './types';

const sliceMs = 10;
/** Pixels whose callbacks answer later (user-defined functions) are asked for together. */
const maxPending = 1024;

/**
 * Calls the callback once per pixel. Slow, for what has no kernel, and the reference for what has.
 *
 * @throws what the callback throws; OpenEOError `ProcessGraphInvalid` when arrays of several lengths come back;
 *   the signal's reason when it is aborted.
 */
export async function runGeneral(
  callback: Callback,
  shape: CallbackShape,
  inputs: ReadonlyMap<string, Planes>,
  count: number,
  signal: AbortSignal,
): Promise<Planes> {
  const readers = [...shape.inputs].map(
    ([name, input]) => [name, reader(name, input, inputs.get(name), shape.missing)] as const,
  );
  const collected: unknown[][] = [];
  const call = callback.invoke ?? callback.call;
  for (let first = 0; first < count; ) {
    const begin = performance.now();
    const values: unknown[] = [];
    let isPending = false;
    try {
      do {
        signal.throwIfAborted();
        const args: Record<string, unknown> = Object.create(null);
        for (const [name, read] of readers) args[name] = read(first + values.length);
        const value = call(args, signal);
        isPending ||= isThenable(value);
        values.push(value);
      } while (
        first + values.length < count &&
        values.length < maxPending &&
        performance.now() - begin < sliceMs
      );
    } catch (error) {
      // Those that are still under way may fail as well; this is the error that counts.
      void Promise.allSettled(values);
      throw error;
    }
    const settled = isPending ? await Promise.all(values) : values;
    for (const value of settled) collect(collected, value, first++);
    if (!isPending && first < count) await setImmediate();
  }
  const isSingle = [...inputs.values()].every(({ data }) =>
    data.every((plane) => plane === undefined || plane.length === 0 || plane instanceof Float32Array),
  );
  const outputs = collected.map((values) => store(values, shape.missing, isSingle && inputs.size > 0));
  const valid = outputs.map((output) => output.valid);
  const data = outputs.map((output) => output.data);
  return valid.some(Boolean) ? { data, valid } : { data };
}

function reader(
  name: string,
  input: CallbackInput,
  planes: Planes | undefined,
  missing: 'nan' | 'mask',
): (pixel: number) => unknown {
  if (input.kind === 'value') return () => input.value;
  if (!planes) throw new TypeError(`The planes of ${name} are missing`);
  const pick = (element: number) => {
    const data = planes.data[element];
    const valid = planes.valid?.[element];
    const isBoolean = input.dataType === 'boolean';
    return (i: number): unknown => {
      const value = data[i];
      if (valid && valid[i] === 0) return null;
      if (missing === 'nan' && typeof value === 'number' && Number.isNaN(value)) return null;
      return isBoolean && typeof value === 'number' ? value !== 0 : value;
    };
  };
  if (input.kind === 'plane') return pick(0);
  const items = Array.from({ length: input.length }, (_, element) => pick(element));
  const { labels } = input;
  return (i) => {
    const values = items.map((item) => item(i));
    return labels ? new LabeledArray(labels, values) : values;
  };
}

function collect(collected: unknown[][], value: unknown, pixel: number): void {
  const items = value instanceof LabeledArray ? value.values : Array.isArray(value) ? value : [value];
  if (pixel === 0) for (let k = 0; k < items.length; k++) collected.push([]);
  if (items.length !== collected.length)
    throw new OpenEOError('ProcessGraphInvalid', {
      reason: `the callback gives ${collected.length} values at one pixel and ${items.length} at another`,
    });
  items.forEach((item, k) => {
    collected[k].push(item ?? null);
  });
}

function store(
  values: readonly unknown[],
  missing: 'nan' | 'mask',
  isSingle: boolean,
): { data: NumericArray | unknown[]; valid?: Uint8Array } {
  const types = new Set(values.map((value) => (value === null ? 'null' : typeof value)));
  const hasNull = types.delete('null');
  const others = [...types];
  const valid = hasNull ? Uint8Array.from(values, (value) => (value === null ? 0 : 1)) : undefined;
  if (others.length === 1 && others[0] === 'boolean')
    return { data: Uint8Array.from(values, (value) => (value === true ? 1 : 0)), valid };
  if (others.some((type) => type !== 'number' && type !== 'boolean')) return { data: [...values] };
  const numbers = isSingle ? new Float32Array(values.length) : new Float64Array(values.length);
  values.forEach((value, i) => {
    numbers[i] = value === null ? Number.NaN : Number(value);
  });
  return missing === 'nan' ? { data: numbers } : { data: numbers, valid };
}
