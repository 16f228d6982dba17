interface Flight<T> {
  readonly promise: Promise<T>;
  readonly controller: AbortController;
  waiters: number;
}

/** Work by key that is done once for all who ask while it runs, and given up when all of them have left. */
export class SharedWork<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** @param goesOn asked when the last one leaves: whether the work goes on for those who come later */
  constructor(private readonly goesOn: (reason: unknown) => boolean = () => false) {}

  /** Works that nobody waits for now. */
  get unattended(): number {
    return [...this.#flights.values()].filter(({ waiters }) => waiters === 0).length;
  }

  /**
   * @param work gets a signal that fires when nobody waits any more.
   * @throws the reason of `signal` when this caller leaves; what `work` throws.
   */
  async do(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#start(key, work);
    flight.waiters++;
    let onAbort: (() => void) | undefined;
    const left = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([flight.promise, left]);
    } finally {
      signal.removeEventListener('abort', onAbort!);
      flight.waiters--;
      const isAlone = flight.waiters === 0 && this.#flights.get(key) === flight;
      if (isAlone && !(signal.aborted && this.goesOn(signal.reason))) {
        this.#flights.delete(key);
        flight.controller.abort(signal.aborted ? signal.reason : undefined);
      }
    }
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const promise = work(controller.signal);
    // Waiters see the error; where all have left, nobody must.
    promise.catch(() => {});
    const flight: Flight<T> = { promise, controller, waiters: 0 };
    this.#flights.set(key, flight);
    const forget = () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    promise.then(forget, forget);
    return flight;
  }
}
