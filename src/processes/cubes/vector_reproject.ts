import { OpenEOError, ProcessException } from '../../base/errors';
import { CrsError, parseCrs } from '../../geo/crs';
import type { Crs } from '../../geo/types';
import type { Arguments } from '../../graph/types';
import { type Cube, deriveCube } from '../../raster/cube';
import {
  crsOfGeometries,
  type Geometry,
  geometryDimension,
  reprojectGeometry,
} from '../../raster/vector/geometry';
import { requireDimension } from './cube-dimensions';

const process = 'vector_reproject';

function readCrs(projection: unknown): Crs {
  try {
    return parseCrs(projection as number | string);
  } catch (error) {
    if (!(error instanceof CrsError)) throw error;
    throw new OpenEOError(
      'ProcessParameterInvalid',
      { process, parameter: 'projection', reason: error.message },
      { cause: error },
    );
  }
}

/** Labels change; values stay where they are. */
export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  const name = args.dimension as string | null;
  const crs = readCrs(args.projection);
  if (name !== null && requireDimension(cube, name).type !== 'geometry')
    throw new ProcessException('DimensionNotAvailable', `The dimension "${name}" has no geometries.`);
  if (!geometryDimension(cube))
    throw new ProcessException('DimensionNotAvailable', 'The cube has no dimension of geometries.');
  return deriveCube(cube, {
    dimensions: cube.dimensions.map((dimension) => {
      if (dimension.type !== 'geometry' || (name !== null && dimension.name !== name)) return dimension;
      const from = crsOfGeometries(dimension);
      const labels = (dimension.labels as readonly (Geometry | null)[]).map((geometry) =>
        reprojectGeometry(geometry, from, crs),
      );
      return { ...dimension, labels, referenceSystem: crs.epsg ?? crs.definition };
    }),
  });
}
