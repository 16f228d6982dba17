import type { FileHandle } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { OpenEOError } from '../../base/errors';
import { translateFileError } from './disk-errors';
import type { PutOptions } from './types';

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    for (let offset = 0; offset < bytes.length; )
      offset += (await file.write(bytes, offset, bytes.length - offset)).bytesWritten;
  } catch (error) {
    throw translateFileError(error);
  }
}

/**
 * Writes a body to an open file. The stream is left as it is when the body is refused (its sender waits for an
 * answer); only an abort destroys it, because one that has stalled would never end.
 * @throws OpenEOError `FileSizeExceeded`, `StorageFailure`; the signal's reason; the stream's own error
 */
export async function writeBody(
  file: FileHandle,
  body: Readable | Uint8Array,
  { maxBytes = Number.POSITIVE_INFINITY, signal }: PutOptions,
): Promise<void> {
  signal?.throwIfAborted();
  let size = 0;
  const write = async (chunk: Uint8Array) => {
    size += chunk.length;
    if (size > maxBytes) throw new OpenEOError('FileSizeExceeded', { size: `${maxBytes} bytes` });
    await writeAll(file, chunk);
  };
  if (body instanceof Uint8Array) return write(body);
  if (signal) addAbortSignal(signal, body);
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false }))
      await write(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  } finally {
    signal?.throwIfAborted();
  }
}
