import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { dropSingleLabel } from '../../raster/single-label';
import { dimensionLabels, withLabelsOn } from './cube-dimensions';

export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  const name = args.name as string;
  const count = dimensionLabels(cube, name).length;
  if (count !== 1)
    throw new ProcessException(
      'DimensionLabelCountMismatch',
      `The dimension "${name}" has ${count} labels; only a dimension with one label can be dropped.`,
    );
  return dropSingleLabel(withLabelsOn(cube, name), name);
}
