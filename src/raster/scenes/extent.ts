import { sameCrs, transformBounds, wgs84 } from '../../geo/crs';
import type { Bounds, Crs, Grid } from '../../geo/types';
import { gridBounds } from '../cube';
import { markCentres } from '../warp/mark-centres';

/** Steps per side in which an extent is measured: its edges are right within a 16,000th of it. */
const steps = 16;

/**
 * Which pixels of a grid have their middle inside of an extent: 1 or 0 each. Undefined where all have.
 * A western edge beyond the eastern one crosses the antimeridian.
 */
export function insideExtent(
  extent: { readonly bounds: Bounds; readonly crs?: Crs } | undefined,
  grid: Grid,
): Uint8Array | undefined {
  if (!extent) return undefined;
  const crs = extent.crs ?? wgs84;
  const { west, south, north } = extent.bounds;
  const east = crs.isGeographic && extent.bounds.east < west ? extent.bounds.east + 360 : extent.bounds.east;
  const area = sameCrs(grid.crs, crs) ? gridBounds(grid) : transformBounds(gridBounds(grid), grid.crs, crs);
  const slackX = (area.east - area.west) / 1000;
  const slackY = (area.north - area.south) / 1000;
  if (
    area.west - slackX >= west &&
    area.east + slackX <= east &&
    area.south - slackY >= south &&
    area.north + slackY <= north
  )
    return undefined;
  const inside = new Uint8Array(grid.width * grid.height);
  if (!(west < east && south < north)) return inside;
  const measure = {
    crs,
    originX: west,
    originY: north,
    resX: (east - west) / steps,
    resY: (north - south) / steps,
    width: steps,
    height: steps,
  };
  markCentres(grid, measure, undefined, inside);
  return inside;
}
