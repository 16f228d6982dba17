/**
 * Does at once what many ask for one by one: whoever asks while a batch is at work gets into the next one. A caller
 * alone is served at once; the more there are, the larger the batches, and the fewer their round trips.
 */
export class Batches<Item, Result> {
  #waiting: {
    readonly item: Item;
    readonly resolve: (result: Result) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  #isWorking = false;

  /**
   * @param work returns a result per item, in their order; what it throws, all who are in the batch get
   * @param most items of a batch
   */
  constructor(
    private readonly work: (items: readonly Item[]) => Promise<readonly Result[]>,
    private readonly most: number,
  ) {}

  do(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#isWorking) return;
      this.#isWorking = true;
      // Those whom the same event made ask belong together.
      setImmediate(() => void this.#workOn());
    });
  }

  async #workOn(): Promise<void> {
    const batch = this.#waiting.splice(0, this.most);
    try {
      const results = await this.work(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index]);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    this.#isWorking = this.#waiting.length > 0;
    if (this.#isWorking) setImmediate(() => void this.#workOn());
  }
}
