import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { LRUCache } from 'lru-cache';
import { withinSeconds } from '../base/deadline';
import { OpenEOError } from '../base/errors';
import type { Limiter } from '../base/limiter';
import { transformBounds, wgs84 } from '../geo/crs';
import { intersectBounds } from '../geo/grid';
import type { TileMatrixSet } from '../geo/tile-matrix-set';
import type { TileAddress } from '../geo/types';
import { findFormat, outputFormats } from '../raster/formats/registry';
import type { Encoded } from '../raster/formats/types';
import type { SubjectLogs } from '../store/records/subject-logs';
import type { User } from '../store/records/types';
import { requireSight } from './access';
import type { XyzSettings } from './configuration';
import { drawingOf, drawTile } from './draw';
import { emptyTile } from './empty-tile';
import { encodeResult } from './encode-result';
import type { Evaluated, ServiceEvaluator } from './evaluate';
import type { PreparedService, PreparedServices } from './prepared-services';
import type { Seeds } from './seeds';
import { SharedWork } from './shared-work';
import { matchesTag, type TileResponse } from './tile-response';
import { WholeScenes } from './whole-scenes';

export interface TileRequest {
  readonly serviceId: string;
  /** As it stands in the address. */
  readonly tile: { readonly z: string; readonly x: string; readonly y: string };
  readonly query: ReadonlyMap<string, string>;
  readonly user?: User;
  /** A signed address was presented and is valid for this service. */
  readonly isSigned: boolean;
  readonly isHead: boolean;
  readonly ifNoneMatch?: string;
  readonly signal: AbortSignal;
}

interface RenderedTile {
  readonly mediaType: string;
  readonly body: Uint8Array;
  readonly hasData: boolean;
}

const maxAgeSeconds = 60;
/** People who wait go first. */
const seedPriority = 0;

/** What a tile shows, by everything that it is made of. */
function contentOf(
  evaluated: Evaluated,
  { z, x, y }: TileAddress,
): { readonly key: string; readonly tag: string } {
  const address = evaluated.cube?.grid ? `${z}/${x}/${y}` : 'all';
  const key = `${evaluated.key}/${evaluated.cube?.dataVersion}/${address}`;
  return { key, tag: createHash('sha256').update(key).digest('base64url').slice(0, 27) };
}

/** @throws OpenEOError `TileInvalid` for what is no tile of the matrix set */
export function parseTile(text: TileRequest['tile'], matrixSet: TileMatrixSet): TileAddress {
  const whole = /^(0|[1-9]\d{0,9})$/;
  if (![text.z, text.x, text.y].every((part) => whole.test(part))) {
    throw new OpenEOError('TileInvalid', {
      reason: 'zoom, column and row must be whole numbers without leading zeros',
    });
  }
  const tile = { z: Number(text.z), x: Number(text.x), y: Number(text.y) };
  if (!matrixSet.contains(tile))
    throw new OpenEOError('TileInvalid', {
      reason: `${matrixSet.id} has no tile ${tile.z}/${tile.x}/${tile.y}`,
    });
  return tile;
}

function isInsideExtent(tile: TileAddress, { extent }: XyzSettings, matrixSet: TileMatrixSet): boolean {
  if (!extent) return true;
  const [west, south, east, north] = extent;
  const area = transformBounds(matrixSet.bounds(tile), matrixSet.crs, wgs84);
  const parts =
    west < east
      ? [[west, east]]
      : [
          [west, 180],
          [-180, east],
        ];
  return parts.some(
    ([from, to]) => intersectBounds(area, { west: from, south, east: to, north }) !== undefined,
  );
}

function requireZoom(tile: TileAddress, settings: XyzSettings): void {
  if (tile.z >= settings.minzoom && tile.z <= settings.maxzoom) return;
  throw new OpenEOError('TileOutsideService', {
    ...tile,
    reason: `it serves the zoom levels ${settings.minzoom} to ${settings.maxzoom}`,
  });
}

/** Answers requests for tiles: access, evaluation, drawing, and everything that spares them. */
export class TileRenderer {
  readonly #cache: LRUCache<string, RenderedTile> | undefined;
  readonly #flights = new SharedWork<RenderedTile>();
  readonly #scenes: WholeScenes;

  constructor(
    private readonly parts: {
      readonly prepared: PreparedServices;
      readonly evaluator: ServiceEvaluator;
      readonly logs: SubjectLogs;
      readonly limiter: Limiter;
      readonly limits: { readonly pixels: number; readonly seconds: number };
      readonly cacheBytes: number;
      /** Fires when the server stops. */
      readonly stopped: AbortSignal;
      /** Tiles that were drawn ahead. */
      readonly seeds: Seeds;
    },
  ) {
    const { limits, stopped } = parts;
    this.#scenes = new WholeScenes({ maxPixels: limits.pixels, seconds: limits.seconds, stopped });
    if (parts.cacheBytes > 0) {
      const sizeCalculation = ({ body }: RenderedTile) => body.byteLength + 256;
      this.#cache = new LRUCache({ maxSize: parts.cacheBytes, sizeCalculation });
    }
  }

  /** @throws OpenEOError with every reason why there is no such tile for this caller */
  async render(request: TileRequest): Promise<TileResponse> {
    const prepared = await this.parts.prepared.get(request.serviceId);
    const { service, settings, matrixSet } = prepared;
    if (request.isSigned && prepared.writes) {
      throw new OpenEOError('PermissionsInsufficient', {
        reason: 'a service that changes something is not reachable by signed addresses; send a token',
      });
    }
    if (!request.isSigned) requireSight(service, settings, request.user);
    if (!service.enabled) throw new OpenEOError('ServiceDisabled', { identifier: service.id });
    const tile = parseTile(request.tile, matrixSet);
    requireZoom(tile, settings);
    if (!isInsideExtent(tile, settings, matrixSet)) return this.#empty(prepared, undefined);
    if (prepared.writes) return this.#runWriting(prepared, tile, request);
    try {
      return await this.#serve(prepared, tile, request);
    } catch (error) {
      this.#report(prepared, tile, error);
      throw error;
    }
  }

  async #runWriting(
    prepared: PreparedService,
    tile: TileAddress,
    request: TileRequest,
  ): Promise<TileResponse> {
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
    if (request.isHead) return { status: 200, headers };
    try {
      const evaluated = await this.#evaluate(prepared, tile, request, request.signal);
      if (!evaluated.cube) {
        const { mediaType, body } = await this.#encode(evaluated, request.signal);
        return { status: 200, headers: { ...headers, 'content-type': mediaType }, body };
      }
      const drawn = await this.#draw(prepared, tile, evaluated, request.signal);
      return { status: 200, headers: { ...headers, 'content-type': drawn.mediaType }, body: drawn.body };
    } catch (error) {
      this.#report(prepared, tile, error);
      throw error;
    }
  }

  async #serve(prepared: PreparedService, tile: TileAddress, request: TileRequest): Promise<TileResponse> {
    const evaluated = await this.#evaluate(prepared, tile, request, request.signal);
    if (!evaluated.cube) return this.#value(prepared, evaluated, request);
    const { key, tag } = contentOf(evaluated, tile);
    const etag = `"${tag}"`;
    const headers = this.#headers(prepared, { etag });
    if (matchesTag(request.ifNoneMatch, etag)) return { status: 304, headers };
    const drawn =
      this.#cache?.get(key) ??
      (await this.#flights.do(key, request.signal, async (signal) => {
        const made =
          (await this.#stored(prepared, tile, evaluated, tag)) ??
          (await this.#draw(prepared, tile, evaluated, signal));
        this.#cache?.set(key, made);
        return made;
      }));
    if (!drawn.hasData && evaluated.cube.grid) return this.#empty(prepared, drawn, headers);
    return { status: 200, headers: { ...headers, 'content-type': drawn.mediaType }, body: drawn.body };
  }

  /** What a service shows to everybody, for drawing ahead. @throws OpenEOError `ServiceNotSeedable` for what is no map */
  async evaluateForAll(
    prepared: PreparedService,
    tile: TileAddress,
    signal: AbortSignal,
  ): Promise<Evaluated> {
    const evaluated = await this.parts.evaluator.evaluate(prepared, { tile, query: new Map(), signal });
    if (evaluated.cube?.grid) return evaluated;
    throw new OpenEOError('ServiceNotSeedable', { reason: 'its result is no raster on a map.' });
  }

  /**
   * One tile as everybody sees it who asks without parameters.
   * @returns the tag of what it shows, known before it is drawn; without bytes where all pixels are missing
   */
  async tileForAll(
    prepared: PreparedService,
    tile: TileAddress,
    signal: AbortSignal,
  ): Promise<{ readonly tag: string; draw(): Promise<Uint8Array> }> {
    const evaluated = await this.evaluateForAll(prepared, tile, signal);
    return {
      tag: contentOf(evaluated, tile).tag,
      draw: async () => {
        const { hasData, body } = await this.#draw(prepared, tile, evaluated, signal, seedPriority);
        return hasData ? body : new Uint8Array();
      },
    };
  }

  /** A tile that was drawn ahead. A storage that is away is no reason not to draw it. */
  async #stored(
    prepared: PreparedService,
    tile: TileAddress,
    evaluated: Evaluated,
    tag: string,
  ): Promise<RenderedTile | undefined> {
    if (!evaluated.cube?.grid || prepared.readsUser) return undefined;
    const { service, settings } = prepared;
    const mediaType = findFormat(drawingOf(evaluated, settings).format)?.mediaType;
    if (mediaType === undefined) return undefined;
    try {
      const body = await this.parts.seeds.find(service.id, tile, tag);
      if (!body) return undefined;
      if (body.length > 0) return { mediaType, body, hasData: true };
      return { ...(await emptyTile(settings.tileSize)), hasData: false };
    } catch (error) {
      if (error instanceof OpenEOError) return undefined;
      throw error;
    }
  }

  #evaluate(
    prepared: PreparedService,
    tile: TileAddress,
    request: TileRequest,
    signal: AbortSignal,
  ): Promise<Evaluated> {
    const { query, user } = request;
    return this.parts.evaluator.evaluate(prepared, { tile, query, user, signal });
  }

  #draw(
    prepared: PreparedService,
    tile: TileAddress,
    evaluated: Evaluated,
    signal: AbortSignal,
    priority = 1,
  ): Promise<RenderedTile> {
    const { settings, matrixSet } = prepared;
    const grid = matrixSet.grid(tile, settings.tileSize);
    const { limiter, limits } = this.parts;
    const work = (signal: AbortSignal) =>
      drawTile(evaluated.cube!, drawingOf(evaluated, settings), {
        grid,
        settings,
        maxPixels: limits.pixels,
        scenes: this.#scenes,
        key: prepared.writes ? undefined : `${evaluated.key}/${evaluated.cube!.dataVersion}`,
        signal,
      });
    return withinSeconds(limits.seconds, signal, (limited) =>
      limiter.run(async () => collected(await work(limited)), { signal: limited, priority }),
    );
  }

  /** What is no cube, in the format that the graph names. */
  async #encode({ value }: Evaluated, signal: AbortSignal): Promise<RenderedTile> {
    const { pixels } = this.parts.limits;
    return collected(await encodeResult(value, { formats: outputFormats, signal, maxPixels: pixels }));
  }

  async #value(prepared: PreparedService, evaluated: Evaluated, request: TileRequest): Promise<TileResponse> {
    const { mediaType, body } = await this.#encode(evaluated, request.signal);
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
    const headers = { ...this.#headers(prepared, { etag }), 'cache-control': 'private, no-cache' };
    if (matchesTag(request.ifNoneMatch, etag)) return { status: 304, headers };
    return { status: 200, headers: { ...headers, 'content-type': mediaType }, body };
  }

  async #empty(
    prepared: PreparedService,
    drawn: RenderedTile | undefined,
    headers = this.#headers(prepared, {}),
  ): Promise<TileResponse> {
    const { settings } = prepared;
    if (settings.emptyTile === 'no_content') return { status: 204, headers };
    if (drawn)
      return { status: 200, headers: { ...headers, 'content-type': drawn.mediaType }, body: drawn.body };
    const { mediaType, body } = await emptyTile(settings.tileSize);
    return { status: 200, headers: { ...headers, 'content-type': mediaType }, body };
  }

  /** Shared caches may keep what everybody may see, and nothing else. */
  #headers(
    { settings, readsUser }: PreparedService,
    more: Readonly<Record<string, string>>,
  ): Record<string, string> {
    const isPublic = settings.scope === 'public' && !readsUser;
    return {
      'cache-control': `${isPublic ? 'public' : 'private'}, max-age=${maxAgeSeconds}, stale-while-revalidate=86400`,
      ...(!isPublic && { vary: 'Authorization' }),
      ...more,
    };
  }

  #report(prepared: PreparedService, tile: TileAddress, error: unknown): void {
    if (!(error instanceof OpenEOError) || error.code === 'AuthenticationRequired') return;
    const { service } = prepared;
    const { node, process } = error.details as { node?: string; process?: string };
    const path = node === undefined ? undefined : [{ node_id: String(node), process_id: process }];
    this.parts.logs
      .loggerFor('service', service.id, service.logLevel)
      .error(error.message, { code: error.code, path, data: { tile } });
  }
}

async function collected({ mediaType, hasData, body }: Encoded): Promise<RenderedTile> {
  return { mediaType, hasData, body: body instanceof Uint8Array ? body : await buffer(body) };
}
