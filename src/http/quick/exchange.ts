import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { endInTurns } from './in-turns';

/** A request without a body and the way to answer it, ahead of Express and alike for both protocols. */
export interface Exchange {
  readonly method: string;
  /** As it was sent, with its query. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly httpVersion: string;
  readonly remoteAddress: string | undefined;
  /** True where nobody takes an answer any more. */
  isGone(): boolean;
  /** @param headers names in lower case; the object is used up */
  answer(status: number, headers: Record<string, string | number>, body: Uint8Array | undefined): void;
  /** When the answer is sent, or nobody takes it; tells which. */
  onClose(listener: (isComplete: boolean) => void): void;
}

/** Answers some requests; calls `otherwise` for all others, at once or later. */
export type QuickHandler = (exchange: Exchange, otherwise: () => void) => void;

/** Undefined for what only Express should see: bodies and expectations. */
export function http1Exchange(request: IncomingMessage, response: ServerResponse): Exchange | undefined {
  const { headers, method = '', url = '' } = request;
  if (
    headers['content-length'] !== undefined ||
    headers['transfer-encoding'] !== undefined ||
    headers.expect !== undefined
  )
    return undefined;
  return {
    ...{ method, target: url, headers, httpVersion: request.httpVersion },
    remoteAddress: request.socket.remoteAddress,
    isGone: () => response.destroyed,
    answer(status, fields, body) {
      response.writeHead(status, fields);
      response.end(body);
    },
    onClose: (listener) => void response.once('close', () => listener(response.writableEnded)),
  };
}

/** Undefined for what only Express should see: bodies, expectations and other methods' ways. */
export function http2Exchange(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Exchange | undefined {
  if (!(stream as ServerHttp2Stream & { endAfterHeaders: boolean }).endAfterHeaders) return undefined;
  if (headers.expect !== undefined) return undefined;
  return {
    method: String(headers[':method']),
    target: String(headers[':path']),
    headers,
    httpVersion: '2.0',
    // A session that ends gives up its socket before the last streams are done.
    remoteAddress: stream.session?.socket?.remoteAddress,
    isGone: () => stream.destroyed || stream.closed,
    answer(status, fields, body) {
      // What goes wrong from here on is the client's having left.
      stream.on('error', () => {});
      fields[':status'] = status;
      stream.respond(fields, { endStream: body === undefined });
      if (body !== undefined) endInTurns(stream, body);
    },
    onClose: (listener) => void stream.once('close', () => listener(stream.writableEnded)),
  };
}
