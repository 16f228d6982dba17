interface Waiter {
  start(): void;
}

/** Runs so many tasks at once. The others wait by owner, and owners take turns: who brings many waits for himself. */
export class FairLimiter {
  #running = 0;
  /** The owner whose turn it is comes first; those with nothing to wait for are not in it. */
  readonly #waiting = new Map<string, Waiter[]>();

  constructor(readonly concurrency: number) {}

  /**
   * @param owner equal for tasks that wait for each other in the order of their arrival
   * @throws what the task throws; the signal's reason when it fires while waiting
   */
  async run<T>(owner: string, task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#running >= this.concurrency) await this.#wait(owner, signal);
    else this.#running++;
    try {
      return await task();
    } finally {
      const next = this.#next();
      if (next) next.start();
      else this.#running--;
    }
  }

  #next(): Waiter | undefined {
    for (const [owner, queue] of this.#waiting) {
      const waiter = queue.shift();
      this.#waiting.delete(owner);
      if (queue.length > 0) this.#waiting.set(owner, queue);
      return waiter;
    }
    return undefined;
  }

  #wait(owner: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const queue = this.#waiting.get(owner) ?? [];
      const onAbort = () => {
        queue.splice(queue.indexOf(waiter), 1);
        if (queue.length === 0) this.#waiting.delete(owner);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        start: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      queue.push(waiter);
      this.#waiting.set(owner, queue);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
