import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { vectorCube } from '../../raster/vector-cube';
import { dimensionOfGeoJson } from './geometry-argument';

export function run(args: Arguments): Cube {
  return vectorCube(
    dimensionOfGeoJson(args.data, 'load_geojson', 'data'),
    args.properties as readonly string[],
  );
}
