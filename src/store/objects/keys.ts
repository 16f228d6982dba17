import { OpenEOError } from '../../base/errors';

/** What file systems and S3 take: bytes of a segment, bytes of a key. */
const maxSegmentBytes = 255;
export const maxKeyBytes = 1024;

/** Names that a back-end keeps for itself at the top. */
export const reservedFolder = '.incoming';

function refuse(reason: string): never {
  throw new OpenEOError('FilePathInvalid', { reason });
}

/**
 * The segments of a key that every back-end can store. Unicode is kept as it is, never normalised.
 * @throws OpenEOError `FilePathInvalid` that says what is wrong
 */
export function keySegments(key: string): readonly string[] {
  if (key === '') refuse('it is empty.');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  if (/[\u0000-\u001f\u007f-\u009f]/.test(key)) refuse('it contains a control character.');
  if (!key.isWellFormed()) refuse('it is not valid Unicode.');
  if (key.includes('\\')) refuse('it contains a backslash; folders are separated by slashes.');
  if (Buffer.byteLength(key) > maxKeyBytes) refuse(`it is longer than ${maxKeyBytes} bytes.`);
  const segments = key.split('/');
  for (const segment of segments) {
    if (segment === '') refuse('it begins or ends with a slash, or two slashes follow each other.');
    if (segment === '.' || segment === '..') refuse('"." and ".." are not allowed.');
    if (Buffer.byteLength(segment) > maxSegmentBytes)
      refuse(`a name is longer than ${maxSegmentBytes} bytes.`);
  }
  if (segments[0] === reservedFolder) refuse(`names that begin with ${reservedFolder}/ are reserved.`);
  return segments;
}

/** The segments of a folder of keys, with or without a final slash; none for everything. */
export function folderSegments(prefix: string): readonly string[] {
  const folder = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return folder === '' && prefix.length < 2 ? [] : keySegments(folder);
}

const isSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;

/** Orders as S3 does: by UTF-8 bytes. (JavaScript's own order of strings differs beyond U+FFFF.) */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (one === other) continue;
    // Half of a character beyond U+FFFF, which comes after all others.
    if (isSurrogate(one) !== isSurrogate(other)) return isSurrogate(one) ? 1 : -1;
    return one - other;
  }
  return a.length - b.length;
}
