import { posix } from 'node:path';
import { OpenEOError } from '../base/errors';
import { RangedSource } from '../raster/bytes/ranged';
import { unreadable } from '../raster/bytes/unreadable';
import type { InputFile } from '../raster/formats/input/types';
import type { ProcessContext } from './context';

/**
 * The path of a user's file as a process graph may write it: `/folder/a.js`, `folder/a.js` and `./folder/a.js` are
 * the same.
 * @throws OpenEOError `FileNotFound` for paths out of the workspace
 */
export function workspacePath(path: string): string {
  const plain = posix.normalize(path.replace(/^\/+/, ''));
  if (plain === '.' || plain === '..' || plain.startsWith('../'))
    throw new OpenEOError('FileNotFound', { file: path });
  return plain;
}

/**
 * The whole of a user's file.
 * @throws OpenEOError `AuthenticationRequired`, `FileNotFound`, `FilePathInvalid`; `FileContentInvalid` for more than
 *   `maxBytes`
 */
export async function readWorkspaceFile(
  path: string,
  maxBytes: number,
  { openFile, signal }: Pick<ProcessContext, 'openFile' | 'signal'>,
): Promise<Uint8Array> {
  const plain = workspacePath(path);
  const { size, body } = await openFile(plain);
  if (size > maxBytes) {
    body.on('error', () => {}).destroy();
    throw new OpenEOError('FileContentInvalid', { reason: `${plain} has more than ${maxBytes} bytes.` });
  }
  const chunks: Buffer[] = [];
  for await (const chunk of body) {
    signal.throwIfAborted();
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/**
 * A user's file as input formats read it. It is named by its owner and version: the names of two users' files are
 * never the same.
 * @throws OpenEOError `AuthenticationRequired`, `FileNotFound`, `FilePathInvalid`
 */
export async function workspaceInput(
  path: string,
  { openFile }: Pick<ProcessContext, 'openFile'>,
): Promise<InputFile> {
  const name = workspacePath(path);
  const { owner, size, version, body } = await openFile(name, { start: 0, end: 0 });
  body.on('error', () => {}).destroy();
  const href = `workspace:${owner}/${version}/${name}`;
  const source = new RangedSource(href, version, (start, end) => openFile(name, { start, end }));
  return {
    name,
    href,
    source,
    size,
    async bytes(maxBytes) {
      if (size > maxBytes) throw unreadable(href, `it has ${size} bytes, and ${maxBytes} can be loaded`);
      return await source.read(0, size);
    },
  };
}
