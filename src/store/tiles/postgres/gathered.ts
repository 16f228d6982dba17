interface Pending<Item, Result> {
  readonly item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export interface GatheringOptions {
  /** How many calls are under way at the same time. */
  readonly concurrency: number;
  /** How many items a call takes at most. */
  readonly largest: number;
  /** Tells errors that every call would meet now from those that one item may be the cause of. */
  isOfAll(error: unknown): boolean;
}

/**
 * Items that come while others are on their way to the database go together with the next call: a round trip, the
 * start of a statement and its commit cost more than what is done for an item. Whoever comes alone waits for nobody.
 */
export class Gathered<Item, Result> {
  readonly #pending: Pending<Item, Result>[] = [];
  #calls = 0;
  #isStarting = false;

  /** @param call answers the results in the order of the items; what it throws holds for all of them. */
  constructor(
    readonly call: (items: readonly Item[]) => Promise<readonly Result[]>,
    readonly options: GatheringOptions,
  ) {}

  run(item: Item): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#pending.push({ item, resolve, reject });
      this.#start();
    });
  }

  #start(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    // Callers that were just answered ask again within this turn of the event loop.
    setImmediate(() => {
      this.#isStarting = false;
      while (this.#calls < this.options.concurrency && this.#pending.length > 0) {
        const group = this.#pending.splice(0, this.options.largest);
        this.#calls++;
        void this.#settle(group).finally(() => {
          this.#calls--;
          this.#start();
        });
      }
    });
  }

  async #settle(group: readonly Pending<Item, Result>[]): Promise<void> {
    try {
      const results = await this.call(group.map(({ item }) => item));
      for (const [index, { resolve }] of group.entries()) resolve(results[index]);
    } catch (error) {
      if (group.length === 1 || this.options.isOfAll(error)) for (const { reject } of group) reject(error);
      // Nobody pays for what another one's item did.
      else for (const one of group) await this.#settle([one]);
    }
  }
}
