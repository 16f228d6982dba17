import { types } from 'node:util';
import { v4 as uuid } from 'uuid';
import { OpenEOError } from '../base/errors';
import type { Logger } from '../base/logger';
import type { JobError } from '../store/records/jobs/types';
import type { RetryPolicy } from './job-type';

const longestDelayMs = 5 * 60_000;
/** What file systems, quotas, SQLite and PostgreSQL say when there is no room. */
const noRoom = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'SQLITE_FULL', '53100']);
/** Failures that may pass by themselves. */
const passing = new Set(['StoreUnavailable', 'StorageFailure', 'InfrastructureBusy', 'TooManyRequests']);

function* causes(error: unknown): Generator<Error> {
  for (let each = error, depth = 0; types.isNativeError(each) && depth < 10; each = each.cause, depth++)
    yield each;
}

/** There is no room for results: nobody's fault, and over when somebody makes room. */
export function isOutOfRoom(error: unknown): boolean {
  if (error instanceof OpenEOError && error.status === 507) return true;
  for (const each of causes(error))
    if (noRoom.has(String((each as { code?: unknown }).code)) || noRoom.has(each.name)) return true;
  return false;
}

/** Whether the same again may succeed. */
export function isPassing(error: unknown): boolean {
  return (
    error instanceof OpenEOError && (passing.has(error.code) || [429, 502, 503, 504].includes(error.status))
  );
}

/** How long to wait before the next try; undefined: there is none. @param failures so many tries failed before */
export function retryDelayMs(policy: RetryPolicy, failures: number): number | undefined {
  if (failures + 1 >= policy.attempts) return undefined;
  const delayMs = Math.min(longestDelayMs, policy.delayMs * 2 ** failures);
  return delayMs * (0.75 + Math.random() / 2);
}

/** What the owner reads; what is none of the owner's business goes to the server's log under an id. */
export function describeFailure(error: unknown, logger: Logger): JobError {
  if (error instanceof OpenEOError && error.code !== 'Internal')
    return { code: error.code, message: error.message };
  const id = uuid();
  logger.error('A job failed unexpectedly', { errorId: id, error });
  return { code: 'Internal', message: new OpenEOError('Internal').message, id };
}
