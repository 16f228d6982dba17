import { createHash } from 'node:crypto';
import { OpenEOError } from '../../../base/errors';
import { matchesTag } from '../../../services/tile-response';
import type { ServedTile, TileReader } from '../../../tiles/reader';
import { endInTurns } from '../../quick/in-turns';
import type { Route } from '../../route';
import { readAddress } from './read-request';

/** Headers of a request by their names in lower case. */
type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

function isUnchanged(headers: RequestHeaders, { etag, modified }: ServedTile): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined) return matchesTag(String(tags), etag);
  if (headers['if-modified-since'] === undefined) return false;
  const since = Date.parse(String(headers['if-modified-since']));
  return Math.floor(modified.getTime() / 1000) * 1000 <= since;
}

/** Headers of a tile, with a body and without; worked out once for each that is kept in memory. */
interface TileHeaders {
  readonly validators: Readonly<Record<string, string>>;
  readonly all: Readonly<Record<string, string>>;
}

const known = new WeakMap<ServedTile, TileHeaders>();

function headersOf(tile: ServedTile, isPublic: boolean): TileHeaders {
  let headers = known.get(tile);
  if (!headers) {
    const validators = {
      etag: tile.etag,
      'last-modified': tile.modified.toUTCString(),
      'cache-control': `${isPublic ? 'public' : 'private'}, max-age=60, stale-while-revalidate=86400`,
      ...(!isPublic && { vary: 'Authorization' }),
    };
    const body = {
      'content-type': tile.mediaType,
      'content-length': String(tile.bytes.length),
      // RFC 9530: clients that keep tiles can tell damaged ones.
      'repr-digest': `sha-256=:${createHash('sha256').update(tile.bytes).digest('base64')}:`,
    };
    headers = { validators, all: { ...validators, ...body } };
    known.set(tile, headers);
  }
  return headers;
}

/** The answer to a request for a tile that exists: 304 where the client has it already. */
export function tileAnswer(
  headers: RequestHeaders,
  tile: ServedTile,
  isPublic: boolean,
): { readonly status: 200 | 304; readonly headers: Readonly<Record<string, string>> } {
  const { validators, all } = headersOf(tile, isPublic);
  return isUnchanged(headers, tile) ? { status: 304, headers: validators } : { status: 200, headers: all };
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
      if (status === 304 || request.method === 'HEAD') response.end();
      else if (request.httpVersionMajor < 2) response.end(tile.bytes);
      else endInTurns(response, tile.bytes);
    },
  };
}
