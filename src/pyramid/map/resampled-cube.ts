import { transformBounds } from '../../geo/crs';
import { gridForBounds, intersectBounds, padGrid, snappedGrid } from '../../geo/grid';
import type { Grid } from '../../geo/types';
import { type Cube, deriveCube, gridBounds } from '../../raster/cube';
import { missingBlock } from '../../raster/layers';
import type { Resampling } from '../../raster/source';
import { warpBlockInTurns } from '../../raster/warp';

/** Pixels around a window that the widest filter looks at. */
const halo = 6;

/**
 * A cube that is read on pixels of its own, by a power of two coarser where the window is, and resampled from there: for
 * cubes that know the nearest pixel only.
 */
export function resampledCube(cube: Cube, resampling: Resampling): Cube {
  const own = cube.grid as Grid;
  const result: Cube = deriveCube(cube, {
    async read(window, signal) {
      const target = window.grid as Grid;
      const area = transformBounds(gridBounds(target), target.crs, own.crs);
      // How many own pixels a pixel of the window is long, rounded down so that it is seen whole.
      const scale = Math.min(
        (area.east - area.west) / target.width / own.resX,
        (area.north - area.south) / target.height / own.resY,
      );
      const factor = Number.isFinite(scale) ? 2 ** Math.max(0, Math.floor(Math.log2(scale * 1.0001))) : 1;
      const coarse = gridForBounds(gridBounds(own), own.crs, own.resX * factor, own.resY * factor);
      const near = padGrid(snappedGrid(area, coarse), halo);
      const overlap = intersectBounds(gridBounds(near), gridBounds(coarse));
      if (!overlap) return missingBlock(result, window);
      const block = await cube.read({ ...window, grid: snappedGrid(overlap, coarse) }, signal);
      return warpBlockInTurns(block, target, { resampling, missing: cube.missing }, signal);
    },
  });
  return result;
}
