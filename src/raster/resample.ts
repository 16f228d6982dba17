import { transformBounds } from '../geo/crs';
import { gridsAligned, intersectBounds, padGrid, snappedGrid } from '../geo/grid';
import type { Grid } from '../geo/types';
import { type Block, type Cube, deriveCube, gridBounds, type Window } from './cube';
import type { Resampling } from './source';
import { warpBlockInTurns } from './warp';

/** Pixels of the fixed grid around a window, for kernels and bent edges. */
const margin = 4;

/**
 * A cube on a fixed grid (`resample_spatial`): the input is read on the pixels of `grid`, with its own
 * method where it has one; windows on other grids are then taken from those pixels.
 * @param resampling how the input's native pixels become those of the grid. `near` reads the input
 *   straight on the grid; other methods read its native pixels and resample them.
 */
export function fixGrid(cube: Cube, grid: Grid, resampling: Resampling): Cube {
  const native = cube.grid;
  if (!native) throw new TypeError('A cube without a grid cannot be resampled');
  const readFixed = async (target: Grid, select: Window['select'], signal: AbortSignal): Promise<Block> => {
    if (resampling === 'near' || gridsAligned(native, target)) {
      const block = await cube.read({ grid: target, ...(select && { select }) }, signal);
      return block;
    }
    const area = transformBounds(gridBounds(padGrid(target, margin)), target.crs, native.crs);
    const wanted = intersectBounds(area, gridBounds(padGrid(native, margin)));
    const source = snappedGrid(wanted ?? gridBounds(padGrid(native, margin)), native);
    const block = await cube.read(
      { grid: wanted ? source : { ...source, width: 1, height: 1 }, ...(select && { select }) },
      signal,
    );
    return warpBlockInTurns(block, target, { resampling, missing: cube.missing }, signal);
  };
  return deriveCube(cube, {
    grid,
    isGridFixed: true,
    async read(window, signal) {
      const { grid: target, select } = window;
      if (!target) throw new TypeError('A window of a cube with a grid needs a grid');
      if (gridsAligned(grid, target))
        return clipTo(grid, await readFixed(target, select, signal), cube.missing);
      const area = transformBounds(gridBounds(target), target.crs, grid.crs);
      const wanted = intersectBounds(area, gridBounds(grid));
      const source = wanted ? padGrid(snappedGrid(wanted, grid), margin) : { ...grid, width: 1, height: 1 };
      const block = clipTo(grid, await readFixed(source, select, signal), cube.missing);
      return warpBlockInTurns(block, target, { resampling: 'near', missing: cube.missing }, signal);
    },
  });
}

/** Pixels outside of the fixed grid are missing, whatever the input has there. */
function clipTo(grid: Grid, block: Block, missing: Cube['missing']): Block {
  const window = block.grid!;
  const column0 = Math.round((grid.originX - window.originX) / grid.resX);
  const row0 = Math.round((window.originY - grid.originY) / grid.resY);
  const column1 = column0 + grid.width;
  const row1 = row0 + grid.height;
  if (column0 <= 0 && row0 <= 0 && column1 >= window.width && row1 >= window.height) return block;
  const { data } = block;
  const copy = Array.isArray(data) ? [...data] : data.slice();
  const valid =
    missing === 'mask' ? (block.valid?.slice() ?? new Uint8Array(data.length).fill(1)) : undefined;
  const pixels = window.width * window.height;
  for (let i = 0; i < copy.length; i++) {
    const pixel = i % pixels;
    const row = Math.floor(pixel / window.width);
    const column = pixel - row * window.width;
    if (column >= column0 && column < column1 && row >= row0 && row < row1) continue;
    copy[i] = Number.NaN;
    if (valid) valid[i] = 0;
  }
  return { ...block, data: copy, ...(valid && { valid }) };
}
