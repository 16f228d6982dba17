import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { boundedChunks } from './body';
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

/** Writes a body to an open file. @throws as `boundedChunks`; OpenEOError `StorageFailure` */
export async function writeBody(
  file: FileHandle,
  body: Readable | Uint8Array,
  options: PutOptions,
): Promise<void> {
  for await (const chunk of boundedChunks(body, options)) await writeAll(file, chunk);
}
