import type { Worker } from 'node:worker_threads';
import { OpenEOError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { type Priority, type Reading, type ReadRequest, Task } from './task';
import { PoolThread } from './thread';

const ranks: Readonly<Record<Priority, number>> = { tile: 2, result: 1, job: 0 };
const defaultIdleMs = 60_000;
const defaultUnresponsiveMs = 20_000;
/** Threads that end before they are ready, before the pool gives up. */
const maxFailedStarts = 3;

export interface PoolOptions {
  /** Threads at most; 0: none. */
  readonly count: number;
  readonly start: () => Worker;
  readonly logger: Logger;
  /** A thread without work ends after so long; default a minute. */
  readonly idleMs?: number;
  /** A thread that does not react to an abort for so long is ended; default 20 seconds. */
  readonly unresponsiveMs?: number;
  /** Resolves when there is memory for one more window, with the way to give it back. */
  readonly admit?: (signal: AbortSignal) => Promise<() => void>;
}

/**
 * Threads that read windows of cubes. They start when they are first needed, and until then windows are read by whoever
 * asks; they end when there is nothing to do. One that crashes is replaced, and its windows go to another, once.
 */
export class ReadPool {
  readonly #threads = new Set<PoolThread>();
  readonly #queue: Task[] = [];
  /** Runs that threads cannot repeat. */
  readonly #refused = new Set<number>();
  #lastId = 0;
  #failedStarts = 0;
  #isClosed = false;
  #pastReads = 0;

  constructor(private readonly options: PoolOptions) {}

  /** Windows that threads have read so far. */
  get reads(): number {
    return [...this.#threads].reduce((sum, { reads }) => sum + reads, this.#pastReads);
  }

  /** Threads that take windows now. */
  get size(): number {
    return [...this.#threads].filter(({ isReady }) => isReady).length;
  }

  /** Threads cannot be started here, so that everything is read by those who ask. */
  get isGivenUp(): boolean {
    return this.#failedStarts >= maxFailedStarts;
  }

  /** @internal For tests that end threads as a crash would. */
  get threads(): readonly PoolThread[] {
    return [...this.#threads];
  }

  /**
   * The block of a window, read by a thread; undefined where whoever asks must read it.
   * @throws the signal's reason; OpenEOError `ComputationLost`, `TooManyRequests`
   */
  async read(request: ReadRequest): Promise<Reading> {
    request.signal.throwIfAborted();
    if (this.#refused.has(request.run.id)) return undefined;
    this.#startMissing();
    if (this.size === 0 && request.isPatient) {
      await this.#anyReady(request.signal);
      request.signal.throwIfAborted();
    }
    if (this.size === 0) return undefined;
    const task = new Task(++this.#lastId, request, () => {
      const place = this.#queue.indexOf(task);
      if (place >= 0) this.#queue.splice(place, 1);
      for (const thread of this.#threads) thread.abort(task);
    });
    this.#enqueue(task);
    return task.result;
  }

  /** Starts all threads; resolves when they are ready or have failed. */
  async warm(): Promise<void> {
    this.#startMissing();
    await Promise.all([...this.#threads].map(({ ready }) => ready));
  }

  /** Resolves when a thread takes windows, one that was started has ended, or nobody waits any more. */
  async #anyReady(signal: AbortSignal): Promise<void> {
    if (this.#threads.size === 0) return;
    const left = Promise.withResolvers<void>();
    const leave = () => left.resolve();
    signal.addEventListener('abort', leave, { once: true });
    await Promise.race([left.promise, ...[...this.#threads].map(({ ready }) => ready)]);
    signal.removeEventListener('abort', leave);
  }

  /** Ends all threads. Windows under way are left to those who asked. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const task of this.#queue.splice(0)) task.succeed(undefined);
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }

  #startMissing(): void {
    while (this.#threads.size < this.options.count && !this.#isClosed) {
      const { start, admit, logger } = this.options;
      const { idleMs = defaultIdleMs, unresponsiveMs = defaultUnresponsiveMs } = this.options;
      this.#threads.add(
        new PoolThread(start(), {
          idleMs,
          unresponsiveMs,
          admit,
          onFree: () => this.#dispatch(),
          onRefused: (runId, reason) => {
            this.#refused.add(runId);
            logger.debug('A computation stays on the main thread', { reason });
          },
          onLost: (thread, tasks, error) => this.#lost(thread, tasks, error),
        }),
      );
    }
  }

  #enqueue(task: Task): void {
    const rank = ranks[task.request.priority];
    const place = this.#queue.findIndex(({ request }) => ranks[request.priority] < rank);
    this.#queue.splice(place < 0 ? this.#queue.length : place, 0, task);
    this.#dispatch();
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const [free] = [...this.#threads]
        .filter(({ isFree }) => isFree)
        .sort((one, other) => one.load - other.load);
      if (!free) return;
      void free.take(this.#queue.shift()!);
    }
  }

  #lost(thread: PoolThread, tasks: readonly Task[], error: unknown): void {
    const isOutOfMemory = (error as { code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
    this.#threads.delete(thread);
    this.#pastReads += thread.reads;
    if (error !== undefined) this.options.logger.error('A thread that computes pixels has failed', { error });
    this.#failedStarts = error === undefined || thread.wasReady ? 0 : this.#failedStarts + 1;
    if (this.isGivenUp) {
      this.options.logger.error('Threads cannot be started; everything is computed on the main thread');
      this.#isClosed = true;
    }
    for (const task of tasks.toReversed()) {
      if (task.isOver) continue;
      if (isOutOfMemory) this.#refused.add(task.request.run.id);
      if (this.#isClosed || isOutOfMemory) task.succeed(undefined);
      else if (++task.losses > 1) task.fail(new OpenEOError('ComputationLost'));
      else this.#queue.unshift(task);
    }
    if (this.#queue.length > 0) {
      this.#startMissing();
      this.#dispatch();
    }
    if (this.#isClosed) for (const task of this.#queue.splice(0)) task.succeed(undefined);
  }
}
