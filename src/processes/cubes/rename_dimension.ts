import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { renameDimension } from '../../raster/single-label';
import { refuseDimension, requireDimension } from './cube-dimensions';

export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  requireDimension(cube, args.source as string);
  refuseDimension(cube, args.target as string);
  return renameDimension(cube, args.source as string, args.target as string);
}
