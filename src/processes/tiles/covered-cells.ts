import { cellsOfWindow, countCells, windowOfBox } from '../../geo/box-cells';
import { wgs84 } from '../../geo/crs';
import { mercatorHalf, tileMatrixSet } from '../../geo/tile-matrix-set';
import type { Bounds, Grid, TileAddress } from '../../geo/types';
import { type Geometry, partsOf } from '../../raster/vector/geometry';
import { geometryPixels, pixelsAround } from '../../raster/vector/geometry-pixels';

const mercator = tileMatrixSet('WebMercatorQuad')!;
/** Cells around a geometry that are looked at, each a byte, to find those that it touches. */
const maxLookedAt = 2 ** 26;

/** How many cells would be given, where that is more than were asked for. */
export class TooManyCells extends Error {
  override readonly name = 'TooManyCells';
}

/**
 * The cells of a zoom level that a box touches, by row and column. West beyond east crosses the antimeridian.
 * @throws TooManyCells
 */
export function cellsOfBox(bounds: Bounds, z: number, limit: number): TileAddress[] {
  const window = windowOfBox(bounds, z);
  if (countCells(window) > limit) throw new TooManyCells();
  return [...cellsOfWindow(window)];
}

/** All cells of a zoom level, a pixel each. */
function gridOfCells(z: number): Grid {
  const count = 2 ** z;
  const size = (2 * mercatorHalf) / count;
  return {
    ...{ crs: mercator.crs, originX: -mercatorHalf, originY: mercatorHalf },
    ...{ resX: size, resY: size, width: count, height: count },
  };
}

/**
 * The cells of a zoom level that geometries in WGS 84 touch, by row and column.
 * @throws TooManyCells
 */
export function cellsOfGeometries(
  geometries: readonly (Geometry | null)[],
  z: number,
  limit: number,
): TileAddress[] {
  const grid = gridOfCells(z);
  const found = new Set<number>();
  const mark = (geometry: Geometry | null) => {
    const area = pixelsAround(geometry, wgs84, grid);
    if (area && area.width * area.height > maxLookedAt) throw new TooManyCells();
    const pixels = geometryPixels(geometry, wgs84, grid);
    if (!pixels) return;
    const { column, row, inside } = pixels;
    const { width } = pixels.grid;
    for (let index = 0; index < inside.length; index++)
      if (inside[index] === 1)
        found.add((row + Math.floor(index / width)) * grid.width + column + (index % width));
    if (found.size > limit) throw new TooManyCells();
  };
  for (const geometry of geometries) {
    mark(geometry);
    // A polygon's pixels are those whose centres lie in it; its edges touch further ones.
    const rings = partsOf(geometry).polygons.flat();
    if (rings.length > 0) mark({ type: 'MultiLineString', coordinates: rings } as Geometry);
  }
  return [...found]
    .sort((one, other) => one - other)
    .map((place) => ({ z, x: place % grid.width, y: Math.floor(place / grid.width) }));
}
