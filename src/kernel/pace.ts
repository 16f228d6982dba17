import { nextTurn } from '../base/pace';

const sliceMs = 10;

/**
 * Works through pixels block by block, with a look at the signal before each. Short work is done at once; longer
 * work gives way to other events every few milliseconds, so that an abort can arrive and others are served.
 *
 * @throws the signal's reason when it is aborted.
 */
export function inBlocks(
  count: number,
  blockSize: number,
  signal: AbortSignal,
  work: (start: number, end: number) => void,
): undefined | Promise<void> {
  let start = 0;
  const slice = (): boolean => {
    const deadline = performance.now() + sliceMs;
    while (start < count && performance.now() < deadline) {
      if (signal.aborted) throw signal.reason;
      work(start, Math.min(count, start + blockSize));
      start += blockSize;
    }
    return start >= count;
  };
  signal.throwIfAborted();
  return slice() ? undefined : finish(slice);
}

async function finish(slice: () => boolean): Promise<void> {
  do await nextTurn();
  while (!slice());
}
