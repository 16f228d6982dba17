import { OpenEOError } from '../../base/errors';
import type { Crs } from '../../geo/types';
import { type FeatureInfo, isCube } from '../../raster/cube';
import { parseGeoJson } from '../../raster/vector/geojson';
import {
  crsOfGeometries,
  type Geometry,
  type GeometryDimension,
  geometryDimension,
} from '../../raster/vector/geometry';
import { GeometryError } from '../../raster/vector/topology';

/** Geometries that were given to a process, with their dimension. */
export interface Geometries {
  readonly dimension: GeometryDimension;
  readonly geometries: readonly (Geometry | null)[];
  readonly crs: Crs;
}

/**
 * The geometries of GeoJSON, in WGS 84. Geometries that are null stay: they are empty.
 * @throws OpenEOError `ProcessParameterInvalid`
 */
export function readGeoJson(
  geojson: unknown,
  process: string,
  parameter: string,
): { geometries: (Geometry | null)[]; features: FeatureInfo[] | undefined } {
  return parseGeoJson(
    geojson,
    (reason) => new OpenEOError('ProcessParameterInvalid', { process, parameter, reason }),
  );
}

/** The dimension that GeoJSON becomes. */
export function dimensionOfGeoJson(geojson: unknown, process: string, parameter: string): GeometryDimension {
  const { geometries, features } = readGeoJson(geojson, process, parameter);
  return { type: 'geometry', name: 'geometry', labels: geometries, features, referenceSystem: 4326 };
}

/** An argument that is a vector cube or GeoJSON. @throws OpenEOError `ProcessParameterInvalid` */
export function readGeometries(value: unknown, process: string, parameter: string): Geometries {
  const dimension = isCube(value) ? geometryDimension(value) : dimensionOfGeoJson(value, process, parameter);
  if (!dimension)
    throw new OpenEOError('ProcessParameterInvalid', {
      process,
      parameter,
      reason: 'the cube has no dimension of geometries',
    });
  return {
    dimension,
    geometries: dimension.labels as readonly (Geometry | null)[],
    crs: crsOfGeometries(dimension),
  };
}

/**
 * Computes with the shapes of an argument's geometries.
 * @param index the place of the one geometry that is computed with, for the message
 * @throws OpenEOError `ProcessParameterInvalid` for shapes that nothing can be computed with
 */
export function computing<T>(process: string, parameter: string, compute: () => T, index?: number): T {
  try {
    return compute();
  } catch (error) {
    if (!(error instanceof GeometryError)) throw error;
    const which = index === undefined ? 'its geometries cannot' : `its geometry ${index + 1} cannot`;
    const reason = `${which} be computed with (${error.message}); rings must not cross themselves.`;
    throw new OpenEOError('ProcessParameterInvalid', { process, parameter, reason }, { cause: error });
  }
}
