import { sameCrs, transformBounds } from '../../geo/crs';
import { unionBounds } from '../../geo/grid';
import type { Bounds, Grid } from '../../geo/types';
import type { Arguments } from '../../graph/types';
import { cropCube } from '../../raster/crop';
import { type Block, type Cube, deriveCube, type Window } from '../../raster/cube';
import { missingBlock } from '../../raster/layers';
import { dropPixels } from '../../raster/missing-values';
import { geometryBounds, partsOf } from '../../raster/vector/geometry';
import { geometryPixels } from '../../raster/vector/geometry-pixels';
import { requireGrid } from './cube-dimensions';
import { type Geometries, readGeometries } from './geometry-argument';

/** 1 for each pixel of a grid that belongs to one of the geometries. */
function inAny({ geometries, crs }: Geometries, grid: Grid, whole: Grid): Uint8Array {
  const inside = new Uint8Array(grid.width * grid.height);
  for (const geometry of geometries) {
    const part = geometryPixels(geometry, crs, grid, whole);
    if (!part) continue;
    for (let y = 0; y < part.grid.height; y++)
      for (let x = 0; x < part.grid.width; x++)
        if (part.inside[y * part.grid.width + x] === 1)
          inside[(part.row + y) * grid.width + part.column + x] = 1;
  }
  return inside;
}

/** The box around all geometries, to the middle of the outermost pixels of points and lines; undefined where there are none. */
function boxOf({ geometries, crs }: Geometries, grid: Grid): Bounds | undefined {
  const centre = (position: number) => Math.floor(position) + 0.5;
  const boxes = geometries.flatMap((geometry) => {
    const own = geometryBounds(geometry);
    if (!own) return [];
    const box = sameCrs(crs, grid.crs) ? own : transformBounds(own, crs, grid.crs);
    if (partsOf(geometry).polygons.length > 0) return [box];
    const { originX, originY, resX, resY } = grid;
    return [
      unionBounds(box, {
        west: originX + centre((box.west - originX) / resX) * resX,
        east: originX + centre((box.east - originX) / resX) * resX,
        north: originY - centre((originY - box.north) / resY) * resY,
        south: originY - centre((originY - box.south) / resY) * resY,
      }),
    ];
  });
  return boxes.length > 0 ? boxes.reduce(unionBounds) : undefined;
}

/** The cube limited to geometries: cropped to the box around them, and masked inside of it. */
function filterByGeometries(cube: Cube, geometries: Geometries): Cube {
  const box = boxOf(geometries, cube.grid!);
  const cropped = cropCube(cube, box ? [box] : []);
  const result: Cube = deriveCube(cropped, {
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const inside = inAny(geometries, window.grid!, cube.grid!);
      if (!inside.includes(1)) return missingBlock(result, window);
      const block = await cropped.read(window, signal);
      return inside.includes(0) ? dropPixels(block, cube.missing, inside) : block;
    },
  });
  return result;
}

export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  requireGrid(cube, 'filter_spatial', 'data');
  return filterByGeometries(cube, readGeometries(args.geometries, 'filter_spatial', 'geometries'));
}
