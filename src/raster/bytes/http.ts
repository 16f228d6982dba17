import { setTimeout as sleep } from 'node:timers/promises';
import { OpenEOError } from '../../base/errors';
import type { HttpClient, HttpResponse } from '../../base/net';
import type { FileSource } from '../source';
import { reading, unreadable } from './unreadable';

/** Requests whose gap is below this are made one: a request costs more than these bytes. */
const maxGap = 32 * 1024;
const maxJoined = 8 * 1024 * 1024;
const attempts = 4;
/** Answers after which another try may help. */
const transient = new Set([408, 425, 429, 500, 502, 503, 504]);

interface Wanted {
  readonly offset: number;
  readonly length: number;
  readonly signal?: AbortSignal;
  resolve(bytes: Uint8Array): void;
  reject(error: unknown): void;
}

class Retry extends Error {}

/** The file behind an address is not the one that reading began with. */
class SourceChanged extends Error {}

/**
 * A file on a web server, read by ranges. Reads of one turn of the event loop that lie near each other
 * become one request; failures that may pass are tried again. The version is the server's ETag or
 * Last-Modified; when it changes, reads fail instead of mixing two files.
 */
export class HttpSource implements FileSource {
  readonly id: string;
  #version: string | undefined;
  #size: number | undefined;
  #queue: Wanted[] = [];

  constructor(
    url: string,
    readonly http: HttpClient,
    readonly retryDelayMs = 100,
  ) {
    this.id = url;
  }

  /** Known after the first read. */
  async version(signal?: AbortSignal): Promise<string> {
    if (this.#version === undefined) await this.read(0, 1, signal);
    return this.#version ?? '';
  }

  /** The length of the file where the server has told it. */
  async size(): Promise<number | undefined> {
    return this.#size;
  }

  /** Asks the server whether the file is still the same. */
  async isCurrent(signal?: AbortSignal): Promise<boolean> {
    if (this.#version === undefined) return true;
    try {
      const { version } = await this.#fetch(0, 1, signal);
      return version === this.#version;
    } catch (error) {
      if ((error as Error).cause instanceof SourceChanged) return false;
      throw error;
    }
  }

  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.push({
        offset,
        length,
        ...(signal && { signal }),
        resolve(bytes) {
          signal?.removeEventListener('abort', onAbort);
          resolve(bytes);
        },
        reject(error) {
          signal?.removeEventListener('abort', onAbort);
          reject(error);
        },
      });
      if (this.#queue.length === 1) setImmediate(() => this.#flush());
    });
  }

  async close(): Promise<void> {}

  #flush(): void {
    const wanted = this.#queue.sort((a, b) => a.offset - b.offset);
    this.#queue = [];
    let group: Wanted[] = [];
    let end = 0;
    for (const next of wanted) {
      const joins =
        group.length > 0 &&
        next.offset <= end + maxGap &&
        next.offset + next.length - group[0].offset <= maxJoined;
      if (!joins) {
        if (group.length > 0) void this.#serve(group, end);
        group = [];
        end = next.offset;
      }
      group.push(next);
      end = Math.max(end, next.offset + next.length);
    }
    if (group.length > 0) void this.#serve(group, end);
  }

  async #serve(group: readonly Wanted[], end: number): Promise<void> {
    const start = group[0].offset;
    const shared = sharedSignal(group);
    try {
      const { bytes } = await this.#fetch(start, end - start, shared.signal);
      for (const { offset, length, resolve } of group)
        resolve(bytes.subarray(offset - start, Math.min(bytes.length, offset - start + length)));
    } catch (error) {
      for (const { reject } of group) reject(error);
    } finally {
      shared.release();
    }
  }

  async #fetch(
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<{ bytes: Uint8Array; version: string }> {
    return reading(this.id, signal, async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#once(offset, length, signal);
        } catch (error) {
          signal?.throwIfAborted();
          if (attempt === attempts || !mayPass(error))
            throw error instanceof Retry ? unreadable(this.id, error.message) : error;
        }
        await sleep(
          this.retryDelayMs * 2 ** (attempt - 1) * (0.5 + Math.random()),
          undefined,
          signal && { signal },
        );
      }
    });
  }

  async #once(
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<{ bytes: Uint8Array; version: string }> {
    const response = await this.http.request(this.id, {
      headers: { range: `bytes=${offset}-${offset + length - 1}`, 'accept-encoding': 'identity' },
      ...(signal && { signal }),
    });
    try {
      return await this.#take(response, offset, length);
    } finally {
      // A body that is left unread fails once it is destroyed; nobody else listens.
      response.body.on('error', () => {}).destroy();
    }
  }

  async #take(
    response: HttpResponse,
    offset: number,
    length: number,
  ): Promise<{ bytes: Uint8Array; version: string }> {
    const { status, headers } = response;
    if (transient.has(status)) throw new Retry(`the server answers ${status}`);
    if (status === 416) return { bytes: new Uint8Array(0), version: this.#version ?? '' };
    if (status === 200)
      throw unreadable(this.id, 'the server does not support range requests, which large files need');
    if (status !== 206) throw unreadable(this.id, `the server answers ${status}`);
    const range = /^bytes\s+(\d+)-(\d+)\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
    if (!range || Number(range[1]) !== offset) throw unreadable(this.id, 'the server answers another range');
    const size = range[3] === '*' ? undefined : Number(range[3]);
    const version = headers['etag'] ?? `${headers['last-modified'] ?? ''}/${size ?? ''}`;
    if (this.#version === undefined) this.#version = version;
    else if (version !== this.#version) throw new SourceChanged('the file has changed while it was read');
    this.#size = size ?? this.#size;
    const expected = Math.min(length, Number(range[2]) - offset + 1);
    const bytes = new Uint8Array(expected);
    let done = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      const part = chunk.subarray(0, expected - done);
      bytes.set(part, done);
      done += part.length;
      if (done === expected) break;
    }
    if (done < expected) throw new Retry('the connection ends before the data does');
    return { bytes, version };
  }
}

/** Broken connections and busy servers; refusals and changed files stay what they are. */
function mayPass(error: unknown): boolean {
  if (error instanceof Retry) return true;
  if (error instanceof SourceChanged) return false;
  if (!(error instanceof OpenEOError)) return true;
  return error.code === 'SourceUnreadable' && error.cause !== undefined;
}

/** A signal that fires when nobody waits any more. */
function sharedSignal(group: readonly Wanted[]): { signal?: AbortSignal; release(): void } {
  if (group.some(({ signal }) => signal === undefined)) return { release: () => {} };
  if (group.length === 1) return { signal: group[0].signal!, release: () => {} };
  const controller = new AbortController();
  let waiting = group.length;
  const onAbort = () => {
    if (--waiting === 0) controller.abort(group[0].signal?.reason);
  };
  for (const { signal } of group) {
    if (signal!.aborted) onAbort();
    else signal!.addEventListener('abort', onAbort, { once: true });
  }
  return {
    signal: controller.signal,
    release: () => {
      for (const { signal } of group) signal!.removeEventListener('abort', onAbort);
    },
  };
}
