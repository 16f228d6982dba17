import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TileAddress } from '../../../../src/geo/types';
import { locationHash, tileId } from '../../../../src/tiles/identity';
import { formatInstant } from '../../../../src/tiles/instant';

type Request = http.IncomingMessage | http2.Http2ServerRequest;
type Response = http.ServerResponse | http2.Http2ServerResponse;

export interface StubTile {
  bytes: Buffer;
  capturedAt: number;
  resolution: number;
}

/** What a fault does to the answer of a tile; true: it has answered, or will not. */
export type Fault = (response: Response, tile: StubTile, attempt: number) => boolean;

/** A small server of tiles whose answers can be spoilt, in clear text, and what it has seen. */
export interface StubServer {
  readonly url: string;
  readonly tiles: Map<string, StubTile>;
  /** Faults by `z/x/y`; `*` for all others. */
  readonly faults: Map<string, Fault>;
  /** Instead of inventories. */
  inventoryFault: ((response: Response, attempt: number) => boolean) | undefined;
  readonly seen: {
    /** Paths of tiles, in order. */
    readonly tiles: string[];
    readonly inventories: number[];
    readonly versions: Set<string>;
    readonly notModified: string[];
    connections: number;
    mostAtOnce: number;
    authorization: string | undefined;
  };
  /** The first tiles are answered when so many were asked for. */
  together: number;
  add(cell: TileAddress, changes?: Partial<StubTile>): StubTile;
  close(): Promise<void>;
}

const name = ({ z, x, y }: TileAddress) => `${z}/${x}/${y}`;

export const jpeg = (size = 200) => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), randomBytes(size - 3)]);

async function bodyOf(request: Request): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** @param tls for `h2`, which is chosen in its handshake */
export async function startStub(
  version: 'h2c' | 'h2' | 'http/1.1' = 'h2c',
  tls?: { readonly key: string; readonly cert: string },
): Promise<StubServer> {
  const tiles = new Map<string, StubTile>();
  const faults = new Map<string, Fault>();
  const attempts = new Map<string, number>();
  let running = 0;
  const waiting: (() => void)[] = [];
  const seen: StubServer['seen'] = {
    ...{
      tiles: [],
      inventories: [],
      versions: new Set<string>(),
      notModified: [],
      connections: 0,
      mostAtOnce: 0,
    },
    authorization: undefined,
  };

  function count(what: string): number {
    const attempt = (attempts.get(what) ?? 0) + 1;
    attempts.set(what, attempt);
    return attempt;
  }

  function inventory(cells: TileAddress[]): unknown {
    return {
      tiles: cells.map((cell) => {
        const tile = tiles.get(name(cell));
        return {
          ...cell,
          location_hash: locationHash(cell),
          present: tile !== undefined,
          tile: tile
            ? {
                ...{ id: tileId(cell, 'google_maps', undefined), location_hash: locationHash(cell) },
                ...{ captured_at: formatInstant(tile.capturedAt), source: 'google_maps' },
                ...{ resolution_m_per_px: tile.resolution, estimated_bytes: tile.bytes.length },
              }
            : null,
        };
      }),
    };
  }

  async function answer(request: Request, response: Response): Promise<void> {
    seen.versions.add(request.httpVersion);
    seen.authorization = request.headers['authorization'];
    if (request.url === '/api/satellite/tiles/inventory') {
      const { tiles: cells } = JSON.parse(await bodyOf(request)) as { tiles: TileAddress[] };
      seen.inventories.push(cells.length);
      if (server.inventoryFault?.(response, count('inventory'))) return;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(inventory(cells)));
      return;
    }
    const path = request.url?.replace(/^\/tiles\//, '') ?? '';
    seen.tiles.push(path);
    seen.mostAtOnce = Math.max(seen.mostAtOnce, ++running);
    if (running >= server.together) {
      server.together = 0;
      for (const go of waiting.splice(0)) go();
    } else if (server.together > 0) await new Promise<void>((go) => waiting.push(go));
    running--;
    const tile = tiles.get(path);
    if (!tile) {
      response.statusCode = 404;
      response.end('{"code":"TileNotFound","message":"The cell is empty."}');
      return;
    }
    if ((faults.get(path) ?? faults.get('*'))?.(response, tile, count(path))) return;
    const etag = `"${createHash('sha256').update(tile.bytes).digest('hex').slice(0, 16)}"`;
    response.setHeader('etag', etag);
    if (request.headers['if-none-match'] === etag) {
      seen.notModified.push(path);
      response.statusCode = 304;
      response.end();
      return;
    }
    response.setHeader('content-type', 'image/jpeg');
    response.setHeader(
      'repr-digest',
      `sha-256=:${createHash('sha256').update(tile.bytes).digest('base64')}:`,
    );
    response.setHeader('content-length', String(tile.bytes.length));
    response.end(tile.bytes);
  }

  const handle = (request: Request, response: Response) => {
    response.on('error', () => {});
    answer(request, response).catch(() => response.destroy());
  };
  const create = {
    h2c: () => http2.createServer(handle),
    h2: () => http2.createSecureServer({ ...tls, allowHTTP1: true }, handle),
    'http/1.1': () => http.createServer(handle),
  };
  const listener: import('node:net').Server = create[version]();
  const sockets = new Set<{ destroy(): void }>();
  listener.on('connection', (socket: import('node:net').Socket) => {
    seen.connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  listener.on('sessionError', () => {});
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const server: StubServer = {
    ...{
      url: `${tls ? 'https' : 'http'}://127.0.0.1:${(listener.address() as AddressInfo).port}`,
      tiles,
      faults,
      seen,
    },
    ...{ inventoryFault: undefined, together: 0 },
    add(cell, changes = {}) {
      const tile = { bytes: jpeg(), capturedAt: 1.7e15, resolution: 0.5, ...changes };
      tiles.set(name(cell), tile);
      return tile;
    },
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return server;
}
