import type { RequestHandler } from 'express';
import type { Logger } from '../../base/logger';
import { RequestContext, setContext } from '../context';
import type { Metrics } from '../metrics';

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Recorded where the client left before the answer was complete (nginx's convention). */
export const clientLeft = 499;

export interface RecordSettings {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** A request that is over. */
export interface RequestRecord {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** The template of the address. */
  readonly route: string;
  readonly status: number;
  readonly startedMs: number;
  readonly httpVersion: string;
  readonly address: string | undefined;
  readonly user?: string;
  readonly errorCode?: string;
}

/** One line to the log, and one more in the metrics. */
export function recordRequest({ logger, metrics }: RecordSettings, record: RequestRecord): void {
  const { method, route, status, user, errorCode } = record;
  const seconds = (performance.now() - record.startedMs) / 1000;
  metrics.observeRequest(methods.has(method) ? method : 'other', route, status, seconds);
  logger[status >= 500 ? 'warning' : 'info']('request', {
    request: record.id,
    method,
    path: record.path,
    route,
    status,
    durationMs: Math.round(seconds * 1e4) / 10,
    http: record.httpVersion,
    address: record.address,
    ...(user !== undefined && { user }),
    ...(errorCode !== undefined && { code: errorCode }),
  });
}

/**
 * Gives each request its context and id (`X-Request-Id`); when it is over, writes one line to the log and
 * counts it. Queries are not logged: they may carry signatures.
 */
export function requestLog(settings: RecordSettings & { readonly publicUrl?: string }): RequestHandler {
  return (request, response, next) => {
    const context = new RequestContext(request, response, settings.logger, settings.publicUrl);
    setContext(request, context);
    response.setHeader('X-Request-Id', context.id);
    // When the response is over, an HTTP/2 request has lost its connection.
    const { path, ip: address } = request;
    response.once('close', () => {
      recordRequest(settings, {
        id: context.id,
        method: request.method,
        path,
        route: context.route ?? 'none',
        status: response.writableEnded ? response.statusCode : clientLeft,
        startedMs: context.startedMs,
        httpVersion: request.httpVersion,
        address,
        user: context.user?.id,
        errorCode: context.errorCode,
      });
    });
    next();
  };
}
