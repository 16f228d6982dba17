/** Buffers that are kept for further use. */
const maxFree = 32;

/** Lends memory for the pixels of tiles: making and collecting it would cost more than filling it. */
export class Buffers {
  readonly #free: ArrayBufferLike[] = [];

  /** Memory with anything in it. */
  take(length: number): Uint8Array {
    let best = -1;
    for (const [index, { byteLength }] of this.#free.entries())
      if (byteLength >= length && (best < 0 || byteLength < this.#free[best].byteLength)) best = index;
    const buffer = best < 0 ? new ArrayBuffer(length) : this.#free.splice(best, 1)[0];
    return new Uint8Array(buffer, 0, length);
  }

  /** @param taken which nobody uses any more */
  giveBack(taken: Uint8Array): void {
    if (this.#free.length < maxFree) this.#free.push(taken.buffer);
  }
}
