import { type Arguments, SavedResult } from '../../graph/types';
import { type Cube, isCube } from '../../raster/cube';
import { refuseEmpty } from '../../raster/formats/layers';
import { readOptions } from '../../raster/formats/options';
import { findFormat, outputFormats } from '../../raster/formats/registry';
import type { OutputFormat } from '../../raster/formats/types';
import { unsuitable } from '../../raster/formats/unsuitable';
import { geometryDimension } from '../../raster/vector/geometry';

/** @throws ProcessException `FormatUnsuitable`, `DataCubeEmpty` */
function checkCube(cube: Cube, { name, holds }: OutputFormat): void {
  if (holds === 'geometries' && !geometryDimension(cube))
    throw unsuitable(`${name} holds geometries, but the cube has no dimension of them.`);
  if (holds === 'pixels' && !cube.grid)
    throw unsuitable(
      `${name} holds pixels, but the cube has no longer both of the dimensions x and y; JSON holds such data.`,
    );
  if (cube.dataType === 'text' && (holds === 'pixels' || holds === 'cubes'))
    throw unsuitable(`${name} holds numbers and this data cube holds text; save it as JSON, CSV or Parquet.`);
  // JSON and GeoJSON can say that there is nothing.
  if (holds === 'pixels' || holds === 'cubes') refuseEmpty(cube, cube.grid);
}

/** Nothing is written here: the sink that asked for the result does that. */
export function run(args: Arguments): SavedResult {
  const format = findFormat(args.format as string);
  if (!format)
    throw unsuitable(
      `There is no output format "${String(args.format)}"; there are ${outputFormats.map(({ name }) => name).join(', ')}.`,
    );
  const options = args.options as Readonly<Record<string, unknown>>;
  readOptions(format.name, format.parameters, options);
  if (isCube(args.data)) checkCube(args.data, format);
  else if (format.holds !== 'values') throw unsuitable(`${format.name} holds data cubes only.`);
  return new SavedResult(args.data, format.name, options);
}
