import { createHash } from 'node:crypto';
import { FormData, type Pool } from 'undici';
import type { TileAddress } from '../../geo/types';
import { imageTypeOf } from '../image-type';
import { openPool } from './connection';
import { RefusedError, type RetryOptions, retryAfterMs, retrying, TransientError } from './retry';

/** What an inventory says of a cell's tile, in the spelling of the wire. */
export interface InventoryTile {
  readonly id: string;
  readonly location_hash: string;
  readonly captured_at: string;
  readonly source: string;
  readonly resolution_m_per_px: number;
  readonly estimated_bytes: number | null;
}

export type FetchedTile =
  | { readonly kind: 'tile'; readonly bytes: Buffer; readonly etag?: string }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'absent' };

export interface UploadOutcome {
  readonly index: number;
  readonly status: number;
  readonly id?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface TileServerOptions extends Omit<RetryOptions, 'signal'> {
  /** An access token, as the server gave it. */
  readonly token?: string;
  readonly signal: AbortSignal;
}

const isTransient = (status: number) => [408, 425, 429, 502, 503, 504].includes(status);

function header({ headers }: Answer, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** A server's error in its own words. */
function refusal(answer: Answer): RefusedError {
  try {
    const { code, message } = JSON.parse(answer.body.toString()) as { code?: unknown; message?: unknown };
    if (typeof message === 'string') return new RefusedError(message, answer.status, String(code));
  } catch {
    // Not one of ours: a proxy, perhaps.
  }
  return new RefusedError(`The server answers ${answer.status}.`, answer.status);
}

/** The tile catalogue of a server, over HTTP. Every call is repeated while it fails for reasons that may pass. */
export class TileServer {
  private constructor(
    /** Where the server's paths begin: a proxy may have put it below one of its own. */
    readonly base: string,
    readonly pool: Pool,
    readonly isH2: boolean,
    readonly options: TileServerOptions,
  ) {}

  /**
   * @param url of the server
   * @throws TransientError where it cannot be reached; RefusedError for an address that is none
   */
  static async open(url: string, options: TileServerOptions): Promise<TileServer> {
    const address = URL.canParse(url) ? new URL(url) : undefined;
    if (!address || !/^https?:$/.test(address.protocol) || address.search !== '' || address.username !== '')
      throw new RefusedError(`"${url}" is not the address of a server: http(s)://host:port`, 0);
    const { pool, isH2 } = await retrying(() => openPool(address.origin), options);
    return new TileServer(address.pathname.replace(/\/+$/, ''), pool, isH2, options);
  }

  /** What there is in up to 5,000 cells; an entry per cell, null for empty ones. @throws RefusedError, TransientError */
  async inventory(cells: readonly TileAddress[]): Promise<readonly (InventoryTile | null)[]> {
    const body = JSON.stringify({ tiles: cells.map(({ z, x, y }) => ({ z, x, y })) });
    return this.#repeated(async () => {
      const headers = { 'content-type': 'application/json' };
      const answer = await this.#send('POST', '/api/satellite/tiles/inventory', { headers, body });
      if (answer.status !== 200) throw refusal(answer);
      const { tiles } = parseJson(answer) as { tiles?: { tile: InventoryTile | null }[] };
      if (!Array.isArray(tiles) || tiles.length !== cells.length)
        throw new TransientError('the server answers something that is no inventory');
      return tiles.map(({ tile }) => tile);
    });
  }

  /** A cell's image, checked as far as the server says what it sends. @throws RefusedError, TransientError */
  async tile({ z, x, y }: TileAddress, etag?: string): Promise<FetchedTile> {
    return this.#repeated(async () => {
      const headers: Record<string, string> = etag === undefined ? {} : { 'if-none-match': etag };
      const answer = await this.#send('GET', `/tiles/${z}/${x}/${y}`, { headers });
      if (answer.status === 304 && etag !== undefined) return { kind: 'unchanged' };
      if (answer.status === 404) return { kind: 'absent' };
      if (answer.status !== 200) throw refusal(answer);
      checkBody(answer);
      return { kind: 'tile', bytes: answer.body, etag: header(answer, 'etag') };
    });
  }

  /** Uploads files; an outcome for each. @throws RefusedError for the whole, TransientError */
  async upload(
    files: readonly { readonly metadata: unknown; readonly bytes: Uint8Array; readonly name: string }[],
  ): Promise<readonly UploadOutcome[]> {
    return this.#repeated(async () => {
      const body = new FormData();
      body.set('metadata', JSON.stringify(files.map(({ metadata }) => metadata)));
      for (const { bytes, name } of files) body.append('files', new Blob([new Uint8Array(bytes)]), name);
      const answer = await this.#send('POST', '/api/satellite/upload', { body });
      if (answer.status === 207) return parseJson(answer) as UploadOutcome[];
      if (answer.status === 200 || answer.status === 201) return [parseJson(answer) as UploadOutcome];
      const { message, status, code = 'Unknown' } = refusal(answer);
      // One file is answered with its own error; not so what concerns the caller.
      if (files.length > 1 || [401, 403, 404, 405].includes(status)) throw refusal(answer);
      return [{ index: 0, status, error: { code, message } }];
    });
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  #repeated<T>(work: () => Promise<T>): Promise<T> {
    return retrying(work, this.options);
  }

  /** One request and all of its answer. @throws TransientError */
  async #send(
    method: 'GET' | 'POST',
    path: string,
    { headers, body }: { readonly headers?: Record<string, string>; readonly body?: string | FormData },
  ): Promise<Answer> {
    const { token, signal } = this.options;
    let answer: Answer;
    try {
      const response = await this.pool.request({
        ...{ method, path: `${this.base}${path}`, body, signal },
        headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      });
      const bytes = Buffer.from(await response.body.arrayBuffer());
      answer = { status: response.statusCode, headers: response.headers, body: bytes };
    } catch (error) {
      signal.throwIfAborted();
      const { code, message } = error as NodeJS.ErrnoException;
      throw new TransientError(`the connection failed (${code ?? message})`, undefined, { cause: error });
    }
    if (isTransient(answer.status)) {
      const pause = retryAfterMs(header(answer, 'retry-after'));
      throw new TransientError(`the server answers ${answer.status}`, pause);
    }
    return answer;
  }
}

function parseJson({ body }: Answer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw new TransientError('the server answers something that is not JSON', undefined, { cause: error });
  }
}

/** @throws TransientError for bytes that are not those that the server meant to send */
function checkBody(answer: Answer): void {
  const length = header(answer, 'content-length');
  if (length !== undefined && Number(length) !== answer.body.length)
    throw new TransientError('the answer was cut off');
  // RFC 9530; a sender may name several algorithms.
  const digests = header(answer, 'repr-digest') ?? header(answer, 'content-digest');
  const sha256 = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):/.exec(digests ?? '')?.[1];
  if (sha256 !== undefined && createHash('sha256').update(answer.body).digest('base64') !== sha256)
    throw new TransientError('the answer does not have its digest');
  if (!imageTypeOf(answer.body)) throw new TransientError('the answer is no image');
}
