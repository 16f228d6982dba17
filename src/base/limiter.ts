import { OpenEOError } from './errors';

interface Waiter {
  start(): void;
  readonly priority: number;
}

/** Runs so many tasks at once and lets so many wait; further ones are refused at once. */
export class Limiter {
  #running = 0;
  readonly #waiting: Waiter[] = [];

  constructor(
    readonly concurrency: number,
    readonly maxWaiting = Number.POSITIVE_INFINITY,
  ) {}

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * @param options.priority larger goes first; equal ones in order of arrival.
   * @throws OpenEOError `TooManyRequests` when the queue is full; the signal's reason when it fires while waiting.
   */
  async run<T>(
    task: () => Promise<T>,
    options: { signal?: AbortSignal; priority?: number } = {},
  ): Promise<T> {
    options.signal?.throwIfAborted();
    if (this.#running >= this.concurrency) await this.#wait(options.signal, options.priority ?? 0);
    else this.#running++;
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next.start();
      else this.#running--;
    }
  }

  #wait(signal: AbortSignal | undefined, priority: number): Promise<void> {
    if (this.#waiting.length >= this.maxWaiting)
      throw new OpenEOError('TooManyRequests', { seconds: 5 }, { retryAfter: 5 });
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        priority,
        start: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const position = this.#waiting.findIndex((other) => other.priority < priority);
      this.#waiting.splice(position < 0 ? this.#waiting.length : position, 0, waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}
