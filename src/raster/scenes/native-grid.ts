import { sameCrs, transformBounds, wgs84 } from '../../geo/crs';
import { intersectBounds, snappedGrid, unionBounds } from '../../geo/grid';
import type { Bounds, Crs, Grid } from '../../geo/types';
import { gridBounds } from '../cube';
import type { Scene } from '../source';

/** The area of a scene in a reference system: by its file where that is open, else by its bounding box. */
export function sceneBounds(scene: Scene, crs: Crs, file: Grid | undefined): Bounds {
  if (file)
    return sameCrs(file.crs, crs) ? gridBounds(file) : transformBounds(gridBounds(file), file.crs, crs);
  const [west, south, east, north] = scene.bbox;
  // A box over the antimeridian goes on to the east of 180°.
  return transformBounds({ west, south, east: east < west ? east + 360 : east, north }, wgs84, crs);
}

/** How large a pixel is, in metres as far as that can be said. */
export function pixelSize(grid: Grid): number {
  const meters = grid.crs.isGeographic ? 111_320 : 1;
  return Math.sqrt(grid.resX * grid.resY) * meters;
}

/**
 * The grid of a cube: the finest band's pixels over all scenes, within an extent. Where the extent and
 * the scenes don't meet it is the extent's grid, and all its pixels are missing.
 */
export function nativeGrid(
  finest: Grid,
  areas: readonly Bounds[],
  extent: { readonly bounds: Bounds; readonly crs?: Crs } | undefined,
): Grid {
  const known = areas.filter((area) => Number.isFinite(area.west + area.east + area.south + area.north));
  const all = known.reduce(unionBounds, gridBounds(finest));
  if (!extent) return snappedGrid(all, finest);
  const wanted = transformBounds(extent.bounds, extent.crs ?? wgs84, finest.crs);
  if (Number.isNaN(wanted.west)) return snappedGrid(all, finest);
  return snappedGrid(intersectBounds(all, wanted) ?? wanted, finest);
}
