import { OpenEOError } from '../base/errors';
import { transformBounds, wgs84 } from '../geo/crs';
import { intersectBounds } from '../geo/grid';
import type { TileMatrixSet } from '../geo/tile-matrix-set';
import type { Bounds, TileAddress } from '../geo/types';
import type { XyzSettings } from './configuration';

/** A tile as it stands in the address of a request. */
export interface TileText {
  readonly z: string;
  readonly x: string;
  readonly y: string;
}

/** Which tile an address means. @throws OpenEOError `TileInvalid` for what is no tile of the matrix set */
export function parseTile(text: TileText, matrixSet: TileMatrixSet): TileAddress {
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

/** @throws OpenEOError `TileOutsideService` for zoom levels that a service does not have */
export function requireZoom(tile: TileAddress, settings: XyzSettings): void {
  if (tile.z >= settings.minzoom && tile.z <= settings.maxzoom) return;
  throw new OpenEOError('TileOutsideService', {
    ...tile,
    reason: `it serves the zoom levels ${settings.minzoom} to ${settings.maxzoom}`,
  });
}

/** West, south, east, north in degrees, as one box, or as two where west lies beyond east: across the antimeridian. */
export function boxesOf([west, south, east, north]: readonly [number, number, number, number]): Bounds[] {
  return west <= east
    ? [{ west, south, east, north }]
    : [
        { west, south, east: 180, north },
        { west: -180, south, east, north },
      ];
}

/** False for tiles that lie beside the extent of their service. */
export function isInsideExtent(
  tile: TileAddress,
  { extent }: XyzSettings,
  matrixSet: TileMatrixSet,
): boolean {
  if (!extent) return true;
  const area = transformBounds(matrixSet.bounds(tile), matrixSet.crs, wgs84);
  return boxesOf(extent).some((box) => intersectBounds(area, box) !== undefined);
}
