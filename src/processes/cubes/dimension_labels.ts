import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { dimensionLabels } from './cube-dimensions';

export function run(args: Arguments): unknown[] {
  return [...dimensionLabels(args.data as Cube, args.dimension as string)];
}
