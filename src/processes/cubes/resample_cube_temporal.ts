import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { dimensionsOfType, requireDimension } from './cube-dimensions';
import { byDistance, firstValidLabels } from './nearest-labels';
import { pickedLabels } from './picked-labels';
import { instantsOf, type TemporalDimension } from './temporal-dimension';

const process = 'resample_cube_temporal';
const dayMs = 86_400_000;

/** The temporal dimensions to resample, of the data and of the target. */
function pairs(data: Cube, target: Cube, name: string | null): [TemporalDimension, TemporalDimension][] {
  if (name !== null) {
    const both = [requireDimension(data, name), requireDimension(target, name)] as const;
    const [own, other] = both;
    if (own.type === 'temporal' && other.type === 'temporal') return [[own, other]];
    throw new ProcessException(
      'DimensionMismatch',
      `The dimension "${name}" is ${own.type} in the data and ${other.type} in the target; it has to be temporal in both.`,
    );
  }
  const found = dimensionsOfType(data, 'temporal').flatMap((own) =>
    dimensionsOfType(target, 'temporal')
      .filter((other) => other.name === own.name)
      .map((other): [TemporalDimension, TemporalDimension] => [own, other]),
  );
  if (found.length === 0)
    throw new ProcessException(
      'DimensionMismatch',
      'The cubes have no temporal dimensions of the same name.',
    );
  return found;
}

export function run(args: Arguments): Cube {
  const data = args.data as Cube;
  const within = args.valid_within as number | null;
  return pairs(data, args.target as Cube, args.dimension as string | null).reduce((cube, [own, other]) => {
    const instants = instantsOf(own, process, 'data');
    const nearest = instantsOf(other, process, 'target').map((target) => {
      const sorted = byDistance(instants, target);
      if (within === null) return sorted.slice(0, 1);
      return sorted.filter((index) => Math.abs(instants[index] - target) < within * dayMs);
    });
    return within === null
      ? pickedLabels(
          cube,
          other,
          nearest.map(([index = -1]) => index),
        )
      : firstValidLabels(cube, other, nearest);
  }, data);
}
