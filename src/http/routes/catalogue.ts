import type { Response } from 'express';
import { Counter } from 'prom-client';
import { OpenEOError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import type { TileAddress } from '../../geo/types';
import { matchesTag } from '../../services/tile-response';
import { removeFlight } from '../../tiles/flights';
import { checkTile } from '../../tiles/identity';
import type { Imagery } from '../../tiles/imagery';
import { formatInstant } from '../../tiles/instant';
import { type ServedTile, TileReader } from '../../tiles/reader';
import { cellsAround, maxRegionCells } from '../../tiles/region';
import type { CatalogueTile, FlightPosition } from '../../tiles/types';
import { asUuid } from '../../tiles/write-rules';
import type { Metrics } from '../metrics';
import { pageQuery, queryValue } from '../paging';
import type { ApiRequest, Route } from '../route';
import { tileUploadRoute } from './tile-upload';

export interface CatalogueOptions {
  readonly imagery: Imagery;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Whether everybody may read; otherwise every user may. */
  readonly isPublic: boolean;
  /** Where uploads lie until they are checked. */
  readonly uploadFolder: string;
  readonly cacheBytes: number;
}

/** The endpoints of the tile catalogue, and how to end what they keep. */
export interface CatalogueRoutes {
  readonly routes: readonly Route[];
  close(): void;
}

const largestPage = 1000;

/** @throws OpenEOError `TileInvalid` unless each is a plain decimal number of a tile that exists */
function readAddress({ z, x, y }: Readonly<Record<string, string>>): TileAddress {
  const numbers = [z, x, y].map((text) => {
    if (!/^(?:0|[1-9]\d{0,9})$/.test(text))
      throw new OpenEOError('TileInvalid', { reason: `"${text}" is not a plain decimal number.` });
    return Number(text);
  });
  const tile = { z: numbers[0], x: numbers[1], y: numbers[2] };
  checkTile(tile);
  return tile;
}

function readNumber(request: ApiRequest, name: string): number {
  const text = queryValue(request, name);
  if (text === undefined || !/^-?\d+(?:\.\d+)?$/.test(text))
    throw new OpenEOError('TileInvalid', { reason: `${name} must be a number.` });
  return Number(text);
}

function readFlight(request: ApiRequest): string {
  const flightId = asUuid(request.params['flight_id']);
  if (flightId === undefined) throw new OpenEOError('TileInvalid', { reason: 'flight_id must be a UUID.' });
  return flightId;
}

function readPosition(after: string | undefined): FlightPosition | undefined {
  if (after === undefined) return undefined;
  const [, micros, id] = /^(\d{1,16})_(.+)$/.exec(after) ?? [];
  const uuid = asUuid(id);
  if (uuid === undefined || !Number.isSafeInteger(Number(micros)))
    throw new OpenEOError('TileInvalid', { reason: 'after must be taken from the page before.' });
  return { capturedAt: Number(micros), id: uuid };
}

function describe(tile: CatalogueTile): Record<string, unknown> {
  return {
    ...tile.tile,
    id: tile.id,
    location_hash: tile.locationHash,
    captured_at: formatInstant(tile.capturedAt),
    source: tile.source,
    flight_id: tile.flightId ?? null,
    resolution_m_per_px: tile.sizeMeters / tile.sizePixels,
    estimated_bytes: tile.byteCount ?? null,
    content_sha256: tile.contentSha256 ?? null,
    updated_at: formatInstant(tile.updatedAt),
  };
}

function isUnchanged({ headers }: ApiRequest, { etag, modified }: ServedTile): boolean {
  if (headers['if-none-match'] !== undefined) return matchesTag(headers['if-none-match'], etag);
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return Math.floor(modified.getTime() / 1000) * 1000 <= since;
}

/** Imagery tiles by cell, what there is of them, and how they come in. */
export function catalogueRoutes(options: CatalogueOptions): CatalogueRoutes {
  const { imagery, logger, metrics, isPublic } = options;
  const { catalogue, files } = imagery;
  const missingFiles = new Counter({
    name: 'tilegraph_tiles_without_file_total',
    help: 'Requests for tiles whose row points to a file that is not there',
    registers: [metrics.registry],
  });
  const reader = new TileReader(catalogue, files, {
    cacheBytes: options.cacheBytes,
    onMissingFile: ({ id, filePath }) => {
      missingFiles.inc();
      logger.error('The file of a tile is missing', { tile: id, path: filePath });
    },
  });
  const access = isPublic ? 'public' : 'user';
  const cacheControl = `${isPublic ? 'public' : 'private'}, max-age=60, stale-while-revalidate=86400`;
  const common = { base: 'root', isListed: false } as const;

  async function sendTile(request: ApiRequest, response: Response): Promise<void> {
    const { z, x, y } = request.params;
    const tile = await reader.get(readAddress({ z, x, y }));
    if (!tile) throw new OpenEOError('TileNotFound', { reason: `the cell ${z}/${x}/${y} is empty.` });
    response.setHeader('ETag', tile.etag);
    response.setHeader('Last-Modified', tile.modified.toUTCString());
    response.setHeader('Cache-Control', cacheControl);
    if (isUnchanged(request, tile)) {
      response.status(304).end();
      return;
    }
    response.setHeader('Content-Type', tile.mediaType);
    response.setHeader('Content-Length', String(tile.bytes.length));
    response.end(request.method === 'HEAD' ? undefined : tile.bytes);
  }

  const routes: Route[] = [
    { method: 'GET', path: '/tiles/{z}/{x}/{y}', access, ...common, handle: sendTile },
    {
      ...{ method: 'POST', path: '/api/satellite/tiles/inventory', access, ...common, body: 'json' },
      async handle(request, response) {
        response.json({ tiles: await imagery.inventory(request.body as Record<string, unknown>) });
      },
    },
    tileUploadRoute(imagery, options.uploadFolder),
    {
      ...{ method: 'GET', path: '/api/satellite/tiles/region', access, ...common },
      async handle(request, response) {
        const window = cellsAround({
          latitude: readNumber(request, 'lat'),
          longitude: readNumber(request, 'lon'),
          sizeMeters: readNumber(request, 'size'),
          zoom: readNumber(request, 'zoom'),
        });
        response.json({ tiles: (await catalogue.inWindow(window, maxRegionCells)).map(describe) });
      },
    },
    {
      ...{ method: 'GET', path: '/api/satellite/flights/{flight_id}/tiles', access, ...common },
      async handle(request, response) {
        const flightId = readFlight(request);
        const page = pageQuery(request);
        const limit = Math.min(page.limit ?? largestPage, largestPage);
        const after = readPosition(page.after);
        const found = await catalogue.ofFlight(flightId, { limit: limit + 1, after });
        if (found.length === 0 && !after)
          throw new OpenEOError('TileNotFound', { reason: `the flight ${flightId} has no tiles.` });
        const tiles = found.slice(0, limit);
        const last = found.length > limit ? tiles.at(-1) : undefined;
        response.json({ tiles: tiles.map(describe), next: last ? `${last.capturedAt}_${last.id}` : null });
      },
    },
    {
      ...{ method: 'DELETE', path: '/api/satellite/flights/{flight_id}', access: 'user', ...common },
      async handle(request, response) {
        imagery.requireWriter(request.context.user);
        const removed = await removeFlight(catalogue, files, readFlight(request));
        response.json({ removed_tiles: removed.rows, removed_files: removed.files });
      },
    },
  ];
  return { routes, close: () => reader.close() };
}
