import { OpenEOError } from '../../base/errors';

/** An upload that counts against the quota while it runs. */
export interface Reservation {
  /** @throws OpenEOError `StorageQuotaExceeded` when so many more bytes would exceed the quota */
  grow(bytes: number): void;
  /** The upload is stored; it takes the place of what the key held before. */
  commit(): void;
  /** Gives back what is not committed. Call it in any case at the end. */
  end(): void;
}

/**
 * What one user stores and uploads, for as long as uploads run. A key counts with the larger of what it
 * holds and what is being uploaded to it, so that the quota holds whichever uploads succeed, in any order.
 */
export class Ledger {
  readonly #stored: Map<string, number>;
  readonly #uploading = new Map<string, number>();
  #total = 0;
  #running = 0;

  constructor(
    stored: Iterable<readonly [key: string, bytes: number]>,
    readonly quotaBytes: number,
  ) {
    this.#stored = new Map(stored);
    for (const bytes of this.#stored.values()) this.#total += bytes;
  }

  /** Uploads that have not ended. */
  get running(): number {
    return this.#running;
  }

  reserve(key: string): Reservation {
    let own = 0;
    let isOver = false;
    this.#running++;
    return {
      grow: (bytes) => {
        this.#change(key, () => this.#addUploading(key, bytes));
        own += bytes;
        if (this.#total <= this.quotaBytes) return;
        this.#change(key, () => this.#addUploading(key, -bytes));
        own -= bytes;
        throw new OpenEOError('StorageQuotaExceeded', { quota: `${this.quotaBytes} bytes` });
      },
      commit: () => {
        this.#change(key, () => {
          this.#addUploading(key, -own);
          this.#stored.set(key, own);
        });
        own = 0;
      },
      end: () => {
        if (isOver) return;
        isOver = true;
        this.#running--;
        this.#change(key, () => this.#addUploading(key, -own));
      },
    };
  }

  remove(key: string): void {
    this.#change(key, () => this.#stored.delete(key));
  }

  #addUploading(key: string, bytes: number): void {
    const sum = (this.#uploading.get(key) ?? 0) + bytes;
    if (sum > 0) this.#uploading.set(key, sum);
    else this.#uploading.delete(key);
  }

  #change(key: string, apply: () => void): void {
    this.#total -= this.#weight(key);
    apply();
    this.#total += this.#weight(key);
  }

  #weight(key: string): number {
    return Math.max(this.#stored.get(key) ?? 0, this.#uploading.get(key) ?? 0);
  }
}
