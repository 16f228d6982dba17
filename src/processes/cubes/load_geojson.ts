import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { vectorCube, vectorValues } from '../../raster/vector/vector-cube';
import type { ProcessContext } from '../context';
import { dimensionOfGeoJson } from './geometry-argument';

/** What a value of a property takes while the cube is made. */
const valueBytes = 32;

/** Its values count in the memory of all runs, for as long as somebody can read them; its geometries as those of any cube. */
export async function run(
  args: Arguments,
  { memory, signal }: Pick<ProcessContext, 'memory' | 'signal'>,
): Promise<Cube> {
  const dimension = dimensionOfGeoJson(args.data, 'load_geojson', 'data');
  const properties = args.properties as readonly string[];
  const holding = memory.hold();
  try {
    await holding.claim(vectorValues(dimension, properties) * valueBytes, signal);
    return holding.until(vectorCube(dimension, properties));
  } catch (error) {
    holding.release();
    throw error;
  }
}
