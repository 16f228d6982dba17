import type { IncomingMessage, ServerResponse } from 'node:http';

/** Sends a file, or the range of it that is asked for; 404 where there is none. */
export function sendRange(
  bytes: Uint8Array | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (!bytes) {
    response.writeHead(404).end();
    return;
  }
  const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  if (start === undefined) {
    response.end(bytes);
    return;
  }
  const part = bytes.subarray(Number(start), Number(end) + 1);
  const range = `bytes ${start}-${Number(start) + part.length - 1}/${bytes.length}`;
  response.writeHead(206, { 'content-range': range, etag: '"1"' }).end(part);
}
