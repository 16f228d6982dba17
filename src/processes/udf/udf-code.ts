import { OpenEOError } from '../../base/errors';
import type { ProcessContext } from '../context';
import { readWorkspaceFile } from '../workspace-file';

/** More is no code that a person wrote. */
const maxBytes = 1024 * 1024;

const loaded = new WeakMap<object, Map<string, Promise<string>>>();

/**
 * The source code of a UDF: text of several lines is code itself, an address is fetched, all else is the path of a
 * file of the user. Each is loaded once per run.
 * @throws OpenEOError `FileNotFound`, `AuthenticationRequired`, `HostNotAllowed`, `SourceUnreadable`
 */
export function loadCode(udf: string, context: ProcessContext): string | Promise<string> {
  if (/[\r\n]/.test(udf)) return udf;
  const { session } = context.udf;
  const known = loaded.get(session) ?? new Map<string, Promise<string>>();
  loaded.set(session, known);
  const found = known.get(udf);
  if (found) return found;
  const loading = load(udf, context);
  known.set(udf, loading);
  return loading;
}

async function load(udf: string, context: ProcessContext): Promise<string> {
  const { http, signal } = context;
  const bytes = /^https?:\/\//i.test(udf)
    ? (await http.bytes(udf, { maxBytes, signal })).bytes
    : await readWorkspaceFile(udf, maxBytes, context).catch((error) => {
        throw withHint(error, udf);
      });
  return new TextDecoder().decode(bytes);
}

/** Code in a single line is a path to the standard. */
function withHint(error: unknown, udf: string): unknown {
  if (!(error instanceof OpenEOError) || error.code !== 'FileNotFound' || !/[({]/.test(udf)) return error;
  const message = `${error.message} Source code needs at least one line break to be told from a path.`;
  return new OpenEOError('FileNotFound', error.details, { message, cause: error });
}
