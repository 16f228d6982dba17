import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { OpenEOError } from '../../../src/base/errors';
import type { HttpClient } from '../../../src/base/net';
import { listen } from '../../support/listen';

/** What a test's file server does beside serving ranges. */
export interface Behaviour {
  bytes: Uint8Array;
  etag: string;
  supportsRanges: boolean;
  /** Answers this status before each second answer. */
  failsWith?: number;
  /** Breaks the connection in the middle of so many answers. */
  breaks: number;
  /** Never answers. */
  hangs: boolean;
  /** What an answer waits for, by the first byte that is asked for. */
  gate?: (start: number) => Promise<void> | undefined;
}

/** A file server on the loopback that can misbehave, and a count of what it was asked. */
export async function serveFile(bytes: Uint8Array) {
  const behaviour: Behaviour = { bytes, etag: '"1"', supportsRanges: true, breaks: 0, hangs: false };
  const ranges: [number, number][] = [];
  let failed = false;
  const server = createServer(async (incoming: IncomingMessage, response: ServerResponse) => {
    if (behaviour.hangs) return;
    if (behaviour.failsWith && !failed) {
      failed = true;
      response.writeHead(behaviour.failsWith).end();
      return;
    }
    failed = false;
    const range = /bytes=(\d+)-(\d+)/.exec(incoming.headers.range ?? '');
    if (!range || !behaviour.supportsRanges) {
      response.writeHead(200, { etag: behaviour.etag }).end(behaviour.bytes);
      return;
    }
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]), behaviour.bytes.length - 1)];
    if (start >= behaviour.bytes.length) {
      response.writeHead(416).end();
      return;
    }
    ranges.push([start, end]);
    await behaviour.gate?.(start);
    const part = behaviour.bytes.subarray(start, end + 1);
    response.writeHead(206, {
      etag: behaviour.etag,
      'content-range': `bytes ${start}-${end}/${behaviour.bytes.length}`,
      'content-length': part.length,
    });
    if (behaviour.breaks > 0 && part.length > 100) {
      behaviour.breaks--;
      response.write(part.subarray(0, 100), () => response.destroy());
    } else response.end(part);
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}/folder/image.tif?key=secret`,
    behaviour,
    ranges,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** As much of an HTTP client as byte sources need. */
export const plainHttp: HttpClient = {
  request: (url, options = {}) =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, { headers: options.headers, signal: options.signal }, (incoming) =>
        resolve({
          url,
          status: incoming.statusCode ?? 0,
          headers: incoming.headers as Record<string, string>,
          body: incoming,
        }),
      );
      outgoing.on('error', (cause) =>
        reject(
          options.signal?.aborted
            ? options.signal.reason
            : new OpenEOError('SourceUnreadable', { source: url, reason: 'no connection' }, { cause }),
        ),
      );
      outgoing.end();
    }),
  bytes: () => Promise.reject(new Error('not used')),
  json: () => Promise.reject(new Error('not used')),
  close: () => Promise.resolve(),
};
