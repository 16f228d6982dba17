import type { Block, Cube, Window } from './cube';
import { deriveCube } from './cube';
import { bytesOf } from './memory/sizes';
import { share } from './recycled';

/** How long an answer stays for readers that come a little later. */
const keepMs = 2000;
const defaultBudget = 64 * 1024 * 1024;

interface Shared {
  readonly promise: Promise<Block>;
  readonly controller: AbortController;
  waiting: number;
  bytes: number;
}

function keyOf(window: Window): string {
  const { grid } = window;
  const select = [...(window.select ?? [])]
    .map(([name, indices]) => [name, indices])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    grid && [grid.crs.id, grid.originX, grid.originY, grid.resX, grid.resY, grid.width, grid.height],
    select,
  ]);
}

/**
 * A cube that reads equal windows once: while one is being read, and for two seconds after. Readers must
 * not write into blocks. A read stops when all that wait for it have gone.
 * @param budgetBytes what finished blocks may take in memory; default 64 MiB.
 */
export function shareReads(cube: Cube, budgetBytes = defaultBudget): Cube {
  const shared = new Map<string, Shared>();
  let bytes = 0;

  const forget = (key: string, entry: Shared) => {
    if (shared.get(key) !== entry) return;
    shared.delete(key);
    bytes -= entry.bytes;
  };

  const start = (key: string, window: Window): Shared => {
    const controller = new AbortController();
    const entry: Shared = { promise: cube.read(window, controller.signal), controller, waiting: 0, bytes: 0 };
    shared.set(key, entry);
    entry.promise.then(
      (block) => {
        share(block.data);
        share(block.valid);
        if (shared.get(key) !== entry) return;
        entry.bytes = bytesOf(block);
        bytes += entry.bytes;
        for (const [oldest, other] of shared) {
          if (bytes <= budgetBytes) break;
          if (other.bytes > 0) forget(oldest, other);
        }
        setTimeout(() => forget(key, entry), keepMs).unref();
      },
      () => forget(key, entry),
    );
    return entry;
  };

  const read = (window: Window, signal: AbortSignal): Promise<Block> => {
    if (signal.aborted) return Promise.reject(signal.reason);
    const key = keyOf(window);
    const entry = shared.get(key) ?? start(key, window);
    entry.waiting++;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        reject(signal.reason);
        if (--entry.waiting > 0 || entry.bytes > 0) return;
        forget(key, entry);
        entry.controller.abort(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const settle =
        <T>(finish: (value: T) => void) =>
        (value: T) => {
          entry.waiting--;
          signal.removeEventListener('abort', onAbort);
          finish(value);
        };
      entry.promise.then(settle(resolve), settle(reject));
    });
  };
  const result = deriveCube(cube, { read });
  // Sharing changes nothing of what the cube is: its colours stay readable.
  return cube.indexed ? deriveCube(result, { indexed: cube.indexed }) : result;
}
