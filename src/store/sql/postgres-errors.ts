import { types } from 'node:util';
import { DatabaseError } from 'pg';
import { OpenEOError } from '../../base/errors';
import { storeUnavailable } from './unavailable';

/** SQLSTATEs of a server that is going down, coming up, full of connections, read-only after a failover, or too slow. */
const unavailable = /^(08|57|53[^1]|25006|55P03)/;

/**
 * Whether the database could not be reached, as opposed to having answered. pg's own errors about sockets,
 * timeouts and ended clients carry no class of their own; what is neither an answer nor a bug is one of them.
 */
export function isConnectionError(error: unknown): boolean {
  if (error instanceof DatabaseError) return unavailable.test(error.code ?? '');
  return types.isNativeError(error) && error.name !== 'TypeError' && error.name !== 'RangeError';
}

/** What callers of a store see of pg's errors; constraint violations and the like pass through. */
export function translatePostgresError(error: unknown): unknown {
  if (error instanceof OpenEOError) return error;
  if (isConnectionError(error)) return storeUnavailable(error);
  if (error instanceof DatabaseError && error.code === '53100')
    return new OpenEOError('StorageFailure', {}, { cause: error, status: 507 });
  // An index entry, hence an id, that is larger than a third of a page.
  if (error instanceof DatabaseError && error.code === '54000')
    return new OpenEOError('RequestInvalid', { reason: 'A name is too long.' }, { cause: error });
  return error;
}

/** Two transactions got in each other's way; nothing was changed, the same again will do. */
export function isRepeatable(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '40001' || error.code === '40P01');
}

/** Why a connection failed, in a few words for the log. Node tries several addresses and joins what went wrong. */
export function reasonOf(error: unknown): string {
  if (!types.isNativeError(error)) return String(error);
  if ('errors' in error && Array.isArray(error.errors)) return error.errors.map(reasonOf).join('; ');
  return error.message;
}
