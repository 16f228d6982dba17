/** Tells those who keep copies of tiles that the tile of a cell may be another one now. */
export class TileChanges {
  readonly #listeners = new Set<(locationHash: string | undefined) => void>();

  add(listener: (locationHash: string | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  /** @param locationHash undefined: perhaps any cell */
  tell(locationHash: string | undefined): void {
    for (const listener of this.#listeners) listener(locationHash);
  }
}
