import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { OpenEOError } from '../../base/errors';
import { Limiter } from '../../base/limiter';
import { type HttpClient, readBody } from '../../base/net';
import { type Address, isRemote, unreadable } from './address';
import { type Fields, isFields } from './fields';

/** A parsed JSON document. The value is the same object until the document changes. */
export interface StacDocument {
  /** After redirects: what its references are relative to. */
  readonly address: Address;
  readonly value: Fields;
  /** Changes with the content. */
  readonly version: string;
}

interface Cached {
  readonly document: StacDocument;
  /** ETag, or size and time of a local file. */
  readonly validator: string | undefined;
  readonly checkedAt: number;
  /** Of the text. */
  readonly bytes: number;
}

const maxBytes = 64 << 20;
const maxCached = 50_000;

/** Reads JSON documents and keeps them; one that did not change is not parsed again. */
export class DocumentReader {
  readonly #cached = new Map<Address, Cached>();
  readonly #reading = new Map<Address, Promise<StacDocument>>();
  readonly #limiter = new Limiter(16);
  #bytes = 0;

  /**
   * @param remoteFreshMs for how long a document from the network is taken without asking again
   * @param mostBytes what all documents may have together
   */
  constructor(
    readonly http: HttpClient,
    readonly remoteFreshMs: number,
    readonly mostBytes = Number.POSITIVE_INFINITY,
  ) {}

  /** Of the texts of the documents that it keeps. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws OpenEOError `SourceUnreadable` and those of the HTTP client */
  read(address: Address): Promise<StacDocument> {
    let reading = this.#reading.get(address);
    if (!reading) {
      reading = this.#limiter.run(() => this.#current(address)).finally(() => this.#reading.delete(address));
      this.#reading.set(address, reading);
    }
    return reading;
  }

  async #current(address: Address): Promise<StacDocument> {
    const known = this.#cached.get(address);
    const cached = isRemote(address)
      ? await this.#readRemote(address, known)
      : await this.#readLocal(address, known);
    if (this.#cached.size >= maxCached && !this.#cached.has(address)) {
      this.#cached.clear();
      this.#bytes = 0;
    }
    const all = this.#bytes + cached.bytes - (this.#cached.get(address)?.bytes ?? 0);
    if (all > this.mostBytes)
      throw unreadable(address, `with those before it, there are more than ${this.mostBytes >> 20} MB`);
    this.#bytes = all;
    this.#cached.set(address, cached);
    return cached.document;
  }

  async #readLocal(address: Address, known: Cached | undefined): Promise<Cached> {
    try {
      const { size, mtimeMs, ino } = await stat(address);
      const validator = `${size}-${mtimeMs}-${ino}`;
      if (known?.validator === validator) return known;
      if (size > maxBytes) throw unreadable(address, `it is larger than ${maxBytes >> 20} MB`);
      const bytes = await readFile(address);
      const document = parse(address, bytes, known);
      return { document, validator, checkedAt: Date.now(), bytes: bytes.length };
    } catch (error) {
      if (error instanceof OpenEOError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      throw unreadable(address, code === 'ENOENT' ? 'there is no such file' : `${code ?? error}`, error);
    }
  }

  async #readRemote(address: Address, known: Cached | undefined): Promise<Cached> {
    const now = Date.now();
    if (known && now - known.checkedAt < this.remoteFreshMs) return known;
    const headers: Record<string, string> = { accept: 'application/json, application/geo+json' };
    if (known?.validator) headers['if-none-match'] = known.validator;
    const response = await this.http.request(address, { headers, timeoutMs: 30_000 });
    if (response.status !== 200) {
      response.body.on('error', () => {}).resume();
      if (response.status === 304 && known) return { ...known, checkedAt: now };
      throw unreadable(address, `the server answers ${response.status}`);
    }
    const body = await readBody(response, maxBytes);
    const document = parse(response.url || address, body, known);
    return { document, validator: response.headers['etag'], checkedAt: now, bytes: body.length };
  }
}

function parse(address: Address, bytes: Buffer, known: Cached | undefined): StacDocument {
  const version = createHash('sha256').update(bytes).digest('base64url').slice(0, 16);
  // Rewritten with the same content: what was made of it stays valid.
  if (known?.document.version === version && known.document.address === address) return known.document;
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw unreadable(address, `it is not valid JSON (${(cause as Error).message})`, cause);
  }
  if (!isFields(value)) throw unreadable(address, 'it is no JSON object');
  return { address, value, version };
}
