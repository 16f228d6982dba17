import type { Logger } from '../../base/logger';
import { startThread } from '../../base/thread';
import type { MemoryBudget } from '../../raster/memory/budget';
import { Peers, type SharedBlocks } from './peers';
import { ReadPool } from './pool';

/** What a thread is started with. */
export interface ThreadSettings {
  readonly allowedHosts: readonly string[];
  /** For decoded blocks. */
  readonly cacheBytes: number;
  /** Values of one window of a collection. */
  readonly maxValues: number;
  /** For pixels of all windows that it has at one time. */
  readonly memoryBytes: number;
  /** What it has in common with the threads that it exchanges blocks with; see BlockExchange. */
  readonly blocks?: SharedBlocks;
}

/** What threads that compute pixels have themselves; the rest of a context is recorded for them. */
export const liveInThreads: ReadonlySet<string> = new Set(['signal', 'logger', 'raster', 'memory']);

/** The part of decoded blocks that threads keep together, where there are threads. */
export const threadsCacheShare = 0.25;

/**
 * The heap of a thread, which bounds the array buffers that pile up unused as well: V8 counts them with the heap. It
 * holds processes and the run of a large graph; a thread that needs more leaves its windows to the main thread.
 */
const heapMiB = 256;

/** The threads that compute pixels. What they compute at one time is lent to them from the budget of all. */
export function startThreads(options: {
  readonly count: number;
  /** The program of a thread, without its ending. */
  readonly file: string;
  readonly memory: MemoryBudget;
  /** For decoded blocks of the whole program. */
  readonly cacheBytes: number;
  readonly settings: Pick<ThreadSettings, 'allowedHosts' | 'maxValues'>;
  readonly logger: Logger;
}): ReadPool {
  const { count, file, memory, cacheBytes, logger } = options;
  // Half of the budget is for all windows but the oldest, see MemoryBudget; each thread has two at a time.
  const windowBytes = Math.floor(memory.windowBytes / (2 * count + 1));
  const settings: ThreadSettings = {
    ...options.settings,
    cacheBytes: count === 0 ? 0 : Math.floor((cacheBytes * threadsCacheShare) / count),
    memoryBytes: 2 * windowBytes,
  };
  const peers = new Peers();
  return new ReadPool({
    count,
    logger,
    start: () =>
      peers.start((blocks) => {
        const workerData: ThreadSettings = { ...settings, ...(blocks && { blocks }) };
        return startThread(file, { workerData, resourceLimits: { maxOldGenerationSizeMb: heapMiB } });
      }),
    admit: (signal) => memory.borrow(windowBytes, signal),
  });
}
