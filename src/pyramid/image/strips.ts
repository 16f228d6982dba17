import { type RawImage, readRows } from './halve';

/** Strips that are kept although nobody looks at them now: those that are drawn from, and the next. */
const kept = 2;

interface Strip {
  readonly rows: Promise<Buffer>;
  users: number;
}

/**
 * Rows of tiles of an image, each read once while its tiles are cut. The buffers, which are large, are used again: making
 * and collecting them would cost more than reading.
 */
export class Strips {
  readonly #strips = new Map<string, Strip>();
  readonly #free: Buffer[] = [];

  /**
   * Lends the rows to a function, which must not keep them.
   * @param key identifies the rows
   */
  async use<T>(
    key: string,
    image: RawImage,
    first: number,
    count: number,
    take: (rows: Buffer) => T,
  ): Promise<T> {
    let strip = this.#strips.get(key);
    if (!strip) {
      const length = image.widthPx * image.channels * count;
      strip = { rows: readRows(image, first, count, this.#bufferOf(length)), users: 0 };
      this.#strips.set(key, strip);
    }
    strip.users++;
    try {
      return take(await strip.rows);
    } finally {
      strip.users--;
      this.#evict();
    }
  }

  #evict(): void {
    for (const [key, strip] of this.#strips) {
      if (this.#strips.size <= kept) return;
      if (strip.users > 0) continue;
      this.#strips.delete(key);
      strip.rows.then(
        (rows) => this.#free.length < kept && this.#free.push(rows),
        () => {},
      );
    }
  }

  #bufferOf(length: number): Buffer {
    const index = this.#free.findIndex((buffer) => buffer.length === length);
    return index < 0 ? Buffer.allocUnsafeSlow(length) : this.#free.splice(index, 1)[0];
  }
}
