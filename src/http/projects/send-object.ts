import type { Response } from 'express';
import { OpenEOError } from '../../base/errors';
import type { ObjectStore } from '../../store/objects/types';
import { sendStored } from '../files/send';
import { storedObject } from '../files/stored-object';
import type { ApiRequest } from '../route';

const mediaTypes: ReadonlyMap<string, string> = new Map([
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['webp', 'image/webp'],
  ['avif', 'image/avif'],
  ['json', 'application/json'],
  ['dzi', 'application/xml'],
  ['xml', 'application/xml'],
  ['pmtiles', 'application/vnd.pmtiles'],
  ['mbtiles', 'application/vnd.mapbox-mbtiles'],
]);

/** Answers with an object below a folder. @throws OpenEOError `TileNotFound` */
export async function sendObject(
  request: ApiRequest,
  response: Response,
  objects: ObjectStore,
  {
    folder,
    path,
    cacheControl,
  }: { readonly folder: string; readonly path: string; readonly cacheControl: string },
): Promise<void> {
  response.set({
    'cache-control': cacheControl,
    'content-type': mediaTypes.get(path.split('.').at(-1) ?? '') ?? 'application/octet-stream',
  });
  const missing = (cause?: unknown) =>
    new OpenEOError('TileNotFound', { reason: `${path} is not there.` }, { cause });
  try {
    await sendStored(request, response, storedObject(objects, folder + path, missing));
  } catch (error) {
    // Nothing can have been stored there.
    if (error instanceof OpenEOError && error.code === 'FilePathInvalid') throw missing(error);
    throw error;
  }
}
