import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { dimensionOfGeoJson } from './geometry-argument';
import { vectorCube } from './vector-values';

export function run(args: Arguments): Cube {
  return vectorCube(
    dimensionOfGeoJson(args.data, 'load_geojson', 'data'),
    args.properties as readonly string[],
  );
}
