import { OpenEOError } from '../../base/errors';
import { transformBounds, webMercator, wgs84 } from '../../geo/crs';
import { intersectBounds } from '../../geo/grid';
import { mercatorHalf, type TileMatrixSet, tileMatrixSet } from '../../geo/tile-matrix-set';
import type { Bounds, Grid, TileAddress } from '../../geo/types';
import { gridBounds } from '../../raster/cube';
import type { TileArea } from '../area';
import type { PlannedLevel, PyramidPlan } from '../types';

export const mapTiles = tileMatrixSet('WebMercatorQuad') as TileMatrixSet;

const square: Bounds = { west: -mercatorHalf, south: -mercatorHalf, east: mercatorHalf, north: mercatorHalf };
/** Edges that reach into a tile by less than this part of it don't reach it. */
const slack = 1e-6;
/** More tiles than this in one run are a mistake, or a matter of days. */
const maxTiles = 10_000_000;

/** Whether bounds may be degrees: longitudes of either count, and edges that rounding or half a pixel puts over a pole. */
function isOnEarth({ west, south, east, north }: Bounds): boolean {
  return west >= -540 && east <= 540 && south >= -91 && north <= 91;
}

/** The largest zoom whose pixels are not smaller than so many metres, as GDAL chooses it. */
function zoomFor(metersPerPixel: number, tileSizePx: number): number {
  const zoom = Math.floor(Math.log2((2 * mercatorHalf) / tileSizePx / metersPerPixel) + 1e-9);
  return Math.min(mapTiles.maxZoom, Math.max(0, zoom));
}

export interface MapPlanOptions {
  /** Where the source lies, and how fine it is. */
  readonly grid: Grid;
  readonly tileSizePx: number;
  readonly minzoom?: number;
  readonly maxzoom?: number;
  readonly area?: TileArea;
}

/**
 * The tiles of WebMercatorQuad that a raster touches. Zooms that are not given follow from its resolution: from
 * the one that shows it in about a tile to the one nearest to its pixels.
 * @throws OpenEOError `AssetInvalid` where it has no place on the map; `RequestInvalid` for zooms in the wrong order and
 *   for too many tiles
 */
export function planMap(options: MapPlanOptions): PyramidPlan {
  const { grid, tileSizePx, area } = options;
  if (grid.crs.isGeographic && !isOnEarth(gridBounds(grid)))
    throw new OpenEOError('AssetInvalid', { reason: 'its coordinates are no degrees, as it says they are.' });
  const whole = transformBounds(gridBounds(grid), grid.crs, webMercator);
  const known = Object.values(whole).every(Number.isFinite) ? whole : square;
  const placed = intersectBounds(known, square);
  if (!placed) throw new OpenEOError('AssetInvalid', { reason: 'it lies outside of Web Mercator.' });
  const bounds = area ? intersectBounds(placed, area.bounds) : placed;
  const width = known.east - known.west;
  const height = known.north - known.south;
  const metersPerPixel = Math.hypot(width, height) / Math.hypot(grid.width, grid.height);
  const maxzoom = options.maxzoom ?? Math.max(options.minzoom ?? 0, zoomFor(metersPerPixel, tileSizePx));
  const overview = zoomFor(Math.max(width, height) / tileSizePx, tileSizePx);
  const minzoom = options.minzoom ?? Math.min(maxzoom, overview);
  if (minzoom > maxzoom)
    throw new OpenEOError('RequestInvalid', {
      reason: `minzoom ${minzoom} is larger than maxzoom ${maxzoom}.`,
    });
  const levels: PlannedLevel[] = [];
  for (let z = minzoom; bounds && z <= maxzoom; z++) levels.push(levelOf(z, bounds, tileSizePx));
  checkCount(levels);
  const covers = new Map(area && levels.map((level) => [level.z, area.cover(level.z, level)]));
  const planned = levels.map((level) => ({ ...level, count: covers.get(level.z)?.count ?? level.count }));
  const { west, south, east, north } = transformBounds(bounds ?? placed, webMercator, wgs84);
  return {
    kind: 'map',
    layout: 'xyz',
    tileSizePx,
    levels: planned,
    total: planned.reduce((sum, { count }) => sum + count, 0),
    widthPx: grid.width,
    heightPx: grid.height,
    bounds: { west, south, east, north },
    ...(area && { includes: ({ z, x, y }: TileAddress) => covers.get(z)?.has(x, y) ?? false }),
  };
}

/** @throws OpenEOError `RequestInvalid` for more tiles than one run can look through */
function checkCount(levels: readonly PlannedLevel[]): void {
  const total = levels.reduce((sum, { count }) => sum + count, 0);
  if (total <= maxTiles) return;
  const last = levels[levels.length - 1].z;
  throw new OpenEOError('RequestInvalid', {
    reason: `to zoom ${last} that would be ${total.toLocaleString('en')} tiles in the extent of the source and the area, and ${maxTiles.toLocaleString('en')} are made at once; ask for a smaller maxzoom or a smaller area.`,
  });
}

function levelOf(z: number, bounds: Bounds, tileSizePx: number): PlannedLevel {
  const side = (2 * mercatorHalf) / 2 ** z;
  const first = (distance: number) => Math.max(0, Math.floor(distance / side + slack));
  const last = (distance: number, from: number) =>
    Math.min(2 ** z - 1, Math.max(from, Math.ceil(distance / side - slack) - 1));
  const x0 = first(bounds.west + mercatorHalf);
  const y0 = first(mercatorHalf - bounds.north);
  const x: [number, number] = [x0, last(bounds.east + mercatorHalf, x0)];
  const y: [number, number] = [y0, last(mercatorHalf - bounds.south, y0)];
  const pixels = tileSizePx / side;
  return {
    z,
    widthPx: Math.ceil((bounds.east - bounds.west) * pixels),
    heightPx: Math.ceil((bounds.north - bounds.south) * pixels),
    ...{ x, y, count: (x[1] - x[0] + 1) * (y[1] - y[0] + 1) },
  };
}
