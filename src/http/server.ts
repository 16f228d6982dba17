import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import http2, {
  type Http2Server,
  type Http2ServerRequest,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import type { Logger } from '../base/logger';
import { type Protocol, peekProtocol } from './protocol';
import { http1Exchange, http2Exchange, type QuickHandler } from './quick/exchange';

export interface ServerLimits {
  /** For the first byte, the TLS handshake and the headers of a request. */
  readonly headersMs: number;
  /** For a whole request, its body included. */
  readonly requestMs: number;
  /** How long a connection without requests stays open. */
  readonly idleMs: number;
  /** Of the headers of one request; beyond it HTTP/1.1 answers 431 and HTTP/2 resets the stream. */
  readonly headerBytes: number;
  /** Requests at once on one HTTP/2 connection. */
  readonly streams: number;
}

const defaultLimits: ServerLimits = {
  headersMs: 20_000,
  requestMs: 15 * 60_000,
  idleMs: 65_000,
  headerBytes: 16 * 1024,
  streams: 128,
};

export interface HttpServerOptions {
  /** PEM. With it every connection is TLS, and ALPN chooses the protocol. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
  readonly logger: Logger;
  readonly limits?: Partial<ServerLimits>;
  /** Sees requests without a body first. */
  readonly quick?: QuickHandler;
}

/** A server that speaks HTTP/1.1 and HTTP/2 on one port. */
export interface HttpServer {
  /** @throws the system's error, for example EADDRINUSE */
  listen(host: string, port: number): Promise<{ readonly port: number }>;
  /**
   * Takes no more connections, tells clients (GOAWAY, `Connection: close`), lets running requests finish
   * and ends what is left after so many milliseconds. Resolves when every connection is closed.
   */
  close(graceMs: number): Promise<void>;
}

/** @param handler an Express application (see `speakHttp2`) or any other request listener */
export function createHttpServer(handler: RequestListener, options: HttpServerOptions): HttpServer {
  const limits = { ...defaultLimits, ...options.limits };
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const running = new Set<ServerResponse>();
  /** Connected, but silent until now. */
  const silent = new Set<Socket>();
  let isClosing = false;

  const http1 = http.createServer(
    {
      headersTimeout: Math.min(limits.headersMs, limits.requestMs),
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      maxHeaderSize: limits.headerBytes,
      connectionsCheckingInterval: Math.min(5000, limits.headersMs),
    },
    (request, response) => {
      running.add(response);
      if (isClosing) response.setHeader('Connection', 'close');
      response.once('close', () => {
        running.delete(response);
        // A response whose headers were sent before the stop left its connection open.
        if (isClosing) setImmediate(() => http1.closeIdleConnections());
      });
      const exchange = options.quick && http1Exchange(request, response);
      if (exchange) options.quick?.(exchange, () => handler(request, response));
      else handler(request, response);
    },
  );
  // Sockets come from the common listener; this event makes `http` watch its time limits all the same.
  http1.emit('listening');

  const http2Server = http2.createServer(
    {
      settings: { maxConcurrentStreams: limits.streams, maxHeaderListSize: limits.headerBytes },
      maxHeaderListPairs: 128,
    },
    (request, response) => {
      limitBody(request, limits.requestMs);
      handler(request as unknown as IncomingMessage, response as unknown as ServerResponse);
    },
  );
  if (options.quick) takeFirst(http2Server, options.quick);
  http2Server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    // Without an open stream the session ends; with one it ends after it.
    session.setTimeout(limits.idleMs, () => session.close());
    session.on('error', (error) => options.logger.debug('HTTP/2 session failed', { error: error.message }));
    if (isClosing) session.close();
  });
  http2Server.on('sessionError', () => {});

  const accept = (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
    const hand = (protocol: Protocol) => {
      silent.delete(socket);
      if (protocol === 'http1') return void http1.emit('connection', socket);
      // HTTP/2 has no half-closed connections.
      socket.allowHalfOpen = false;
      http2Server.emit('connection', socket);
    };
    peekProtocol(socket, limits.headersMs, hand);
  };
  const listener = options.tls
    ? tls.createServer(
        {
          ...options.tls,
          ALPNProtocols: ['h2', 'http/1.1'],
          minVersion: 'TLSv1.2',
          handshakeTimeout: limits.headersMs,
          allowHalfOpen: true,
          noDelay: true,
        },
        accept,
      )
    : net.createServer({ allowHalfOpen: true, noDelay: true }, accept);
  listener.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  listener.on('tlsClientError', (error) =>
    options.logger.debug('TLS handshake failed', { error: error.message }),
  );

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        listener.once('error', reject);
        listener.listen(port, host, () => {
          listener.off('error', reject);
          listener.on('error', (error) => options.logger.error('The server socket failed', { error }));
          resolve({ port: (listener.address() as AddressInfo).port });
        });
      }),

    async close(graceMs) {
      isClosing = true;
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      for (const response of running) if (!response.headersSent) response.setHeader('Connection', 'close');
      for (const session of sessions) session.close();
      for (const socket of silent) socket.destroy();
      http1.closeIdleConnections();
      const deadline = setTimeout(() => {
        options.logger.warning('Requests did not finish in time; their connections are cut', {
          connections: sockets.size,
        });
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await closed;
      clearTimeout(deadline);
      http1.close();
      http2Server.close();
    },
  };
}

/** Node limits the time of bodies over HTTP/1.1 only. */
function limitBody(request: Http2ServerRequest, timeoutMs: number): void {
  if (request.stream.endAfterHeaders) return;
  const timer = setTimeout(() => request.stream.close(http2.constants.NGHTTP2_CANCEL), timeoutMs);
  timer.unref();
  request.stream.once('end', () => clearTimeout(timer));
  request.stream.once('close', () => clearTimeout(timer));
}

/**
 * Puts a handler before the listener by which Node makes request and response objects of streams; making these is
 * much of what a small request costs.
 */
function takeFirst(server: Http2Server, quick: QuickHandler): void {
  const makeMessages = server.listeners('stream') as ((...event: unknown[]) => void)[];
  server.removeAllListeners('stream');
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...rest: unknown[]) => {
    const otherwise = () => {
      for (const listener of makeMessages) listener.call(server, stream, headers, ...rest);
    };
    const exchange = http2Exchange(stream, headers);
    if (exchange) quick(exchange, otherwise);
    else otherwise();
  });
}
