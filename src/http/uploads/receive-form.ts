import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Response } from 'express';
import multer, { MulterError } from 'multer';
import { OpenEOError } from '../../base/errors';
import { fileErrorCode, translateFileError } from '../../store/objects/disk-errors';
import type { ApiRequest } from '../route';
import { ClientGone } from '../signal';
import { boundedStorage } from './bounded-storage';

export interface ReceivedFile {
  readonly path: string;
  /** As it was sent; more than the limit: it was not kept. */
  readonly size: number;
}

export interface ReceivedForm {
  /** The text of the field `metadata`. */
  readonly metadata: string;
  /** The fields `files`, in their order. */
  readonly files: readonly ReceivedFile[];
}

export interface FormLimits {
  /** Where the files lie while they are looked at. */
  readonly folder: string;
  /** Of one file. */
  readonly maxBytes: number;
}

const abandonedAfterMs = 24 * 60 * 60 * 1000;
const maxFiles = 100;
const maxMetadataBytes = 1024 * 1024;

/** What callers see of the errors of reading a form. @param code for what is wrong with the form itself */
export function translateFormError(
  error: unknown,
  request: ApiRequest,
  code: 'TileInvalid' | 'AssetInvalid',
): unknown {
  if (error instanceof MulterError)
    return new OpenEOError(code, { reason: `the form has a fault: ${error.message}.` }, { cause: error });
  if (request.context.signal.aborted) return new ClientGone();
  if (fileErrorCode(error) !== '') return translateFileError(error);
  // busboy tells of what it cannot read in errors without a class.
  if (error instanceof Error && !(error instanceof TypeError))
    return new OpenEOError(code, { reason: `the form is broken: ${error.message}.` }, { cause: error });
  return error;
}

/** A new folder for the files of one form. */
export async function makeFormFolder(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    return await mkdtemp(join(parent, 'form-'));
  } catch (error) {
    throw translateFileError(error);
  }
}

/** Removes what a server that was killed left in the folder of uploads; younger ones may be another server's. */
export async function removeAbandonedForms(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const stats = await stat(path).catch(() => undefined);
    if (stats && Date.now() - stats.mtimeMs > abandonedAfterMs)
      await rm(path, { recursive: true, force: true });
  }
}

/**
 * Receives a form of one field `metadata` and files named `files`, hands it to `work`, and removes the files.
 * @throws OpenEOError `ContentTypeInvalid`, `TileInvalid`, `StorageFailure`; what `work` throws
 */
export async function receiveForm<T>(
  request: ApiRequest,
  response: Response,
  { folder: parent, maxBytes }: FormLimits,
  work: (form: ReceivedForm) => Promise<T>,
): Promise<T> {
  const type = request.headers['content-type'] ?? '(none)';
  if (!/^multipart\/form-data\s*;/i.test(type))
    throw new OpenEOError('ContentTypeInvalid', { type, types: 'multipart/form-data' });
  const folder = await makeFormFolder(parent);
  try {
    const receive = multer({
      storage: boundedStorage(folder, maxBytes),
      limits: { fields: 1, files: maxFiles, parts: maxFiles + 1, fieldSize: maxMetadataBytes },
    }).array('files');
    await new Promise<void>((resolve, reject) => {
      receive(request, response, (error: unknown) =>
        error ? reject(translateFormError(error, request, 'TileInvalid')) : resolve(),
      );
    });
    const metadata: unknown = (request.body as Record<string, unknown> | undefined)?.['metadata'];
    if (typeof metadata !== 'string')
      throw new OpenEOError('TileInvalid', { reason: 'the field metadata is missing.' });
    const files = (request.files ?? []) as readonly Express.Multer.File[];
    return await work({ metadata, files: files.map(({ path, size }) => ({ path, size })) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
