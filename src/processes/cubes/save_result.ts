import { ProcessException } from '../../base/errors';
import { type Arguments, SavedResult } from '../../graph/types';
import { type Cube, isCube } from '../../raster/cube';
import { readOptions } from '../../raster/formats/options';
import { findFormat, outputFormats } from '../../raster/formats/registry';
import type { OutputFormat } from '../../raster/formats/types';
import { geometryDimension } from '../../raster/geometry';
import { labelCount } from '../../raster/layers';

/** @throws ProcessException `FormatUnsuitable`, `DataCubeEmpty` */
function checkCube(cube: Cube, format: OutputFormat): void {
  if (format.gisDataTypes.includes('table') || format.gisDataTypes.includes('other')) return;
  if (!format.gisDataTypes.includes('raster')) {
    if (geometryDimension(cube)) return;
    throw new ProcessException(
      'FormatUnsuitable',
      `${format.name} holds geometries, but the cube has no dimension of them.`,
    );
  }
  if (!cube.grid)
    throw new ProcessException(
      'FormatUnsuitable',
      `${format.name} holds pixels, but the cube has no longer both of the dimensions x and y; JSON holds such data.`,
    );
  const { grid } = cube;
  const isEmpty = (dimension: Cube['dimensions'][number]) =>
    dimension.type !== 'spatial' || dimension.labels ? labelCount(dimension) === 0 : false;
  const empty =
    grid.width === 0 || grid.height === 0
      ? 'the area'
      : cube.dimensions.filter(isEmpty).map(({ name }) => `the dimension "${name}"`)[0];
  if (empty)
    throw new ProcessException(
      'DataCubeEmpty',
      `${format.name} cannot hold a cube without values: ${empty} is empty.`,
    );
}

/** Nothing is written here: the sink that asked for the result does that. */
export function run(args: Arguments): SavedResult {
  const format = findFormat(args.format as string);
  if (!format)
    throw new ProcessException(
      'FormatUnsuitable',
      `There is no output format "${String(args.format)}"; there are ${outputFormats.map(({ name }) => name).join(', ')}.`,
    );
  const options = args.options as Readonly<Record<string, unknown>>;
  readOptions(format.name, format.parameters, options);
  if (isCube(args.data)) checkCube(args.data, format);
  else if (!format.gisDataTypes.includes('other'))
    throw new ProcessException('FormatUnsuitable', `${format.name} holds data cubes only.`);
  return new SavedResult(args.data, format.name, options);
}
