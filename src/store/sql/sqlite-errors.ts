import { types } from 'node:util';
import { OpenEOError } from '../../base/errors';
import { storeUnavailable } from './unavailable';

/** SQLite's code of an error, or an empty text for other errors. */
export function codeOf(error: unknown): string {
  const code = types.isNativeError(error) && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : '';
}

/** Another connection holds the lock: worth another try. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED');
}

/** What callers of a store see of SQLite's errors; constraint violations and our own errors pass through. */
export function translateSqliteError(error: unknown): unknown {
  const code = codeOf(error);
  if (isBusy(error)) return storeUnavailable(error);
  if (/^SQLITE_(FULL|IOERR|READONLY)/.test(code))
    return new OpenEOError(
      'StorageFailure',
      {},
      { cause: error, status: code === 'SQLITE_FULL' ? 507 : 500 },
    );
  if (/^SQLITE_(CANTOPEN|CORRUPT|NOTADB|PERM)/.test(code)) return storeUnavailable(error);
  return error;
}
