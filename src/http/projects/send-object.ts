import type { Response } from 'express';
import { OpenEOError } from '../../base/errors';
import type { ObjectStore } from '../../store/objects/types';
import { sendBytes } from '../files/send';
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
  const key = folder + path;
  const missing = () => new OpenEOError('TileNotFound', { reason: `${path} is not there.` });
  const headers = () =>
    response.set({
      'cache-control': cacheControl,
      'content-type': mediaTypes.get(path.split('.').at(-1) ?? '') ?? 'application/octet-stream',
    });
  const isPlain = request.method === 'GET' && request.headers.range === undefined;
  if (!isPlain) {
    const info = await objects.head(key);
    if (!info) throw missing();
    headers();
    return sendBytes(request, response, info, async (range) => {
      const found = await objects.get(key, range);
      if (!found) throw missing();
      return found.body;
    });
  }
  // One request to the storage for the usual case.
  const found = await objects.get(key);
  if (!found) throw missing();
  headers();
  try {
    await sendBytes(request, response, found.info, async () => found.body);
  } finally {
    found.body.destroy();
  }
}
