import type { Cube } from '../../raster/cube';
import { memoryCube } from '../../raster/memory-cube';

/** The one value of a cube without dimensions is missing. */
export function run(): Cube {
  return memoryCube({ dimensions: [], shape: [], data: Float64Array.of(Number.NaN) });
}
