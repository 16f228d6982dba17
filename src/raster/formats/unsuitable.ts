import { ProcessException } from '../../base/errors';

/** The exception of `save_result` and of what loads files: the data and the format don't go together. */
export function unsuitable(reason: string, cause?: unknown): ProcessException {
  return new ProcessException('FormatUnsuitable', reason, { cause });
}
