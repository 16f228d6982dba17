import { once } from 'node:events';
import http2, { type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2';

export interface H2Answer {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly body: Buffer;
}

export async function connectH2(address: string, options: http2.SecureClientSessionOptions = {}) {
  const session = http2.connect(address, options);
  session.on('error', () => {});
  await once(session, 'connect');
  return session;
}

/** One request; `body` is written in its pieces, without a content-length. */
export function requestH2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body: readonly (string | Buffer)[] = [],
): Promise<H2Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body.length === 0 });
    const chunks: Buffer[] = [];
    let answer: http2.IncomingHttpHeaders = {};
    stream.on('response', (received) => {
      answer = received;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () =>
      resolve({ status: Number(answer[':status']), headers: answer, body: Buffer.concat(chunks) }),
    );
    for (const piece of body) stream.write(piece);
    if (body.length > 0) stream.end();
  });
}
