/** Counts who holds what: a thing is held until the last of its holders has let go. */
export class Holds {
  readonly #counts = new Map<string, number>();

  has(key: string): boolean {
    return this.#counts.has(key);
  }

  /** @returns what lets go, once, and tells whether nobody holds the thing any more */
  add(key: string): () => boolean {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    let isHeld = true;
    return () => {
      if (isHeld) {
        isHeld = false;
        const left = (this.#counts.get(key) ?? 1) - 1;
        if (left > 0) this.#counts.set(key, left);
        else this.#counts.delete(key);
      }
      return !this.#counts.has(key);
    };
  }
}
