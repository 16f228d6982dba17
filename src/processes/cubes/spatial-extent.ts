import { wgs84 } from '../../geo/crs';
import { cropCube } from '../../raster/crop';
import { type Cube, gridBounds, isCube } from '../../raster/cube';
import { type Polygon, polygonBounds } from '../../raster/vector/polygons';
import { type BoundingBox, boxesIn, boxInWgs84, type ParsedBox, parseBox } from './bounding-box';
import { readPolygons } from './geojson-polygons';
import { maskPolygons } from './polygon-mask';

/** What processes that load data take as `spatial_extent`. */
export interface SpatialExtent {
  readonly box: ParsedBox;
  /** In WGS 84; pixels outside of all of them are missing. */
  readonly polygons?: readonly Polygon[];
}

/** @throws OpenEOError `ProcessParameterInvalid` */
export function parseSpatialExtent(value: unknown, process: string): SpatialExtent | undefined {
  if (value === null || value === undefined) return undefined;
  if (!isCube(value) && !('type' in (value as object)) && 'west' in (value as object))
    return { box: parseBox(value as BoundingBox, process, 'spatial_extent') };
  const polygons = readPolygons(value, process, 'spatial_extent');
  return { box: { ...polygonBounds(polygons)!, crs: wgs84 }, polygons };
}

/** Longitudes and latitudes around the extent, as item filters take them. */
export function extentInWgs84({ box }: SpatialExtent): [number, number, number, number] {
  return boxInWgs84(box);
}

/** The cube limited to the extent. */
export function cropToExtent(cube: Cube, extent: SpatialExtent | undefined): Cube {
  if (!extent || !cube.grid) return cube;
  const cropped = cropCube(cube, boxesIn(extent.box, cube.grid.crs, gridBounds(cube.grid)));
  return extent.polygons ? maskPolygons(cropped, extent.polygons) : cropped;
}
