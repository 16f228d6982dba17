import { setTimeout as sleep } from 'node:timers/promises';
import { isPassing, retryAfterMs } from './errors';

export interface RetryPolicy {
  /** Attempts in all. */
  readonly attempts: number;
  /** The first wait is up to so long; each further one up to twice the one before, at most `maxMs`. */
  readonly baseMs: number;
  readonly maxMs: number;
}

export const usualRetries: RetryPolicy = { attempts: 8, baseMs: 100, maxMs: 10_000 };

/**
 * Repeats what failed for a passing reason, after waits that grow and are random, so that many who failed together
 * do not return together. (The client's own retries have a budget that a bucket which fails often would exhaust.)
 * @param task receives the errors of the attempts before
 * @throws the last error, untranslated; the signal's reason
 */
export async function withRetries<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  task: (before: readonly unknown[]) => Promise<T>,
): Promise<T> {
  const errors: unknown[] = [];
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await task(errors);
    } catch (error) {
      signal?.throwIfAborted();
      errors.push(error);
      if (!isPassing(error) || errors.length >= policy.attempts) throw error;
      const longest = Math.min(policy.maxMs, policy.baseMs * 2 ** (errors.length - 1));
      const waitMs = Math.max(retryAfterMs(error), Math.random() * longest);
      await sleep(waitMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}
