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

/** Both from −180 to 180, whichever way a grid counts; a western edge beyond the eastern one crosses the antimeridian. */
function longitudes(west: number, east: number): [number, number] {
  if (east - west >= 360) return [-180, 180];
  const wrapped = (value: number) =>
    value < -180 || value > 180 ? ((((value + 180) % 360) + 360) % 360) - 180 : value;
  const [from, to] = [wrapped(west), wrapped(east)];
  return [from === 180 ? -180 : from, to === -180 ? 180 : to];
}

/** West, south, east, north of a service in degrees: its configured extent, or that of its data, or the world. */
export function serviceBounds(
  { settings }: PreparedService,
  evaluated: Evaluated | undefined,
): readonly [number, number, number, number] {
  if (settings.extent) return settings.extent;
  const everywhere = [world.west, world.south, world.east, world.north] as const;
  const grid = evaluated?.cube?.grid;
  if (!grid || grid.width * grid.height === 0) return everywhere;
  const { west, south, east, north } = transformBounds(gridBounds(grid), grid.crs, wgs84);
  if (![west, south, east, north].every(Number.isFinite)) return everywhere;
  const [from, to] = longitudes(west, east);
  return [round(from), round(Math.max(-90, south)), round(to), round(Math.min(90, north))];
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
