import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { Agent, request as send } from 'undici';
import { printableUrl } from './addresses';
import { type HostRule, hostRule, isPrivateAddress, literalAddress } from './allowed-hosts';
import { OpenEOError } from './errors';
import type { Logger } from './logger';

export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface HttpResponse {
  /** The address after redirects. */
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** The only way out: requests to hosts that the configuration allows. */
export interface HttpClient {
  /** Follows redirects, each checked like the first address. @throws OpenEOError `HostNotAllowed`, `SourceUnreadable` */
  request(url: string, request?: HttpRequest): Promise<HttpResponse>;
  /** The body of a 2xx answer. @throws OpenEOError also for other answers and for more than `maxBytes` (default 16 MiB). */
  bytes(
    url: string,
    request?: HttpRequest & { readonly maxBytes?: number },
  ): Promise<{ readonly response: HttpResponse; readonly bytes: Uint8Array }>;
  json(url: string, request?: HttpRequest & { readonly maxBytes?: number }): Promise<unknown>;
  close(): Promise<void>;
}

const maxRedirects = 5;
const defaultTimeoutMs = 30_000;
const defaultMaxBytes = 16 * 1024 * 1024;

/**
 * Resolves names for connections to hosts that may only be public: the addresses that are checked are the ones that
 * are connected to, whatever the name resolves to the next time.
 */
function publicLookup(resolve: typeof lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      const addresses = (found ?? []) as LookupAddress[];
      if (error) return callback(error, '', 0);
      if (addresses.length === 0 || addresses.some(({ address }) => isPrivateAddress(address)))
        return callback(new OpenEOError('HostNotAllowed', { host: hostname }), '', 0);
      if (options.all)
        (callback as unknown as (error: null, addresses: LookupAddress[]) => void)(null, addresses);
      else callback(null, addresses[0].address, addresses[0].family);
    });
  };
}

/** An address that may be asked, and where it may be. */
interface Target {
  readonly url: URL;
  readonly rule: Exclude<HostRule, 'refused'>;
}

function checkedTarget(url: string, base: string | undefined, allowed: readonly string[]): Target {
  if (!URL.canParse(url, base))
    throw new OpenEOError('SourceUnreadable', {
      source: printableUrl(url),
      reason: 'it is not a valid address',
    });
  const parsed = new URL(url, base);
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw new OpenEOError('SourceUnreadable', {
      source: printableUrl(parsed.href),
      reason: 'only http and https addresses are fetched',
    });
  }
  const rule = hostRule(parsed, allowed);
  const literal = literalAddress(parsed.hostname);
  if (rule === 'refused' || (rule === 'public' && literal !== undefined && isPrivateAddress(literal))) {
    throw new OpenEOError('HostNotAllowed', { host: parsed.host });
  }
  return { url: parsed, rule };
}

function flatHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

function unreadable({ url }: HttpResponse, reason: string, cause?: unknown): OpenEOError {
  return new OpenEOError('SourceUnreadable', { source: printableUrl(url), reason }, { cause });
}

/**
 * The body of an answer.
 * @throws OpenEOError `SourceUnreadable` for more than so many bytes, and where the connection breaks; the signal's reason
 */
export async function readBody(
  response: HttpResponse,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw unreadable(response, `it has more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof OpenEOError ? error : unreadable(response, 'the connection broke', error);
  }
  return Buffer.concat(chunks);
}

/** The HTTP client for everything that this program fetches. */
export function createHttpClient(options: {
  readonly allowedHosts: readonly string[];
  readonly logger: Logger;
  /** How names become addresses; default: as the system does it. */
  readonly resolve?: typeof lookup;
}): HttpClient {
  const allowed = options.allowedHosts;
  const resolve = options.resolve ?? lookup;
  const createAgent = (lookupAddress: LookupFunction) =>
    new Agent({ connect: { lookup: lookupAddress, timeout: 10_000 }, connections: 64, bodyTimeout: 60_000 });
  // Connections to hosts that are named themselves may go anywhere, and are never used for others.
  const agents = { any: createAgent(resolve as LookupFunction), public: createAgent(publicLookup(resolve)) };

  async function attempt({ url, rule }: Target, request: HttpRequest): Promise<HttpResponse> {
    const timeout = AbortSignal.timeout(request.timeoutMs ?? defaultTimeoutMs);
    const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
    try {
      const response = await send(url, {
        dispatcher: agents[rule],
        method: request.method ?? 'GET',
        headers: request.headers,
        body: request.body,
        signal,
      });
      return {
        url: url.href,
        status: response.statusCode,
        headers: flatHeaders(response.headers),
        body: response.body,
      };
    } catch (error) {
      request.signal?.throwIfAborted();
      if (error instanceof OpenEOError) throw error;
      const reason = timeout.aborted
        ? 'the server did not answer in time'
        : `the server cannot be reached (${(error as NodeJS.ErrnoException).code ?? 'connection failed'})`;
      throw new OpenEOError('SourceUnreadable', { source: printableUrl(url.href), reason }, { cause: error });
    }
  }

  async function request(url: string, init: HttpRequest = {}): Promise<HttpResponse> {
    let target = checkedTarget(url, undefined, allowed);
    let current = init;
    for (let hop = 0; ; hop++) {
      const response = await attempt(target, current);
      const location = response.headers['location'];
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response;
      response.body.on('error', () => {}).resume();
      if (hop === maxRedirects)
        throw new OpenEOError('SourceUnreadable', {
          source: printableUrl(url),
          reason: `it redirects more than ${maxRedirects} times`,
        });
      const next = checkedTarget(location, target.url.href, allowed);
      // Credentials stay with the host that they were meant for.
      if (next.url.origin !== target.url.origin)
        current = { ...current, headers: withoutCredentials(current.headers) };
      if (response.status === 303) current = { ...current, method: 'GET', body: undefined };
      target = next;
    }
  }

  async function bytes(url: string, init: HttpRequest & { readonly maxBytes?: number } = {}) {
    const response = await request(url, init);
    if (response.status < 200 || response.status > 299) {
      response.body.on('error', () => {}).destroy();
      throw unreadable(response, `the server answers ${response.status}`);
    }
    const body = await readBody(response, init.maxBytes ?? defaultMaxBytes, init.signal);
    return { response, bytes: new Uint8Array(body) };
  }

  return {
    request,
    bytes,
    async json(url, init) {
      const { bytes: body, response } = await bytes(url, init);
      try {
        return JSON.parse(new TextDecoder().decode(body));
      } catch (error) {
        throw unreadable(response, 'it is not JSON', error);
      }
    },
    close: async () => {
      await Promise.all(Object.values(agents).map((agent) => agent.destroy()));
    },
  };
}

function withoutCredentials(headers: HttpRequest['headers'] = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !['authorization', 'cookie'].includes(name.toLowerCase())),
  );
}
