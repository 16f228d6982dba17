import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { requestSignal } from '../signal';

export interface Sendable {
  readonly size: number;
  readonly modified: Date;
  /** Without quotes. */
  readonly etag: string;
}

export type Range = { readonly start: number; readonly end: number };

/**
 * Answers GET and HEAD of something that can be read in parts: conditional requests (RFC 9110, section 13)
 * and single ranges (section 14). Several ranges at once are answered by the whole, as the RFC allows.
 * @param read opens the bytes; not called where headers suffice
 */
export async function sendBytes(
  request: Request,
  response: Response,
  file: Sendable,
  read: (range: Range | undefined) => Promise<Readable>,
): Promise<void> {
  const etag = `"${file.etag}"`;
  response.setHeader('ETag', etag);
  response.setHeader('Last-Modified', file.modified.toUTCString());
  response.setHeader('Accept-Ranges', 'bytes');
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
  if (request.headers.range === undefined) return undefined;
  if (condition !== undefined && condition !== etag && condition !== modified.toUTCString()) return undefined;
  const [, first, last] = /^bytes= *(\d*)-(\d*) *$/.exec(request.headers.range) ?? [];
  if (first === undefined || (first === '' && last === '')) return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start > end ? 'unsatisfiable' : { start, end };
}
