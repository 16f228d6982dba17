import type { Request, Response } from 'express';
import { LRUCache } from 'lru-cache';
import { v4 as uuid } from 'uuid';
import type { Auth } from '../../auth/auth';
import type { User } from '../../store/records/types';
import { locationHash, maxTileZoom } from '../../tiles/identity';
import type { ServedTile, TileReader } from '../../tiles/reader';
import { crossOrigin, security } from '../middleware/headers';
import { clientLeft, type RequestRecord, recordRequest } from '../middleware/request-log';
import { tileAnswer } from '../routes/catalogue/serve-tile';
import type { Exchange, HeaderList, QuickHandler } from './exchange';

export interface QuickTilesOptions {
  readonly reader: TileReader;
  readonly isPublic: boolean;
  readonly auth: Pick<Auth, 'authenticate'>;
  readonly records: Parameters<typeof recordRequest>[0];
  /** Which of the proxies on the way are believed, as Express compiles it; absent: none. */
  readonly trust?: (address: string, hop: number) => boolean;
}

const route = '/tiles/{z}/{x}/{y}';
const pattern = /^\/tiles\/(0|[1-9]\d?)\/(0|[1-9]\d{0,9})\/(0|[1-9]\d{0,9})$/;

/** What every response carries, as the middleware sets it. */
function constantHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  const response = {
    setHeader: (name: string, value: string) => {
      headers[name.toLowerCase()] = value;
    },
    removeHeader: () => {},
  } as unknown as Response;
  for (const middleware of [crossOrigin, security])
    void middleware({ method: 'GET' } as Request, response, () => {});
  return headers;
}

/** The client's address as Express tells it: the first one on the way that no believed proxy has vouched for. */
function clientAddress(
  { headers, remoteAddress }: Exchange,
  trust: QuickTilesOptions['trust'],
): string | undefined {
  const forwarded = headers['x-forwarded-for'];
  if (!trust || forwarded === undefined || remoteAddress === undefined) return remoteAddress;
  const chain = [remoteAddress, ...String(forwarded).split(',').reverse()].map((each) => each.trim());
  const last = chain.findIndex((address, hop) => hop === chain.length - 1 || !trust(address, hop));
  return chain[last];
}

/**
 * Answers requests for tiles that are in memory, ahead of Express, which takes longer than all else that such a
 * request needs. What the client, the log and the metrics see is the same; all that is not as plain goes to Express.
 */
export function quickTiles(options: QuickTilesOptions): QuickHandler {
  const { reader, isPublic, auth, records, trust } = options;
  const constant = constantHeaders();
  /** By the headers of a tile: those with what every response carries. */
  const complete = new WeakMap<object, HeaderList>();
  /** Location hashes by path: digests are worth keeping. */
  const hashes = new LRUCache<string, string>({ max: 10_000 });

  function completed(headers: Readonly<Record<string, string>>): HeaderList {
    let all = complete.get(headers);
    if (!all) {
      all = Object.entries({ ...constant, ...headers }).flat();
      complete.set(headers, all);
    }
    return all;
  }

  function answer(exchange: Exchange, tile: ServedTile, startedMs: number, user?: User): void {
    const { method, target, headers, httpVersion } = exchange;
    const id = uuid();
    const found = tileAnswer(headers, tile, isPublic);
    const record: RequestRecord = {
      ...{ id, method, path: target, route, status: found.status, startedMs, httpVersion },
      address: clientAddress(exchange, trust),
      user: user?.id,
    };
    exchange.onClose((isComplete) =>
      recordRequest(records, isComplete ? record : { ...record, status: clientLeft }),
    );
    const isBodiless = found.status === 304 || method === 'HEAD';
    const fields = [...completed(found.headers), 'x-request-id', id];
    exchange.answer(found.status, fields, isBodiless ? undefined : tile.bytes);
  }

  function find(target: string): ServedTile | undefined {
    const known = hashes.get(target);
    if (known !== undefined) return reader.peek(known);
    const match = pattern.exec(target);
    if (!match) return undefined;
    const tile = { z: Number(match[1]), x: Number(match[2]), y: Number(match[3]) };
    if (tile.z > maxTileZoom || tile.x >= 2 ** tile.z || tile.y >= 2 ** tile.z) return undefined;
    const hash = locationHash(tile);
    hashes.set(target, hash);
    return reader.peek(hash);
  }

  return (exchange, otherwise) => {
    const { method, target, headers } = exchange;
    const startedMs = performance.now();
    const tile = method === 'GET' || method === 'HEAD' ? find(target) : undefined;
    if (!tile) return otherwise();
    if (isPublic) return answer(exchange, tile, startedMs);
    if (headers.authorization === undefined) return otherwise();
    auth.authenticate(headers.authorization).then(
      // One who has left meanwhile is recorded by Express as well.
      (user) => (user && !exchange.isGone() ? answer(exchange, tile, startedMs, user) : otherwise()),
      () => otherwise(),
    );
  };
}
