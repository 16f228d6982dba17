import { setImmediate } from 'node:timers/promises';
import type { Arguments, Callback } from '../../graph/types';
import { elements, labelsOf } from '../../kernel/elements';
import { arrayItems, constant, type Operand } from '../../kernel/operands';

/** How long elements follow each other before other requests get their turn. */
const sliceMs = 10;

/**
 * What a callback of `x`, `index`, `label` and `context` gives for each element of `data`, one after the other;
 * at once where the callback answers at once and there is little to do.
 */
export function callEach(
  { data, context = null }: Arguments,
  callback: Callback,
): unknown[] | Promise<unknown[]> {
  const values = elements(data);
  const labels = labelsOf(data);
  const call = (index: number): unknown => {
    const own = { x: values[index] ?? null, index, label: labels?.[index] ?? null, context };
    return callback.invoke ? callback.invoke(own) : callback.call(own);
  };
  const results: unknown[] = [];
  const begin = performance.now();
  for (let index = 0; index < values.length; index++) {
    const result = call(index);
    if (result instanceof Promise || performance.now() - begin > sliceMs)
      return callRest(results, result, { call, callback, length: values.length });
    results.push(result);
    const room = callback.keep?.(result);
    if (room) return room.then(() => callRest(results, undefined, { call, callback, length: values.length }));
  }
  return results;
}

interface Calls {
  readonly call: (index: number) => unknown;
  readonly callback: Callback;
  readonly length: number;
}

/** @param first what the next element has given already; undefined: nothing */
async function callRest(
  results: unknown[],
  first: unknown,
  { call, callback, length }: Calls,
): Promise<unknown[]> {
  let begin = performance.now();
  let begun = first;
  while (results.length < length) {
    const result = await (begun === undefined ? call(results.length) : begun);
    begun = undefined;
    results.push(result);
    const room = callback.keep?.(result);
    if (room) await room;
    if (performance.now() - begin < sliceMs) continue;
    await setImmediate();
    begin = performance.now();
  }
  return results;
}

/** The same in a kernel; undefined where there is none. */
export function inlineEach(args: ReadonlyMap<string, Operand>, callback: string): Operand[] | undefined {
  const data = arrayItems(args.get('data'));
  const graph = args.get(callback);
  if (!data || graph?.kind !== 'callback') return undefined;
  const results: Operand[] = [];
  for (const [index, x] of data.items.entries()) {
    const own = new Map<string, Operand>([
      ['x', x],
      ['index', constant(index)],
      ['label', constant(data.labels?.[index] ?? null)],
      ['context', args.get('context') ?? constant(null)],
    ]);
    const result = graph.inline(own);
    if (!result) return undefined;
    results.push(result);
  }
  return results;
}
