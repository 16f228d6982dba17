import { countParts } from '../../base/json';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { vectorCube, vectorValues } from '../../raster/vector-cube';
import type { ProcessContext } from '../context';
import { dimensionOfGeoJson } from './geometry-argument';

/** What a number, a text or an object takes, with its place. */
const partBytes = 32;
/** What a value of a property takes while the cube is made. */
const valueBytes = 32;

/** Its geometries count in the memory of all runs, for as long as somebody can read them. */
export async function run(
  args: Arguments,
  { memory, signal }: Pick<ProcessContext, 'memory' | 'signal'>,
): Promise<Cube> {
  const { data } = args;
  const holding = memory.hold();
  try {
    await holding.claim(countParts(data, Number.POSITIVE_INFINITY) * partBytes, signal);
    const dimension = dimensionOfGeoJson(data, 'load_geojson', 'data');
    const properties = args.properties as readonly string[];
    await holding.claim(vectorValues(dimension, properties) * valueBytes, signal);
    return holding.until(vectorCube(dimension, properties));
  } catch (error) {
    holding.release();
    throw error;
  }
}
