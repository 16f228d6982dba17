/**
 * Does work for the numbers from 0 to below `count`, a few at once. The first that fails stops the others.
 * @param work its signal fires with the given one, and where another part has failed
 * @throws what the first to fail throws; the signal's reason
 */
export async function someAtOnce(
  count: number,
  concurrency: number,
  signal: AbortSignal,
  work: (index: number, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  let next = 0;
  const follow = async () => {
    for (let index = next++; index < count; index = next++) {
      both.throwIfAborted();
      await work(index, both);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(count, concurrency) }, follow));
  } catch (error) {
    stop.abort(error);
    throw error;
  }
}
