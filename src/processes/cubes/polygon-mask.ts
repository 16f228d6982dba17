import { wgs84 } from '../../geo/crs';
import type { Crs } from '../../geo/types';
import { type Block, type Cube, deriveCube, type Window } from '../../raster/cube';
import { blockShape, layerLengths, missingBlock, product } from '../../raster/layers';
import { isMissingAt, toMaskForm } from '../../raster/missing-values';
import { type Polygon, rasterizePolygons } from '../../raster/vector/polygons';
import { missingWith, type Replacement, replaceValues, typeWith } from './replace-values';

/**
 * The cube with the pixels replaced whose centres lie outside of all polygons (or with `inside` in one of them).
 * What is no-data stays so.
 */
export function maskPolygons(
  cube: Cube,
  polygons: readonly Polygon[],
  {
    inside = false,
    replacement = null,
    crs = wgs84,
  }: { inside?: boolean; replacement?: Replacement; crs?: Crs } = {},
): Cube {
  const missing = missingWith(cube.missing, replacement);
  const result: Cube = deriveCube(cube, {
    missing,
    dataType: typeWith(cube.dataType, replacement),
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const grid = window.grid!;
      const length = product(blockShape(layerLengths(cube, window), window));
      if (length === 0) return missingBlock(result, window);
      const flag = inside ? 1 : 0;
      const masked = rasterizePolygons(polygons, grid, crs).map((value) => (value === flag ? 1 : 0));
      if (replacement === null && !masked.includes(0)) return missingBlock(result, window);
      const read = await cube.read(window, signal);
      const block = missing === cube.missing ? read : toMaskForm(read, cube.missing);
      if (!masked.includes(1)) return block;
      const all = new Uint8Array(length);
      for (let start = 0; start < length; start += masked.length) all.set(masked, start);
      if (replacement !== null)
        for (let i = 0; i < length; i++) if (all[i] === 1 && isMissingAt(block, missing, i)) all[i] = 0;
      return replaceValues(block, missing, replacement, all);
    },
  });
  return result;
}
