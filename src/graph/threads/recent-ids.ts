/** The ids that were used last. A thread and who talks to it keep one each, and so know what the other remembers. */
export class RecentIds {
  readonly #ids = new Set<number>();

  constructor(readonly capacity: number) {}

  /** @returns whether it was there, and the id that leaves for it */
  use(id: number): { readonly isKnown: boolean; readonly dropped?: number } {
    const isKnown = this.#ids.delete(id);
    this.#ids.add(id);
    if (this.#ids.size <= this.capacity) return { isKnown };
    const [dropped] = this.#ids;
    this.#ids.delete(dropped);
    return { isKnown, dropped };
  }

  forget(id: number): void {
    this.#ids.delete(id);
  }
}
