import { OpenEOError } from '../base/errors';
import type { Json } from '../base/json';
import type { Catalog, CollectionDocument } from '../store/catalog/types';
import { formatInstant } from './instant';
import { maxLatitude, mercatorLatitude } from './region';
import type { CatalogueExtent, TileCatalogue, TileSource, ZoomExtent } from './types';
import { tileSources } from './write-rules';

/** The id of the collection that the tile catalogue is. */
export const imageryCollectionId = 'tiles';

const earthHalf = Math.PI * 6378137;
const describeSource: Readonly<Record<TileSource, string>> = {
  google_maps: 'Google Maps, captured when it was downloaded',
  uav: 'drone flights',
};

/** Edges of the cells of a zoom level: longitude and latitude, and metres of Web Mercator. */
function edges({ zoom, columns, rows }: ZoomExtent) {
  const count = 2 ** zoom;
  const meters = (place: number) => (place / count) * 2 * earthHalf - earthHalf;
  return {
    degrees: [
      (columns[0] / count) * 360 - 180,
      mercatorLatitude((rows[1] + 1) / count),
      ((columns[1] + 1) / count) * 360 - 180,
      mercatorLatitude(rows[0] / count),
    ],
    meters: [meters(columns[0]), -meters(rows[1] + 1), meters(columns[1] + 1), -meters(rows[0])],
    step: (2 * earthHalf) / count,
  };
}

/** The smallest box around boxes of west, south, east and north. */
function around(boxes: readonly (readonly number[])[]): number[] {
  return [0, 1, 2, 3].map((side) =>
    boxes.reduce(
      (edge, box) => (side < 2 ? Math.min(edge, box[side]) : Math.max(edge, box[side])),
      side < 2 ? Infinity : -Infinity,
    ),
  );
}

/** The collection as `GET /collections/{id}` answers it. */
function imageryDocument({ zooms }: CatalogueExtent): CollectionDocument {
  const all = zooms.map(edges);
  const isEmpty = zooms.length === 0;
  const degrees = isEmpty ? [-180, -maxLatitude, 180, maxLatitude] : around(all.map((each) => each.degrees));
  const meters = isEmpty
    ? [-earthHalf, -earthHalf, earthHalf, earthHalf]
    : around(all.map((each) => each.meters));
  const interval = isEmpty
    ? [null, null]
    : [
        formatInstant(Math.min(...zooms.map(({ captured }) => captured[0]))),
        formatInstant(Math.max(...zooms.map(({ captured }) => captured[1]))),
      ];
  const finest = zooms.at(-1);
  const step = finest ? edges(finest).step / finest.sizePixels : undefined;
  const axis = (name: 'x' | 'y', from: number, to: number): Json => ({
    ...{ type: 'spatial', axis: name, extent: [from, to], reference_system: 3857 },
    ...(step !== undefined && { step }),
  });
  const bands: Json[] = [
    ...['red', 'green', 'blue'].map((name): Json => ({ name, common_name: name })),
    { name: 'alpha', description: 'Opacity, from 1 to 255. Where it would be 0 all bands have no data.' },
  ];
  return {
    type: 'Collection',
    stac_version: '1.0.0',
    stac_extensions: [
      'https://stac-extensions.github.io/datacube/v2.2.0/schema.json',
      'https://stac-extensions.github.io/eo/v1.1.0/schema.json',
    ],
    id: imageryCollectionId,
    title: 'Imagery tiles',
    description:
      'The pictures of the tile catalogue, as they were uploaded to this server. Of several tiles of a cell the one captured last is taken, among those of the requested time, sources and flights; the cube has one time, which is that of the last of them.',
    keywords: ['imagery', 'tiles'],
    license: 'proprietary',
    providers: [],
    extent: { spatial: { bbox: [degrees] }, temporal: { interval: [interval] } },
    'cube:dimensions': {
      x: axis('x', meters[0], meters[2]),
      y: axis('y', meters[1], meters[3]),
      t: { type: 'temporal', extent: interval },
      bands: { type: 'bands', values: ['red', 'green', 'blue', 'alpha'] },
    },
    summaries: {
      'eo:bands': bands,
      source: [...tileSources],
      tile_zoom: zooms.map(({ zoom }) => zoom),
    },
    links: [],
  };
}

function queryables(flights: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    title: 'Imagery tiles',
    properties: {
      source: {
        title: 'Source',
        description: Object.entries(describeSource)
          .map(([id, text]) => `${id}: ${text}`)
          .join('; '),
        type: 'string',
        enum: [...tileSources],
      },
      flight_id: {
        title: 'Flight',
        description: 'The flight of a uav tile; null for other sources.',
        type: ['string', 'null'],
        format: 'uuid',
        ...(flights.length > 0 && flights.length <= 50 && { examples: [...flights] }),
      },
    },
    additionalProperties: false,
  };
}

/**
 * The collections of this server with the tile catalogue after them. It keeps its id to itself: a configured
 * collection of that id cannot be reached.
 */
export function withImagery(catalog: Catalog, catalogue: Pick<TileCatalogue, 'extent' | 'flights'>): Catalog {
  const isOurs = (id: string) => id === imageryCollectionId;
  let known: CatalogueExtent = { version: '', zooms: [] };
  const extent = async () => {
    known = await catalogue.extent();
    return known;
  };
  const document = async () => imageryDocument(await extent());
  return {
    async list() {
      const others = (await catalog.list()).filter(({ id }) => !isOurs(id));
      // A database that is away must not hide the other collections.
      const ours = await extent().catch((error) => {
        if (error instanceof OpenEOError && error.code === 'StoreUnavailable') return known;
        throw error;
      });
      return [...others, imageryDocument(ours)];
    },
    get: async (id) => (isOurs(id) ? document() : catalog.get(id)),
    // It has no list of files: `load_collection` reads it in another way.
    items: async (id, filter, signal) => (isOurs(id) ? [] : catalog.items(id, filter, signal)),
    queryables: async (id) => (isOurs(id) ? queryables(await catalogue.flights()) : catalog.queryables(id)),
    version: async (id) => (isOurs(id) ? (await catalogue.extent()).version : catalog.version(id)),
  };
}
