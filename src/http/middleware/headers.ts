import type { RequestHandler } from 'express';
import helmet from 'helmet';

const exposed =
  'Location, OpenEO-Identifier, OpenEO-Costs, Link, Accept-Ranges, Content-Range, ETag, Repr-Digest, Retry-After, X-Request-Id';
const allowedMethods = 'OPTIONS, GET, HEAD, POST, PATCH, PUT, DELETE';
const allowedHeaders =
  'Authorization, Content-Type, Range, If-None-Match, If-Modified-Since, If-Range, Idempotency-Key, Last-Event-ID';

/**
 * Cross-origin headers as openEO asks for them, on every response, errors included; answers preflight
 * requests to any address. Tokens travel in a header, never in cookies, so any origin may ask.
 */
export const crossOrigin: RequestHandler = (request, response, next) => {
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Access-Control-Expose-Headers', exposed);
  if (request.method !== 'OPTIONS') return next();
  response.setHeader('Access-Control-Allow-Methods', allowedMethods);
  response.setHeader('Access-Control-Allow-Headers', allowedHeaders);
  response.setHeader('Access-Control-Max-Age', '86400');
  response.setHeader('Content-Type', 'application/json');
  response.statusCode = 204;
  response.end();
};

/**
 * What browsers should refuse to do with our responses. The API serves data only, so its policy is the
 * strictest; pages set their own `Content-Security-Policy`. Other origins may embed tiles and read data.
 */
export const security: RequestHandler = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  crossOriginResourcePolicy: { policy: 'cross-origin' },
  crossOriginOpenerPolicy: { policy: 'same-origin' },
  crossOriginEmbedderPolicy: false,
  // Browsers ignore it over plain HTTP.
  strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: false },
});
