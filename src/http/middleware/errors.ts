import { constants, type ServerHttp2Stream } from 'node:http2';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { OpenEOError } from '../../base/errors';
import { contextOf } from '../context';
import { ClientGone } from '../signal';

/** The one place where errors become responses: `{id, code, message, links?}`, id being the request's. */
export const answerError: ErrorRequestHandler = (thrown, request, response, _next) => {
  const context = contextOf(request);
  if (response.destroyed || thrown instanceof ClientGone || isAbort(thrown)) {
    context.errorCode = 'ClientGone';
    cut(response);
    return;
  }
  const error = asOpenEO(thrown);
  context.errorCode = error.code;
  if (error.status >= 500)
    context.logger.error(error.message, { code: error.code, path: request.path, error: innermost(error) });
  if (response.headersSent) {
    // Too late for an error document: a cut connection tells that the body is incomplete.
    cut(response);
    return;
  }
  forgetHeaders(response);
  response.status(error.status);
  if (error.retryAfter !== undefined) response.setHeader('Retry-After', String(Math.ceil(error.retryAfter)));
  if (error.status === 401) response.setHeader('WWW-Authenticate', challenge(request));
  if (error.code === 'MethodNotAllowed') response.setHeader('Allow', String(error.details['allowed']));
  response.setHeader('Cache-Control', 'no-store');
  // The rest of a refused body is read and dropped: a client that is still sending gets the answer this way,
  // and can go on with its connection.
  if (!request.readableEnded) request.resume();
  response.json({ id: context.id, code: error.code, message: error.message, links: error.links ?? [] });
};

/** Ends a response in a way that clients cannot take for its regular end. */
function cut(response: Response): void {
  const { stream } = response as Response & { stream?: ServerHttp2Stream };
  if (stream && !stream.closed) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

function isAbort(thrown: unknown): boolean {
  return (thrown as { type?: string } | undefined)?.type === 'request.aborted';
}

function asOpenEO(thrown: unknown): OpenEOError {
  if (thrown instanceof OpenEOError) return thrown;
  // The router could not decode a percent-encoded parameter.
  if (thrown instanceof URIError)
    return new OpenEOError('RequestInvalid', { reason: 'the address is not percent-encoded UTF-8' });
  return new OpenEOError('Internal', {}, { cause: thrown });
}

function innermost(error: OpenEOError): unknown {
  return error.code === 'Internal' && error.cause !== undefined ? error.cause : error;
}

/** Headers that a handler set for the answer that it did not give. */
function forgetHeaders(response: Response): void {
  for (const name of [
    'Content-Type',
    'Content-Length',
    'Content-Range',
    'Content-Disposition',
    'ETag',
    'Last-Modified',
  ])
    response.removeHeader(name);
}

function challenge(request: Request): string {
  return request.path.endsWith('/credentials/basic')
    ? 'Basic realm="tilegraph", charset="UTF-8"'
    : 'Bearer realm="tilegraph"';
}
