import type { Writable } from 'node:stream';

/** So much of a body goes out before other streams of the connection have their turn. */
const turnBytes = 32 * 1024;

/**
 * Ends a stream with a body, piece by piece. Whole bodies would leave an HTTP/2 connection one after the other,
 * because streams without a stated priority are served in their order as long as they have data (RFC 9218).
 */
export function endInTurns(stream: Writable, body: Uint8Array): void {
  if (body.length <= turnBytes) return void stream.end(body);
  let from = 0;
  const next = (error?: Error | null) => {
    if (error || stream.destroyed) return;
    const part = body.subarray(from, from + turnBytes);
    from += turnBytes;
    if (from >= body.length) stream.end(part);
    else stream.write(part, next);
  };
  next();
}
