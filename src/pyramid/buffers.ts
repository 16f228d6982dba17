/** Buffers that are kept for further use; tiles are mostly of a few sizes. */
const maxFree = 32;

/** Lends memory for the pixels of tiles: making and collecting it would cost more than filling it. */
export class Buffers {
  readonly #free: Uint8Array[] = [];

  /** Memory with anything in it. */
  take(length: number): Uint8Array {
    const index = this.#free.findIndex((buffer) => buffer.length === length);
    return index < 0 ? new Uint8Array(length) : this.#free.splice(index, 1)[0];
  }

  giveBack(buffer: Uint8Array): void {
    if (this.#free.length < maxFree) this.#free.push(buffer);
  }
}
