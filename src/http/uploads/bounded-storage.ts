import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request } from 'express';
import type { StorageEngine } from 'multer';
import { v4 as uuid } from 'uuid';

type FileInfo = Parameters<Parameters<StorageEngine['_handleFile']>[2]>[1];

/**
 * Writes the files of a form to a folder, each up to a number of bytes. Of a longer one the rest is read and
 * dropped, so that the other files of the form arrive; its `size` tells that it was too long.
 */
export function boundedStorage(folder: string, maxBytes: number): StorageEngine {
  async function receive(source: Express.Multer.File['stream']): Promise<FileInfo> {
    const path = join(folder, uuid());
    let size = 0;
    const bounded = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const isWithin = size <= maxBytes;
        size += chunk.length;
        done(null, isWithin && size <= maxBytes ? chunk : undefined);
      },
    });
    await pipeline(source, bounded, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
    return { path, size };
  }
  return {
    _handleFile(_request: Request, file, callback) {
      receive(file.stream).then((info) => callback(null, info), callback);
    },
    _removeFile(_request: Request, file, callback) {
      // The whole folder goes away with the request; a file that was never made is none to remove.
      rm(file.path ?? join(folder, 'none'), { force: true }).then(() => callback(null), callback);
    },
  };
}
