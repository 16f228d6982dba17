import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type LogFields, type Logger, type LogLevel, silentLogger } from '../../../src/base/logger';
import type { HttpClient } from '../../../src/base/net';
import { openCatalog } from '../../../src/store/catalog/open';
import { listen } from '../../support/listen';

/** Requests over the platform's fetch, without the checks of hosts that the real client makes. */
export function plainHttp(): HttpClient {
  const request: HttpClient['request'] = async (url, options = {}) => {
    const { method, headers, signal } = options;
    const answer = await fetch(url, { method, headers: { ...headers }, signal });
    return {
      url: answer.url,
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: answer.body ? Readable.fromWeb(answer.body) : Readable.from([]),
    };
  };
  return {
    request,
    async bytes(url, options) {
      const response = await request(url, options);
      const chunks: Buffer[] = [];
      for await (const chunk of response.body) chunks.push(chunk as Buffer);
      return { response, bytes: Buffer.concat(chunks) };
    },
    async json(url, options) {
      return JSON.parse(Buffer.from((await this.bytes(url, options)).bytes).toString());
    },
    close: async () => {},
  };
}

export interface DocumentServer {
  readonly url: string;
  /** By path; a changed entry has another ETag. */
  readonly documents: Map<string, unknown>;
  /** Paths that were asked for, and what was answered. */
  readonly requests: string[];
  close(): Promise<void>;
}

export async function serveDocuments(): Promise<DocumentServer> {
  const documents = new Map<string, unknown>();
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    const document = documents.get(path);
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    const etag = `"${Buffer.from(text ?? '').toString('base64url').length}-${text?.length}-${hash(text ?? '')}"`;
    const status = document === undefined ? 404 : request.headers['if-none-match'] === etag ? 304 : 200;
    requests.push(`${status} ${path}`);
    response.writeHead(status, { etag, 'content-type': 'application/json' });
    response.end(status === 200 ? text : undefined);
  });
  return {
    url: `http://127.0.0.1:${await listen(server)}`,
    documents,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function hash(text: string): number {
  let value = 0;
  for (const character of text) value = (Math.imul(value, 31) + character.charCodeAt(0)) >>> 0;
  return value;
}

/** A logger that keeps what it is told. */
export function recordingLogger(): Logger & {
  readonly events: { level: LogLevel; message: string; fields: LogFields }[];
} {
  const events: { level: LogLevel; message: string; fields: LogFields }[] = [];
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      events.push({ level, message, fields });
    };
  const logger = {
    events,
    error: at('error'),
    warning: at('warning'),
    info: at('info'),
    debug: at('debug'),
    child: () => logger,
  };
  return logger;
}

export function stacItem(id: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: 'Feature',
    stac_version: '1.0.0',
    id,
    bbox: [10, 45, 11, 46],
    geometry: null,
    properties: { datetime: '2024-06-01T10:00:00Z', 'eo:cloud_cover': 12.5, platform: 'sentinel-2a' },
    links: [],
    assets: { B04: { href: `./${id}/B04.tif`, type: 'image/tiff; application=geotiff', roles: ['data'] } },
    ...changes,
  };
}

export function stacCollection(
  id: string,
  links: unknown[],
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    type: 'Collection',
    stac_version: '1.0.0',
    id,
    description: `The collection ${id}`,
    license: 'CC-BY-4.0',
    extent: {
      spatial: { bbox: [[10, 45, 11, 46]] },
      temporal: { interval: [['2024-01-01T00:00:00Z', null]] },
    },
    links,
    ...changes,
  };
}

/** Documents are looked at again by every call. */
export const always = { localMs: 0, remoteMs: 0 };

/** A folder for the documents of each test; what is written there may be an object or text. */
export function documentFolder() {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'catalog-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const path = (name: string) => join(folder, name);
  return {
    path,
    async write(name: string, document: unknown): Promise<string> {
      await mkdir(join(path(name), '..'), { recursive: true });
      await writeFile(path(name), typeof document === 'string' ? document : JSON.stringify(document));
      return path(name);
    },
  };
}

/** A catalogue of collections, without a log. */
export const open = (...collections: string[]) =>
  openCatalog({ collections, http: plainHttp(), logger: silentLogger, freshness: always });
