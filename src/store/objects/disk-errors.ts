import { types } from 'node:util';
import { OpenEOError } from '../../base/errors';

/** The code of a file system error, `` for others. */
export function fileErrorCode(error: unknown): string {
  return types.isNativeError(error) && 'syscall' in error && 'code' in error ? String(error.code) : '';
}

/** There is nothing at this path: also where a folder of it is a file, or where it is a symbolic link. */
export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(fileErrorCode(error));
}

/** No room on the disk, none left of the quota, and a file that may not grow. */
const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What callers see of the file system's errors; others pass through. The cause, with its path, is for the log. */
export function translateFileError(error: unknown): unknown {
  const code = fileErrorCode(error);
  if (code === '') return error;
  if (code === 'ENAMETOOLONG')
    return new OpenEOError('FilePathInvalid', { reason: 'it is too long.' }, { cause: error });
  return new OpenEOError('StorageFailure', {}, { cause: error, status: fullCodes.has(code) ? 507 : 500 });
}
