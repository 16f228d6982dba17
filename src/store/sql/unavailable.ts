import { OpenEOError } from '../../base/errors';

/** The database cannot be used now; clients are told to come back in a few seconds. */
export function storeUnavailable(cause?: unknown): OpenEOError {
  return new OpenEOError('StoreUnavailable', {}, { cause, retryAfter: 5 });
}

export function isStoreUnavailable(error: unknown): error is OpenEOError {
  return error instanceof OpenEOError && error.code === 'StoreUnavailable';
}
