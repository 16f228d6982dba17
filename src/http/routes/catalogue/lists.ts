import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OpenEOError } from '../../../base/errors';
import type { Imagery } from '../../../tiles/imagery';
import { cellsAround, maxRegionCells } from '../../../tiles/region';
import type { TilePosition } from '../../../tiles/types';
import { pageQuery, queryValue } from '../../paging';
import type { Route } from '../../route';
import { describeTile, readFlight, readNumber, readPosition, writePosition } from './read-request';

const largestPage = 1000;

/** Lists of tiles: of a region, of a flight in pages, of all in one stream. */
export function listRoutes({ catalogue }: Imagery, access: Route['access']): Route[] {
  const common = { method: 'GET', base: 'root', isListed: false, access } as const;

  /** Lines of JSON, read from the database as fast as the client takes them. */
  async function* lines(order: 'id' | 'captured_at', start: TilePosition | undefined) {
    let after = start;
    do {
      const tiles = await catalogue.inOrder(order, { limit: largestPage, after });
      after = tiles.length < largestPage ? undefined : tiles.at(-1);
      yield tiles.map((tile) => `${JSON.stringify(describeTile(tile))}\n`).join('');
    } while (after);
  }

  return [
    {
      ...common,
      path: '/api/satellite/tiles/region',
      async handle(request, response) {
        const window = cellsAround({
          latitude: readNumber(request, 'lat'),
          longitude: readNumber(request, 'lon'),
          sizeMeters: readNumber(request, 'size'),
          zoom: readNumber(request, 'zoom'),
        });
        response.json({ tiles: (await catalogue.inWindow(window, maxRegionCells)).map(describeTile) });
      },
    },
    {
      ...common,
      path: '/api/satellite/flights/{flight_id}/tiles',
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
        response.json({ tiles: tiles.map(describeTile), next: last ? writePosition(last) : null });
      },
    },
    {
      ...common,
      path: '/api/satellite/tiles',
      async handle(request, response) {
        const order = queryValue(request, 'order') ?? 'id';
        if (order !== 'id' && order !== 'captured_at')
          throw new OpenEOError('TileInvalid', { reason: 'order must be id or captured_at.' });
        const start = readPosition(queryValue(request, 'after'));
        response.setHeader('Content-Type', 'application/x-ndjson');
        response.setHeader('Cache-Control', 'no-store');
        if (request.method === 'HEAD') return void response.end();
        await pipeline(Readable.from(lines(order, start)), response, { signal: request.context.signal });
      },
    },
  ];
}
