import { setTimeout as delay } from 'node:timers/promises';

/** A failure that may be over the next time. */
export class TransientError extends Error {
  override readonly name = 'TransientError';

  constructor(
    message: string,
    /** What the server asks to wait for. */
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What was asked for is refused; asking again is of no use. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';

  constructor(
    message: string,
    /** Of the answer; 0 where there was none. */
    readonly status: number,
    readonly code?: string,
  ) {
    super(message);
  }
}

export interface RetryOptions {
  /** Attempts after the first one. */
  readonly retries: number;
  /** Upper bound of the pause before the first repetition; it doubles with each. */
  readonly pauseMs: number;
  readonly signal: AbortSignal;
}

const longestPauseMs = 30_000;

/**
 * Does something again while it fails with a {@link TransientError}. The pauses are random below a bound that
 * doubles, so that clients do not come back in step, and never shorter than what the server asked for.
 * @throws the last error; others at once; the signal's reason
 */
export async function retrying<T>(
  work: () => Promise<T>,
  { retries, pauseMs, signal }: RetryOptions,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TransientError) || attempt >= retries) throw error;
      const bound = Math.min(longestPauseMs, pauseMs * 2 ** attempt);
      const wanted = Math.min(longestPauseMs, error.retryAfterMs ?? 0);
      await delay(Math.max(wanted, bound * (0.5 + Math.random() / 2)), undefined, { signal });
    }
  }
}

/** `Retry-After` in seconds or as a date. */
export function retryAfterMs(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\s*\d+\s*$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined;
}
