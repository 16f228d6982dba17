import { types } from 'node:util';
import { OpenEOError } from '../../../base/errors';

/** Names of errors that come with a status that says nothing about trying again. */
const passing = new Set([
  'BadDigest',
  'ConditionalRequestConflict',
  'OperationAborted',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'SlowDown',
  'TimeoutError',
]);

interface S3Error extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** The HTTP status of an answer that an error stands for, 0 where there was none. */
export function statusOf(error: unknown): number {
  return types.isNativeError(error) ? ((error as S3Error).$metadata?.httpStatusCode ?? 0) : 0;
}

function nameOf(error: unknown): string {
  return types.isNativeError(error) ? error.name : '';
}

/** There is no such object; a missing bucket is something else. HEAD answers have no body that could tell. */
export function isNoSuchKey(error: unknown): boolean {
  return statusOf(error) === 404 && nameOf(error) !== 'NoSuchBucket';
}

/** The object is there although it should not be. */
export function isPreconditionFailed(error: unknown): boolean {
  return statusOf(error) === 412;
}

/** The server does not know what was asked of it. */
export function isNotImplemented(error: unknown): boolean {
  return statusOf(error) === 501 || nameOf(error) === 'NotImplemented';
}

/** The network failed before there was a whole answer: whether the request took effect is not known. */
function isNetworkError(error: unknown): boolean {
  // The client wraps errors of the connection.
  for (let each = error; types.isNativeError(each); each = each.cause) {
    if (statusOf(each) !== 0) return false;
    const code = 'code' in each ? String(each.code) : '';
    if (/^E[A-Z_]+$/.test(code) || /socket hang up|TimeoutError/i.test(each.message)) return true;
  }
  return false;
}

/** Whether the same request may succeed a moment later. */
export function isPassing(error: unknown): boolean {
  const status = statusOf(error);
  if (passing.has(nameOf(error))) return true;
  if (isNotImplemented(error)) return false;
  return status === 429 || status >= 500 || isNetworkError(error) || isBrokenAnswer(error);
}

/** An answer that is no XML although it should be, or breaks off. */
function isBrokenAnswer(error: unknown): boolean {
  return statusOf(error) < 400 && types.isNativeError(error) && error instanceof SyntaxError;
}

/** Whether the request may have taken effect although it failed. */
export function isAmbiguous(error: unknown): boolean {
  return statusOf(error) >= 500 || statusOf(error) === 0 || nameOf(error) === 'RequestTimeout';
}

/** Milliseconds that the server asks to wait. */
export function retryAfterMs(error: unknown): number {
  const header = (error as S3Error).$response?.headers?.['retry-after'];
  const seconds = header === undefined ? 0 : Number(header);
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), 30) * 1000 : 0;
}

/** What callers see of S3's errors; others pass through. The cause is for the log. */
export function translateS3Error(error: unknown): unknown {
  if (error instanceof OpenEOError || !types.isNativeError(error)) return error;
  if (isPassing(error)) return new OpenEOError('StorageUnavailable', {}, { cause: error, retryAfter: 5 });
  if ('$metadata' in error || /^(CredentialsProvider|Provider|Tokenprovider)/i.test(error.name))
    return new OpenEOError('StorageFailure', {}, { cause: error });
  return error;
}
