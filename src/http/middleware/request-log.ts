import type { RequestHandler } from 'express';
import type { Logger } from '../../base/logger';
import { RequestContext, setContext } from '../context';
import type { Metrics } from '../metrics';

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Gives each request its context and id (`X-Request-Id`); when it is over, writes one line to the log and
 * counts it. Queries are not logged: they may carry signatures.
 */
export function requestLog(settings: {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly publicUrl?: string;
}): RequestHandler {
  return (request, response, next) => {
    const context = new RequestContext(request, response, settings.logger, settings.publicUrl);
    setContext(request, context);
    response.setHeader('X-Request-Id', context.id);
    // When the response is over, an HTTP/2 request has lost its connection.
    const { path, ip: address } = request;
    response.once('close', () => {
      const seconds = (performance.now() - context.startedMs) / 1000;
      const isComplete = response.writableEnded;
      // 499: the client left first (nginx's convention).
      const status = isComplete ? response.statusCode : 499;
      const route = context.route ?? 'none';
      const method = methods.has(request.method) ? request.method : 'other';
      settings.metrics.observeRequest(method, route, status, seconds);
      settings.logger[status >= 500 ? 'warning' : 'info']('request', {
        request: context.id,
        method: request.method,
        path,
        route,
        status,
        durationMs: Math.round(seconds * 1e4) / 10,
        http: request.httpVersion,
        address,
        ...(context.user && { user: context.user.id }),
        ...(context.errorCode && { code: context.errorCode }),
      });
    });
    next();
  };
}
