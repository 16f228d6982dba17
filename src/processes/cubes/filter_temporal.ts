import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { allIndices } from '../../raster/layers';
import { selectLabels } from '../../raster/select-labels';
import { dimensionsOfType, requireDimension } from './cube-dimensions';
import { isWithin, parseInterval } from './temporal-extent';

export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  const name = args.dimension as string | null;
  const interval = parseInterval(args.extent as readonly unknown[], 'filter_temporal', 'extent');
  const temporal = dimensionsOfType(cube, 'temporal');
  if (name !== null) requireDimension(cube, name);
  const chosen = name === null ? temporal : temporal.filter((dimension) => dimension.name === name);
  if (chosen.length === 0)
    throw new ProcessException(
      'DimensionNotAvailable',
      name === null ? 'The cube has no temporal dimension.' : `The dimension "${name}" is not temporal.`,
    );
  return chosen.reduce(
    (filtered, { name: dimension, labels }) =>
      selectLabels(
        filtered,
        dimension,
        allIndices(labels.length).filter((index) => isWithin(labels[index], interval)),
      ),
    cube,
  );
}
