import { subGrid } from '../../geo/grid';
import type { Arguments } from '../../graph/types';
import { cropCube } from '../../raster/crop';
import { type Cube, type Dimension, gridBounds, layerDimensions } from '../../raster/cube';
import { allIndices } from '../../raster/layers';
import { selectLabels } from '../../raster/select-labels';
import type { ProcessContext } from '../context';
import { findData } from './data-extent';

/** Names have no order that gaps could break; places, times and numbers have. */
function isCategorical(dimension: Dimension): boolean {
  if (dimension.type === 'bands' || dimension.type === 'geometry') return true;
  return dimension.type === 'other' && !dimension.labels.every((label) => typeof label === 'number');
}

function between(has: Uint8Array): number[] {
  const [first, last] = [has.indexOf(1), has.lastIndexOf(1)];
  return first < 0 ? [] : allIndices(last - first + 1).map((offset) => first + offset);
}

/** All values are read once, in strips, to find what is empty. */
export async function run(args: Arguments, { signal }: Pick<ProcessContext, 'signal'>): Promise<Cube> {
  const cube = args.data as Cube;
  const { layers, columns, rows } = await findData(cube, signal);
  const trimmed = layerDimensions(cube).reduce((result, dimension, axis) => {
    const has = layers[axis];
    const kept = isCategorical(dimension)
      ? allIndices(has.length).filter((index) => has[index] === 1)
      : between(has);
    return selectLabels(result, dimension.name, kept);
  }, cube);
  if (!cube.grid || !columns || !rows) return trimmed;
  const [left, top] = [columns.indexOf(1), rows.indexOf(1)];
  const part =
    left < 0
      ? subGrid(cube.grid, 0, 0, 0, 0)
      : subGrid(cube.grid, left, top, columns.lastIndexOf(1) - left + 1, rows.lastIndexOf(1) - top + 1);
  if (part.width === cube.grid.width && part.height === cube.grid.height) return trimmed;
  return cropCube(trimmed, left < 0 ? [] : [gridBounds(part)]);
}
