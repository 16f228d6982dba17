import { OpenEOError } from '../../base/errors';
import type { Page, PageRequest } from './types';

/** No page is larger; also stands for "all". */
const maxRows = 2_147_483_646;

/** One row more than asked for: it tells whether there is a next page. */
export function fetchCount(page: PageRequest): number {
  return Math.max(1, Math.min(Math.trunc(page.limit ?? maxRows), maxRows)) + 1;
}

/** The page of the rows that were fetched; `next` names the last row by its sort key. */
export function toPage<T>(
  rows: readonly T[],
  page: PageRequest,
  keyOf: (row: T) => readonly string[],
): Page<T> {
  const limit = fetchCount(page) - 1;
  if (rows.length <= limit) return { items: rows };
  const items = rows.slice(0, limit);
  return { items, next: encodeCursor(keyOf(items[limit - 1])) };
}

function encodeCursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

const noSuchPage = () =>
  new OpenEOError('RequestInvalid', { reason: 'The page that was asked for does not exist.' });

/** Where a page of what is sorted by time and id begins. @throws OpenEOError as {@link startOf} */
export function startInTime(page: PageRequest): { readonly since: Date; readonly after: string } {
  const [since, after] = startOf(page, [new Date(0).toISOString(), '']);
  // What databases take is less than what JavaScript does.
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(since) || Number.isNaN(Date.parse(since)) || since < '0001')
    throw noSuchPage();
  return { since: new Date(since), after };
}

/**
 * The sort key after which a page begins; `start` on the first one.
 * @throws OpenEOError `RequestInvalid` for anything that is not the `next` of a page
 */
export function startOf(page: PageRequest, start: readonly string[]): readonly string[] {
  if (page.after === undefined) return start;
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(page.after, 'base64url').toString());
  } catch {
    key = undefined;
  }
  if (!Array.isArray(key) || key.length !== start.length || !key.every((part) => typeof part === 'string'))
    throw noSuchPage();
  return key;
}
