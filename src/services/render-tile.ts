import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { OpenEOError } from '../base/errors';
import type { TileAddress } from '../geo/types';
import type { SubjectLogs } from '../store/records/subject-logs';
import type { User } from '../store/records/types';
import { requireSight } from './access';
import { emptyTile } from './empty-tile';
import type { Evaluated } from './evaluate';
import { contentOf, type RenderedTile, type TileMaker } from './make-tile';
import type { PreparedService, PreparedServices } from './prepared-services';
import { SharedWork } from './shared-work';
import { isInsideExtent, parseTile, requireZoom, type TileText } from './tile-address';
import { cacheHeaders, matchesTag, type TileResponse } from './tile-response';

export interface TileRequest {
  readonly serviceId: string;
  readonly tile: TileText;
  readonly query: ReadonlyMap<string, string>;
  readonly user?: User;
  /** A signed address was presented and is valid for this service. */
  readonly isSigned: boolean;
  readonly isHead: boolean;
  readonly ifNoneMatch?: string;
  readonly signal: AbortSignal;
}

/** Answers requests for tiles: access, evaluation, drawing, and everything that spares them. */
export class TileRenderer {
  readonly #cache: LRUCache<string, RenderedTile> | undefined;
  readonly #flights = new SharedWork<RenderedTile>();

  constructor(
    private readonly parts: {
      readonly prepared: PreparedServices;
      readonly maker: TileMaker;
      readonly logs: SubjectLogs;
      /** Memory for finished tiles; 0: none are kept. */
      readonly cacheBytes: number;
    },
  ) {
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
    const { maker } = this.parts;
    try {
      const evaluated = await maker.evaluate(prepared, tile, request, request.signal);
      if (!evaluated.cube) {
        const { mediaType, body } = await maker.encode(evaluated, request.signal);
        return { status: 200, headers: { ...headers, 'content-type': mediaType }, body };
      }
      const drawn = await maker.draw(prepared, tile, evaluated, request.signal);
      return { status: 200, headers: { ...headers, 'content-type': drawn.mediaType }, body: drawn.body };
    } catch (error) {
      this.#report(prepared, tile, error);
      throw error;
    }
  }

  async #serve(prepared: PreparedService, tile: TileAddress, request: TileRequest): Promise<TileResponse> {
    const { maker } = this.parts;
    const evaluated = await maker.evaluate(prepared, tile, request, request.signal);
    if (!evaluated.cube) return this.#value(prepared, evaluated, request);
    const { key, tag } = contentOf(evaluated, tile);
    const etag = `"${tag}"`;
    const headers = { ...cacheHeaders(prepared), etag };
    if (matchesTag(request.ifNoneMatch, etag)) return { status: 304, headers };
    const drawn =
      this.#cache?.get(key) ??
      (await this.#flights.do(key, request.signal, async (signal) => {
        const made =
          (await maker.stored(prepared, tile, evaluated, tag)) ??
          (await maker.draw(prepared, tile, evaluated, signal));
        this.#cache?.set(key, made);
        return made;
      }));
    if (!drawn.hasData && evaluated.cube.grid) return this.#empty(prepared, drawn, headers);
    return { status: 200, headers: { ...headers, 'content-type': drawn.mediaType }, body: drawn.body };
  }

  async #value(prepared: PreparedService, evaluated: Evaluated, request: TileRequest): Promise<TileResponse> {
    const { mediaType, body } = await this.parts.maker.encode(evaluated, request.signal);
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
    const headers = { ...cacheHeaders(prepared), etag, 'cache-control': 'private, no-cache' };
    if (matchesTag(request.ifNoneMatch, etag)) return { status: 304, headers };
    return { status: 200, headers: { ...headers, 'content-type': mediaType }, body };
  }

  async #empty(
    prepared: PreparedService,
    drawn: RenderedTile | undefined,
    headers = cacheHeaders(prepared),
  ): Promise<TileResponse> {
    const { settings } = prepared;
    if (settings.emptyTile === 'no_content') return { status: 204, headers };
    if (drawn)
      return { status: 200, headers: { ...headers, 'content-type': drawn.mediaType }, body: drawn.body };
    const { mediaType, body } = await emptyTile(settings.tileSize);
    return { status: 200, headers: { ...headers, 'content-type': mediaType }, body };
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
