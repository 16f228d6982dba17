import { LRUCache } from 'lru-cache';
import { OpenEOError } from '../base/errors';

export interface AttemptLimits {
  /** Failures in a row before waiting begins. */
  readonly burst: number;
  /** How long one failure counts. */
  readonly refillMs: number;
}

interface Bucket {
  level: number;
  checkedMs: number;
}

/** Slows down guessing: a leaky bucket of failures per key. Successes cost nothing. */
export class Attempts {
  readonly #buckets: LRUCache<string, Bucket>;

  constructor(
    readonly limits: AttemptLimits,
    readonly now: () => number = Date.now,
  ) {
    this.#buckets = new LRUCache({ max: 50_000 });
  }

  /** @throws OpenEOError `TooManyRequests` with the time to wait */
  check(key: string): void {
    const { burst, refillMs } = this.limits;
    const level = this.#leak(key)?.level ?? 0;
    if (level + 1 <= burst) return;
    const seconds = Math.ceil(((level + 1 - burst) * refillMs) / 1000);
    throw new OpenEOError('TooManyRequests', { seconds }, { retryAfter: seconds });
  }

  fail(key: string): void {
    const bucket = this.#leak(key);
    if (bucket) bucket.level++;
    else this.#buckets.set(key, { level: 1, checkedMs: this.now() });
  }

  #leak(key: string): Bucket | undefined {
    const bucket = this.#buckets.get(key);
    if (!bucket) return undefined;
    const now = this.now();
    bucket.level = Math.max(0, bucket.level - (now - bucket.checkedMs) / this.limits.refillMs);
    bucket.checkedMs = now;
    return bucket;
  }
}
