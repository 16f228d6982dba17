import { setImmediate } from 'node:timers/promises';

const sliceMs = 10;

let queue: Promise<unknown> = Promise.resolve();

/**
 * Resolves after other events have been looked at. Long works take their turns one by one: several at once keep others
 * waiting no longer than one does.
 */
export function nextTurn(): Promise<void> {
  const turn = queue.then(() => setImmediate());
  queue = turn;
  return turn;
}

let lastTurn = Number.NEGATIVE_INFINITY;

/**
 * For steps that belong to no one work, such as reads of many cubes one after another: gives way to other events where
 * nothing that does so has for a while. What is in memory is read without ever leaving the queue of promises.
 * @returns undefined where it is not yet time; it throws the signal's reason when that is aborted
 */
export function othersFirst(signal: AbortSignal): Promise<void> | undefined {
  const now = performance.now();
  if (now - lastTurn < sliceMs) return undefined;
  lastTurn = now;
  return nextTurn().then(() => {
    lastTurn = performance.now();
    signal.throwIfAborted();
  });
}

/**
 * For long work in steps: called between two steps it gives way to other events once the last time is a while ago,
 * so that others are served and an abort can arrive. In between it costs a look at the clock.
 *
 * ```ts
 * const rest = createPace(signal);
 * for (const step of steps) { work(step); await rest(); }
 * ```
 * @returns a function that resolves at once, or after other events; it throws the signal's reason when that is aborted
 */
export function createPace(signal: AbortSignal): () => Promise<void> | undefined {
  let since = performance.now();
  const giveWay = async () => {
    await nextTurn();
    signal.throwIfAborted();
    since = performance.now();
  };
  return () => (performance.now() - since < sliceMs ? undefined : giveWay());
}
