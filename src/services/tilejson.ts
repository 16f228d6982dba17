import { transformBounds, wgs84 } from '../geo/crs';
import { gridBounds } from '../raster/cube';
import { drawingOf } from './draw';
import type { Evaluated } from './evaluate';
import type { PreparedService } from './prepared-services';

/** Where the tiles of a service are. */
export interface TileAddresses {
  /** With `{z}`, `{x}` and `{y}`, and a query string where one is needed. */
  readonly tiles: string;
}

const world = { west: -180, south: -85.0511287798066, east: 180, north: 85.0511287798066 };
const round = (value: number) => Math.round(value * 1e6) / 1e6;

/** West, south, east, north of a service in degrees: its configured extent, or that of its data, or the world. */
export function serviceBounds(
  { settings }: PreparedService,
  evaluated: Evaluated | undefined,
): readonly [number, number, number, number] {
  if (settings.extent) return settings.extent;
  const grid = evaluated?.cube?.grid;
  if (!grid) return [world.west, world.south, world.east, world.north];
  const { west, south, east, north } = transformBounds(gridBounds(grid), grid.crs, wgs84);
  return [
    round(Math.max(-180, west)),
    round(Math.max(-90, south)),
    round(Math.min(180, east)),
    round(Math.min(90, north)),
  ];
}

/** The TileJSON 3.0.0 document of a service (https://github.com/mapbox/tilejson-spec). */
export function tileJson(
  prepared: PreparedService,
  evaluated: Evaluated | undefined,
  addresses: TileAddresses,
): Record<string, unknown> {
  const { service, settings } = prepared;
  const bounds = serviceBounds(prepared, evaluated);
  const [west, south, east, north] = bounds;
  const centre = west < east ? (west + east) / 2 : (((west + east + 360) / 2 + 540) % 360) - 180;
  const span = Math.max(west < east ? east - west : east - west + 360, 1e-9);
  const zoom = Math.floor(Math.log2(360 / span));
  return {
    tilejson: '3.0.0',
    name: service.title ?? service.id,
    ...(service.description && { description: service.description }),
    version: `1.0.${service.revision}`,
    scheme: 'xyz',
    tiles: [addresses.tiles],
    minzoom: settings.minzoom,
    maxzoom: settings.maxzoom,
    bounds,
    center: [
      round(centre),
      round((south + north) / 2),
      Math.min(settings.maxzoom, Math.max(settings.minzoom, zoom)),
    ],
    vector_layers: [],
    format: evaluated ? drawingOf(evaluated, settings).format.toLowerCase() : settings.format.toLowerCase(),
    tilesize: settings.tileSize,
  };
}
