import { rm } from 'node:fs/promises';
import type { Response } from 'express';
import multer from 'multer';
import { OpenEOError } from '../../base/errors';
import type { ApiRequest } from '../route';
import { boundedStorage } from './bounded-storage';
import { makeFormFolder, translateFormError } from './receive-form';

/** A file that was sent, in a folder of its own until the request ends. */
export interface ReceivedAsset {
  readonly path: string;
  readonly size: number;
  /** As it was called where it came from; of any length and letters. */
  readonly name: string;
  readonly mediaType: string;
  /** The field `asset_type`. */
  readonly assetType: string | undefined;
}

/**
 * Receives a form of one file and the field `asset_type`, hands it to `work`, and removes the file.
 * @throws OpenEOError `ContentTypeInvalid`, `AssetInvalid`, `FileSizeExceeded`, `StorageFailure`; what `work` throws
 */
export async function receiveAsset<T>(
  request: ApiRequest,
  response: Response,
  limits: { readonly folder: string; readonly maxBytes: number },
  work: (asset: ReceivedAsset) => Promise<T>,
): Promise<T> {
  const type = request.headers['content-type'] ?? '(none)';
  if (!/^multipart\/form-data\s*;/i.test(type))
    throw new OpenEOError('ContentTypeInvalid', { type, types: 'multipart/form-data' });
  const folder = await makeFormFolder(limits.folder);
  try {
    const receive = multer({
      storage: boundedStorage(folder, limits.maxBytes),
      limits: { fields: 10, files: 1, parts: 11, fieldSize: 1024 },
      defParamCharset: 'utf8',
    }).any();
    await new Promise<void>((resolve, reject) => {
      receive(request, response, (error: unknown) =>
        error ? reject(translateFormError(error, request, 'AssetInvalid')) : resolve(),
      );
    });
    const [file] = (request.files ?? []) as readonly Express.Multer.File[];
    if (!file) throw new OpenEOError('AssetInvalid', { reason: 'the form has no file.' });
    if (file.size > limits.maxBytes)
      throw new OpenEOError('FileSizeExceeded', { size: `${limits.maxBytes} bytes` });
    const assetType: unknown = (request.body as Record<string, unknown> | undefined)?.['asset_type'];
    return await work({
      ...{ path: file.path, size: file.size, name: file.originalname, mediaType: file.mimetype },
      assetType: typeof assetType === 'string' ? assetType : undefined,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
