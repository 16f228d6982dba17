import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { requireGrid } from './cube-dimensions';
import { readPolygons } from './geojson-polygons';
import { maskPolygons } from './polygon-mask';
import type { Replacement } from './replace-values';

export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  requireGrid(cube, 'mask_polygon', 'data');
  return maskPolygons(cube, readPolygons(args.mask, 'mask_polygon', 'mask'), {
    inside: args.inside as boolean,
    replacement: args.replacement as Replacement,
  });
}
