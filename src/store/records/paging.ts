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
    throw new OpenEOError('RequestInvalid', { reason: 'The page that was asked for does not exist.' });
  return key;
}
