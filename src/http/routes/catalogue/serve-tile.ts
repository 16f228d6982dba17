import { OpenEOError } from '../../../base/errors';
import { matchesTag } from '../../../services/tile-response';
import type { ServedTile, TileReader } from '../../../tiles/reader';
import type { Route } from '../../route';
import { readAddress } from './read-request';

/** Headers of a request by their names in lower case. */
type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

function isUnchanged(headers: RequestHeaders, { etag, modified }: ServedTile): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined) return matchesTag(String(tags), etag);
  const since = Date.parse(String(headers['if-modified-since'] ?? ''));
  return Math.floor(modified.getTime() / 1000) * 1000 <= since;
}

/** The answer to a request for a tile that exists: 304 where the client has it already. */
export function tileAnswer(
  headers: RequestHeaders,
  tile: ServedTile,
  isPublic: boolean,
): { readonly status: 200 | 304; readonly headers: Record<string, string> } {
  const validators = {
    ETag: tile.etag,
    'Last-Modified': tile.modified.toUTCString(),
    'Cache-Control': `${isPublic ? 'public' : 'private'}, max-age=60, stale-while-revalidate=86400`,
  };
  if (isUnchanged(headers, tile)) return { status: 304, headers: validators };
  const body = { 'Content-Type': tile.mediaType, 'Content-Length': String(tile.bytes.length) };
  return { status: 200, headers: { ...validators, ...body } };
}

/** `GET /tiles/{z}/{x}/{y}` */
export function tileRoute(reader: TileReader, isPublic: boolean): Route {
  return {
    method: 'GET',
    path: '/tiles/{z}/{x}/{y}',
    base: 'root',
    isListed: false,
    access: isPublic ? 'public' : 'user',
    async handle(request, response) {
      const { z, x, y } = request.params;
      const tile = await reader.get(readAddress({ z, x, y }));
      if (!tile) throw new OpenEOError('TileNotFound', { reason: `the cell ${z}/${x}/${y} is empty.` });
      const { status, headers } = tileAnswer(request.headers, tile, isPublic);
      response.status(status);
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.end(status === 304 || request.method === 'HEAD' ? undefined : tile.bytes);
    },
  };
}
