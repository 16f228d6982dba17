import { OpenEOError } from '../../base/errors';

const maxSegmentBytes = 200;
const maxPathBytes = 800;
// Control characters, and what the standard excludes.
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the purpose
const forbidden = /[\u0000-\u001f\u007f\\:'"]/;

/**
 * The path of a user's file, checked and in Unicode's composed form, so that a name is the same file
 * whichever system sent it.
 * @param path decoded, relative to the user's root
 * @throws OpenEOError `FilePathInvalid`
 */
export function parseFilePath(path: string): string {
  const refuse = (reason: string): never => {
    throw new OpenEOError('FilePathInvalid', { reason });
  };
  const plain = path.normalize('NFC');
  if (plain === '') refuse('it is empty');
  if (forbidden.test(plain)) refuse('it has control characters, quotes, colons or backslashes');
  if (!plain.isWellFormed()) refuse('it is not valid Unicode');
  if (Buffer.byteLength(plain) > maxPathBytes) refuse(`it is longer than ${maxPathBytes} bytes`);
  for (const segment of plain.split('/')) {
    if (segment === '') refuse('it has an empty folder or file name');
    if (segment === '.' || segment === '..') refuse('"." and ".." are not allowed');
    if (Buffer.byteLength(segment) > maxSegmentBytes)
      refuse(`a name is longer than ${maxSegmentBytes} bytes`);
  }
  return plain;
}

/** `a/b/c.txt` → `a`, `a/b` */
export function parentFolders(path: string): string[] {
  const segments = path.split('/');
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'));
}
