import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { OutgoingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { endInTurns } from './in-turns';

/** Names in lower case and values, in turns. */
export type HeaderList = readonly string[];

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
  answer(status: number, headers: HeaderList, body: Uint8Array | undefined): void;
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
      response.writeHead(status, fields as string[]);
      response.end(body);
    },
    onClose: (listener) => void response.once('close', () => listener(response.writableEnded)),
  };
}

const [major, minor] = process.versions.node.split('.').map(Number);
/** HTTP/2 took objects alone before Node 22.20 and 24.7; of a list it makes no copy. */
const takesLists = major > 24 || (major === 24 && minor >= 7) || (major === 22 && minor >= 20);

function http2Fields(status: number, fields: HeaderList): string[] | OutgoingHttpHeaders {
  if (takesLists) return [':status', String(status), ...fields];
  const headers: OutgoingHttpHeaders = { ':status': status };
  for (let index = 0; index < fields.length; index += 2) headers[fields[index]] = fields[index + 1];
  return headers;
}

/** By session: asking is dear. */
const addresses = new WeakMap<ServerHttp2Session, string>();

/** A session that ends gives up its socket before the last streams are done. */
function addressOf(session: ServerHttp2Session | undefined): string | undefined {
  if (!session) return undefined;
  const known = addresses.get(session);
  if (known !== undefined) return known;
  const address = session.socket?.remoteAddress;
  if (address !== undefined) addresses.set(session, address);
  return address;
}

/** What goes wrong once an answer has begun is the client's having left. */
const ignore = () => {};
const withoutBody = { endStream: true };

/** Undefined for what only Express should see: bodies, expectations and other methods' ways. */
export function http2Exchange(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Exchange | undefined {
  if (!(stream as ServerHttp2Stream & { endAfterHeaders: boolean }).endAfterHeaders) return undefined;
  if (headers.expect !== undefined) return undefined;
  return {
    method: String(headers[':method']),
    target: String(headers[':path']),
    headers,
    httpVersion: '2.0',
    remoteAddress: addressOf(stream.session as ServerHttp2Session | undefined),
    isGone: () => stream.destroyed || stream.closed,
    answer(status, fields, body) {
      stream.on('error', ignore);
      stream.respond(http2Fields(status, fields), body === undefined ? withoutBody : undefined);
      if (body !== undefined) endInTurns(stream, body);
    },
    // It comes once; `once` would wrap the listener.
    onClose: (listener) => void stream.on('close', () => listener(stream.writableEnded)),
  };
}
