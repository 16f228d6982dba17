import type { RequestHandler } from 'express';

/** Of the absolute form of a request's target, which servers have to accept (RFC 9112, section 3.2.2). */
const origin = /^https?:\/\/[^/?#]*/i;

/**
 * Makes one slash of several in the path, and takes the public address's own path away where a proxy left it,
 * so that routes need not know of either.
 */
export function plainPath(publicUrl: string | undefined): RequestHandler {
  const prefix = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/+$/, '');
  return (request, _response, next) => {
    const url = request.url.startsWith('/') ? request.url : request.url.replace(origin, '');
    const end = url.indexOf('?');
    const path = end < 0 ? url : url.slice(0, end);
    const query = end < 0 ? '' : url.slice(end);
    let plain = path.replace(/\/{2,}/g, '/');
    if (prefix && (plain === prefix || plain.startsWith(`${prefix}/`)))
      plain = plain.slice(prefix.length) || '/';
    if (plain + query !== request.url) request.url = plain + query;
    next();
  };
}
