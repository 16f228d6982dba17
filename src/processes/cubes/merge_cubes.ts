import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { asCallback, preparePixels } from './cube-callbacks';
import { planMerge } from './merge-plan';
import { commonValues, mergedCube } from './merged-cube';
import { rangesAfter } from './value-range';

export function run(args: Arguments): Cube {
  const plan = planMerge(args.cube1 as Cube, args.cube2 as Cube);
  if (!plan.overlaps) return mergedCube(plan);
  if (args.overlap_resolver === null)
    throw new ProcessException(
      'OverlapResolverMissing',
      'The cubes have labels in common; say by "overlap_resolver" what becomes of their values.',
    );
  const resolver = preparePixels(
    asCallback(args.overlap_resolver),
    { x: { kind: 'plane' }, y: { kind: 'plane' } },
    args.context,
    commonValues(plan.first, plan.second),
  );
  const dimensions = rangesAfter(plan.dimensions, asCallback(args.overlap_resolver));
  return mergedCube({ ...plan, dimensions }, resolver);
}
