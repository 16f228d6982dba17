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
      return callRest(results, result, call, values.length);
    results.push(result);
  }
  return results;
}

async function callRest(
  results: unknown[],
  first: unknown,
  call: (index: number) => unknown,
  length: number,
): Promise<unknown[]> {
  results.push(await first);
  let begin = performance.now();
  while (results.length < length) {
    results.push(await call(results.length));
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
