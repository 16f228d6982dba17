import { Counter } from 'prom-client';
import type { Logger } from '../../../base/logger';
import { removeFlight } from '../../../tiles/flights';
import type { Imagery } from '../../../tiles/imagery';
import { inventoryJson } from '../../../tiles/inventory';
import { TileReader } from '../../../tiles/reader';
import type { Metrics } from '../../metrics';
import type { Route } from '../../route';
import { listRoutes } from './lists';
import { readFlight } from './read-request';
import { tileRoute } from './serve-tile';
import { uploadRoute } from './upload';

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
  /** The tiles in memory. */
  readonly reader: TileReader;
  close(): void;
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
  const common = { base: 'root', isListed: false } as const;

  const routes: Route[] = [
    tileRoute(reader, isPublic),
    {
      ...{ method: 'POST', path: '/api/satellite/tiles/inventory', access, ...common, body: 'json' },
      async handle(request, response) {
        const answers = await imagery.inventory(request.body as Record<string, unknown>);
        response.type('json').send(`{"tiles":${inventoryJson(answers)}}`);
      },
    },
    uploadRoute(imagery, options.uploadFolder),
    ...listRoutes(imagery, access),
    {
      ...{ method: 'DELETE', path: '/api/satellite/flights/{flight_id}', access: 'user', ...common },
      async handle(request, response) {
        imagery.requireWriter(request.context.user);
        const removed = await removeFlight(catalogue, files, readFlight(request));
        response.json({ removed_tiles: removed.rows, removed_files: removed.files });
      },
    },
  ];
  return { routes, reader, close: () => reader.close() };
}
