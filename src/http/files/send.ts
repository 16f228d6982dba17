import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { OpenEOError } from '../../base/errors';
import { requestSignal } from '../signal';

export interface Sendable {
  readonly size: number;
  readonly modified: Date;
  /** Without quotes. */
  readonly etag: string;
}

export type Range = { readonly start: number; readonly end: number };

/** Something in a storage, which others may replace at any time. */
export interface Stored {
  /** What there is now. */
  head(): Promise<Sendable>;
  /** The bytes with what they are of. */
  open(range?: Range): Promise<{ readonly info: Sendable; readonly body: Readable }>;
}

/**
 * Answers GET and HEAD of a stored object as {@link sendBytes} does; the usual request asks the storage once.
 * @throws OpenEOError `StorageUnavailable` where the object was replaced between the look at it and the reading of a
 *   part: trying again helps; what `stored` throws
 */
export async function sendStored(request: Request, response: Response, stored: Stored): Promise<void> {
  if (request.method === 'GET' && request.headers.range === undefined) {
    const { info, body } = await stored.open();
    try {
      await sendBytes(request, response, info, async () => body);
    } finally {
      body.destroy();
    }
    return;
  }
  const seen = await stored.head();
  await sendBytes(request, response, seen, async (range) => {
    const { info, body } = await stored.open(range);
    if (info.etag === seen.etag) return body;
    body.destroy();
    throw new OpenEOError('StorageUnavailable', {}, { retryAfter: 1 });
  });
}

/**
 * Answers GET and HEAD of something that can be read in parts: conditional requests (RFC 9110, section 13)
 * and single ranges (section 14). Several ranges at once are answered by the whole, as the RFC allows.
 * @param read opens the bytes; not called where headers suffice
 */
async function sendBytes(
  request: Request,
  response: Response,
  file: Sendable,
  read: (range: Range | undefined) => Promise<Readable>,
): Promise<void> {
  const etag = `"${file.etag}"`;
  response.setHeader('ETag', etag);
  response.setHeader('Last-Modified', file.modified.toUTCString());
  response.setHeader('Accept-Ranges', 'bytes');
  if (isOther(request, etag, file.modified)) {
    response.removeHeader('Content-Type');
    response.status(412).end();
    return;
  }
  if (isUnchanged(request, etag, file.modified)) {
    response.removeHeader('Content-Type');
    response.status(304).end();
    return;
  }
  const range = wantedRange(request, file, etag);
  if (range === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${file.size}`);
    response.removeHeader('Content-Type');
    response.status(416).end();
    return;
  }
  if (range) {
    response.status(206);
    response.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${file.size}`);
  }
  response.setHeader('Content-Length', String(range ? range.end - range.start + 1 : file.size));
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  await pipeline(await read(range), response, { signal: requestSignal(request, response) });
}

/** Whether the client wants what it knows, and there is something else now. */
function isOther({ headers }: Request, etag: string, modified: Date): boolean {
  const tags = headers['if-match'];
  if (tags !== undefined) return !tags.split(',').some((tag) => tag.trim() === '*' || tag.trim() === etag);
  const since = Date.parse(headers['if-unmodified-since'] ?? '');
  return Math.floor(modified.getTime() / 1000) * 1000 > since;
}

function isUnchanged({ headers }: Request, etag: string, modified: Date): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined)
    return tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return Math.floor(modified.getTime() / 1000) * 1000 <= since;
}

function wantedRange(
  request: Request,
  { size, modified }: Sendable,
  etag: string,
): Range | 'unsatisfiable' | undefined {
  const condition = request.headers['if-range'];
  // Defined for GET only: with other methods it is to be ignored (RFC 9110, section 14.2).
  if (request.method !== 'GET' || request.headers.range === undefined) return undefined;
  if (condition !== undefined && condition !== etag && condition !== modified.toUTCString()) return undefined;
  const [, first, last] = /^bytes= *(\d*)-(\d*) *$/.exec(request.headers.range) ?? [];
  if (first === undefined || (first === '' && last === '')) return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start > end ? 'unsatisfiable' : { start, end };
}
