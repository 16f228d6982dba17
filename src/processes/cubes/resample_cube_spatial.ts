import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { fixGrid } from '../../raster/resample';
import type { Resampling } from '../../raster/source';
import { requireGrid } from './cube-dimensions';

export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  requireGrid(cube, 'resample_cube_spatial', 'data');
  const grid = requireGrid(args.target as Cube, 'resample_cube_spatial', 'target');
  return fixGrid(cube, grid, args.method as Resampling);
}
