import type { TileMatrixSet } from '../geo/tile-matrix-set';
import type { TileAddress } from '../geo/types';
import { tileParameterNames } from '../graph/reserved';

/** Everything that a service supplies to its graph. */
export const suppliedParameterNames: ReadonlySet<string> = new Set([
  ...tileParameterNames,
  '_openeo_user',
  '_openeo_service_id',
  '_openeo_tile_store',
]);

/** The values of {@link tileParameterNames} for a tile, in the reference system of the matrix set. */
export function tileParameters(tile: TileAddress, matrixSet: TileMatrixSet): Map<string, unknown> {
  const { west, south, east, north } = matrixSet.bounds(tile);
  const crs = matrixSet.crs.epsg;
  return new Map<string, unknown>([
    ['tile_x', tile.x],
    ['tile_y', tile.y],
    ['tile_z', tile.z],
    ['bounding_box', { west, south, east, north, crs }],
    ['spatial_extent_west', west],
    ['spatial_extent_south', south],
    ['spatial_extent_east', east],
    ['spatial_extent_north', north],
    ['spatial_extent_crs', crs],
  ]);
}
