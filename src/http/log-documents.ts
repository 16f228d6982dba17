import { OpenEOError } from '../base/errors';
import type { LogLevel } from '../base/logger';
import type { LogRecord, Page, PageRequest } from '../store/records/types';
import { apiUrl } from './address';
import { pageQuery, queryValue } from './paging';
import type { ApiRequest } from './route';

const levels: readonly LogLevel[] = ['error', 'warning', 'info', 'debug'];

/** A time as the standard writes it. */
export function rfc3339(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, 'Z');
}

export function logEntry({ id, level, message, code, data, path, time }: LogRecord): Record<string, unknown> {
  return {
    id,
    level,
    message,
    time: rfc3339(time),
    ...(code !== undefined && { code }),
    ...(data !== undefined && { data }),
    ...(path !== undefined && { path }),
  };
}

function logLevel(request: ApiRequest): LogLevel | undefined {
  const level = queryValue(request, 'level') || undefined;
  if (level === undefined || levels.includes(level as LogLevel)) return level as LogLevel | undefined;
  throw new OpenEOError('RequestInvalid', { reason: `level must be one of ${levels.join(', ')}` });
}

/**
 * A page of logs as the request wants it: `offset`, `limit` and `level`.
 * @param path of the logs, percent-encoded
 */
export async function logPage(
  request: ApiRequest,
  path: string,
  list: (filter: { readonly level?: LogLevel } & PageRequest) => Promise<Page<LogRecord>>,
): Promise<Record<string, unknown>> {
  const { limit } = pageQuery(request);
  const level = logLevel(request);
  // The JavaScript client sends an empty offset when it begins.
  const after = queryValue(request, 'offset') || undefined;
  const { items, next } = await list({ limit, level, after });
  const query = new URLSearchParams({
    ...(limit && { limit: String(limit) }),
    ...(level && { level }),
    offset: next ?? '',
  });
  return {
    ...(level && { level }),
    logs: items.map(logEntry),
    links: next ? [{ rel: 'next', href: apiUrl(request, `${path}?${query}`) }] : [],
  };
}
