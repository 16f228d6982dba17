import { setImmediate } from 'node:timers/promises';

const sliceMs = 10;

/**
 * Runs chunks of work one after the other, with a look at the signal before each. Short work is done at once;
 * longer work gives way to other events every few milliseconds, so that an abort can arrive at all.
 *
 * @throws the signal's reason when it is aborted.
 */
export function inChunks(
  count: number,
  chunk: number,
  signal: AbortSignal,
  work: (start: number, end: number) => void,
): void | Promise<void> {
  const from = (first: number): void | Promise<void> => {
    const begin = performance.now();
    for (let start = first; start < count; start += chunk) {
      signal.throwIfAborted();
      if (performance.now() - begin > sliceMs) return setImmediate().then(() => from(start));
      work(start, Math.min(count, start + chunk));
    }
  };
  return from(0);
}
