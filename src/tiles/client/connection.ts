import http2 from 'node:http2';
import { isIP } from 'node:net';
import tls from 'node:tls';
import { Pool } from 'undici';
import { RefusedError, TransientError } from './retry';

/** Connections to a server, at most; with HTTP/2 one carries many requests. */
const maxConnections = 10;
const streamsPerConnection = 100;
const timeoutMs = 10_000;

function unreachable(origin: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (/CERT|SELF_SIGNED|ALTNAME|ERR_SSL|ERR_TLS/.test(code ?? ''))
    return new RefusedError(
      `${origin} has no certificate that is trusted here (${code}); NODE_EXTRA_CA_CERTS can name a file with further authorities.`,
      0,
    );
  return new TransientError(`${origin} cannot be reached (${code ?? message})`, undefined, { cause: error });
}

/** Whether a server speaks HTTP/2 in clear text: then it answers our preface with its settings. */
function speaksH2c(origin: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(origin);
    const end = (finish: () => void) => {
      clearTimeout(timer);
      session.destroy();
      finish();
    };
    const timer = setTimeout(() => end(() => resolve(false)), timeoutMs);
    let isConnected = false;
    session.on('connect', () => {
      isConnected = true;
    });
    session.on('remoteSettings', () => end(() => resolve(true)));
    // A server of HTTP/1.1 takes the preface for a bad request.
    session.on('error', (error) =>
      end(() => (isConnected ? resolve(false) : reject(unreachable(origin, error)))),
    );
    session.on('close', () => end(() => resolve(false)));
  });
}

/** Whether a server chooses HTTP/2 in the handshake. */
function choosesH2(origin: string): Promise<boolean> {
  const { hostname, port } = new URL(origin);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      ...{ host, port: Number(port || 443), ALPNProtocols: ['h2', 'http/1.1'], timeout: timeoutMs },
      ...(isIP(host) === 0 && { servername: host }),
    });
    const end = (finish: () => void) => {
      socket.destroy();
      finish();
    };
    socket.on('secureConnect', () => end(() => resolve(socket.alpnProtocol === 'h2')));
    socket.on('timeout', () => end(() => reject(unreachable(origin, new Error('no answer in time')))));
    socket.on('error', (error) => end(() => reject(unreachable(origin, error))));
  });
}

/**
 * Opens a pool of connections to a server: HTTP/2 where the server speaks it, in clear text too, else HTTP/1.1.
 * @param origin scheme, host and port
 * @throws TransientError where the server cannot be reached; RefusedError for a certificate that is not trusted
 */
export async function openPool(origin: string): Promise<{ readonly pool: Pool; readonly isH2: boolean }> {
  const isSecure = origin.startsWith('https:');
  const isH2 = isSecure ? await choosesH2(origin) : await speaksH2c(origin);
  const pool = new Pool(origin, {
    connections: maxConnections,
    connectTimeout: timeoutMs,
    headersTimeout: 60_000,
    bodyTimeout: 60_000,
    allowH2: isH2,
    ...(isH2 && { pipelining: streamsPerConnection, maxConcurrentStreams: streamsPerConnection }),
    // In clear text HTTP/2 is not chosen in a handshake; undici knows the option, its types do not.
    ...(isH2 && !isSecure && { connect: { useH2c: true } as object }),
  });
  return { pool, isH2 };
}
