import { sourceName } from '../../base/addresses';
import { OpenEOError } from '../../base/errors';

/** The one error of files and addresses that can't be read; the message says what is wrong with them. */
export function unreadable(href: string, reason: string, cause?: unknown): OpenEOError {
  return new OpenEOError('SourceUnreadable', { source: sourceName(href), reason }, { cause });
}

/** Runs a step of reading; what it throws becomes `SourceUnreadable`, other than aborts and errors of ours. */
export async function reading<T>(
  href: string,
  signal: AbortSignal | undefined,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof OpenEOError) throw error;
    signal?.throwIfAborted();
    throw unreadable(href, describe(error), error);
  }
}

function describe(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'the server may not read it';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return typeof message === 'string' ? message : 'unknown failure';
  }
}
