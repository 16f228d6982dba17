import type { Request } from 'express';
import { OpenEOError } from '../base/errors';
import { contextOf } from './context';

/** Where the API lives below the server's root. */
export const apiPrefix = '/openeo/1.2';

const hostPattern = /^(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;

/**
 * The address under which clients reach a path of this server: below the configured public address, or else
 * where the request was sent to.
 * @param path percent-encoded, with a leading slash; may have a query
 * @example absoluteUrl(request, '/healthz') // https://tiles.example.org/eo/healthz
 */
export function absoluteUrl(request: Request, path: string): string {
  const { publicUrl } = contextOf(request);
  if (publicUrl !== undefined) return `${publicUrl}${path}`;
  const host = request.host ?? fallbackHost(request);
  if (!hostPattern.test(host)) throw new OpenEOError('RequestInvalid', { reason: 'the host is malformed' });
  return `${request.protocol}://${host}${path}`;
}

/** The absolute address of an endpoint, for example `apiUrl(request, '/collections')`. */
export function apiUrl(request: Request, path: string): string {
  return absoluteUrl(request, `${apiPrefix}${path}`);
}

/** HTTP/1.0 clients need not name the host. */
function fallbackHost({ socket }: Request): string {
  const address = socket.localAddress ?? '127.0.0.1';
  return `${address.includes(':') ? `[${address}]` : address}:${socket.localPort}`;
}
