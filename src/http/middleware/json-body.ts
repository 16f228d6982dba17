import express, { type RequestHandler } from 'express';
import { OpenEOError } from '../../base/errors';
import { isDeeperThan } from '../../base/json';

/** Deeper JSON would exhaust the stack of whoever walks it; graphs nested 50 times need some 250 levels. */
const maxDepth = 1000;

/** Parsing so much takes some milliseconds. */
const largeBytes = 1 << 20;

/**
 * Reads a JSON object.
 * @throws OpenEOError `ContentTypeInvalid`, `BodyTooLarge`, `RequestInvalid`
 */
export function jsonBody(maxBytes: number): RequestHandler {
  const parse = express.json({ limit: maxBytes, strict: false, type: isJson });
  return (request, response, next) => {
    const hasBody =
      request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
    if (!hasBody) throw new OpenEOError('RequestInvalid', { reason: 'it has no body; send a JSON object' });
    if (!isJson(request))
      throw new OpenEOError('ContentTypeInvalid', {
        type: request.headers['content-type'] ?? '(none)',
        types: 'application/json',
      });
    parse(request, response, (error?: unknown) => {
      if (error) return next(translate(error, maxBytes));
      const { body } = request;
      if (typeof body !== 'object' || body === null || Array.isArray(body))
        return next(new OpenEOError('RequestInvalid', { reason: 'the body is not a JSON object' }));
      if (isDeeperThan(body, maxDepth - 1))
        return next(
          new OpenEOError('RequestInvalid', { reason: `the body nests deeper than ${maxDepth} levels` }),
        );
      // What follows takes as long again: others go in between.
      if (Number(request.headers['content-length'] ?? Infinity) > largeBytes) setImmediate(next);
      else next();
    });
  };
}

function isJson({ headers }: { headers: { 'content-type'?: string } }): boolean {
  const [type] = (headers['content-type'] ?? '').split(';');
  return /^\s*application\/(?:[\w.-]+\+)?json\s*$/i.test(type);
}

/** What body-parser reports, in our terms. */
function translate(error: unknown, maxBytes: number): unknown {
  const { type, message, status } = error as { type?: string; message?: string; status?: number };
  switch (type) {
    case 'entity.too.large':
      return new OpenEOError('BodyTooLarge', { size: `${maxBytes} bytes` }, { cause: error });
    case 'entity.parse.failed':
      return new OpenEOError(
        'RequestInvalid',
        { reason: `the body is not JSON (${message})` },
        { cause: error },
      );
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new OpenEOError('ContentTypeInvalid', {
        type: message,
        types: 'UTF-8, also gzip, deflate or br',
      });
    case 'request.aborted':
      return error;
    default:
      return status !== undefined && status < 500
        ? new OpenEOError(
            'RequestInvalid',
            { reason: message ?? 'the body cannot be read' },
            { cause: error },
          )
        : error;
  }
}
