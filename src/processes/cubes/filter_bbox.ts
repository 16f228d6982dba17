import type { Arguments } from '../../graph/types';
import { cropCube } from '../../raster/crop';
import { type Cube, gridBounds } from '../../raster/cube';
import { allIndices } from '../../raster/layers';
import { selectLabels } from '../../raster/select-labels';
import { type BoundingBox, boxesIn, parseBox } from './bounding-box';
import { requireGrid } from './cube-dimensions';

/** Limits a vertical dimension to heights between two numbers, both included; null is open. */
function cropHeight(cube: Cube, { base, height }: BoundingBox): Cube {
  if ((base ?? null) === null && (height ?? null) === null) return cube;
  const vertical = cube.dimensions.find(
    (dimension) => dimension.type === 'spatial' && dimension.axis === 'z',
  );
  const labels = vertical?.labels;
  if (!labels) return cube;
  const [low, high] = [base ?? Number.NEGATIVE_INFINITY, height ?? Number.POSITIVE_INFINITY];
  return selectLabels(
    cube,
    vertical.name,
    allIndices(labels.length).filter(
      (index) => Number(labels[index]) >= low && Number(labels[index]) <= high,
    ),
  );
}

export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  const extent = args.extent as BoundingBox;
  const grid = requireGrid(cube, 'filter_bbox', 'data');
  const box = parseBox(extent, 'filter_bbox', 'extent');
  return cropHeight(cropCube(cube, boxesIn(box, grid.crs, gridBounds(grid))), extent);
}
