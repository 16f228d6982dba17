import { OpenEOError } from './errors';

/**
 * Gives work the time that a synchronous request may take.
 * @param work gets a signal that fires with `signal`, and when the time is over
 * @throws the signal's reason; OpenEOError `RequestTimeout`; what `work` throws
 */
export async function withinSeconds<T>(
  seconds: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(
    () => deadline.abort(new OpenEOError('RequestTimeout', { seconds })),
    seconds * 1000,
  );
  const both = AbortSignal.any([signal, deadline.signal]);
  try {
    return await work(both);
  } catch (error) {
    // Whatever broke because of the abort, the abort is the reason.
    throw both.aborted ? both.reason : error;
  } finally {
    clearTimeout(timer);
  }
}
