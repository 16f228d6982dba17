import type { RequestHandler } from 'express';

/**
 * Makes one slash of several in the path, and takes the public address's own path away where a proxy left it,
 * so that routes need not know of either.
 */
export function plainPath(publicUrl: string | undefined): RequestHandler {
  const prefix = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/+$/, '');
  return (request, _response, next) => {
    const end = request.url.indexOf('?');
    const path = end < 0 ? request.url : request.url.slice(0, end);
    const query = end < 0 ? '' : request.url.slice(end);
    let plain = path.replace(/\/{2,}/g, '/');
    if (prefix && (plain === prefix || plain.startsWith(`${prefix}/`)))
      plain = plain.slice(prefix.length) || '/';
    if (plain !== path) request.url = plain + query;
    next();
  };
}
