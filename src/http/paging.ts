import { OpenEOError } from '../base/errors';
import { apiUrl } from './address';
import type { ApiRequest } from './route';

export interface PageQuery {
  /** Absent: everything at once. */
  readonly limit?: number;
  readonly after?: string;
}

export interface Link {
  readonly rel: string;
  readonly href: string;
  readonly type?: string;
  readonly title?: string;
}

/** One value of a query parameter; repeated ones are refused. */
export function queryValue(request: ApiRequest, name: string): string | undefined {
  const value = Object.hasOwn(request.query, name) ? request.query[name] : undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw new OpenEOError('RequestInvalid', { reason: `the query has several values for "${name}"` });
}

/** @throws OpenEOError `RequestInvalid` when `limit` is no positive integer */
export function pageQuery(request: ApiRequest): PageQuery {
  const limit = queryValue(request, 'limit');
  if (limit && !/^[1-9]\d{0,8}$/.test(limit))
    throw new OpenEOError('RequestInvalid', { reason: `limit must be a positive integer, not "${limit}"` });
  const after = queryValue(request, 'after');
  return { ...(limit && { limit: Number(limit) }), ...(after && { after }) };
}

/** The link to the following page; none on the last one. */
export function pageLinks(
  request: ApiRequest,
  path: string,
  page: PageQuery,
  next: string | undefined,
): Link[] {
  if (next === undefined) return [];
  const query = new URLSearchParams({ limit: String(page.limit), after: next });
  return [{ rel: 'next', href: apiUrl(request, `${path}?${query}`), type: 'application/json' }];
}

/** A page of a list that is at hand as a whole, in order of its ids or in its own order. */
export function slicePage<T extends { readonly id: string }>(
  all: readonly T[],
  { limit, after }: PageQuery,
): { readonly items: readonly T[]; readonly next?: string } {
  const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0)
    throw new OpenEOError('RequestInvalid', { reason: `there is nothing after "${after}"` });
  const items = all.slice(start, limit === undefined ? undefined : start + limit);
  const isLast = start + items.length >= all.length;
  return isLast ? { items } : { items, next: items.at(-1)!.id };
}
