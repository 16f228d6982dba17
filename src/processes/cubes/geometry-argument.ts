import { OpenEOError } from '../../base/errors';
import type { Crs } from '../../geo/types';
import { type FeatureInfo, isCube } from '../../raster/cube';
import {
  crsOfGeometries,
  type Geometry,
  type GeometryDimension,
  geometryDimension,
} from '../../raster/geometry';
import { GeometryError } from '../../raster/topology';

type Json = Readonly<Record<string, unknown>>;

/** Geometries that were given to a process, with their dimension. */
export interface Geometries {
  readonly dimension: GeometryDimension;
  readonly geometries: readonly (Geometry | null)[];
  readonly crs: Crs;
}

/** How deep the positions of each type are nested. */
const depths = new Map([
  ['Point', 0],
  ['MultiPoint', 1],
  ['LineString', 1],
  ['MultiLineString', 2],
  ['Polygon', 2],
  ['MultiPolygon', 3],
]);

function isNested(value: unknown, depth: number): boolean {
  if (!Array.isArray(value)) return false;
  if (depth > 0) return value.every((item) => isNested(item, depth - 1));
  return value.length === 0 || (value.length >= 2 && value.every((number) => Number.isFinite(number)));
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
  const invalid = (reason: string) =>
    new OpenEOError('ProcessParameterInvalid', { process, parameter, reason });
  const geometryOf = (value: unknown): Geometry | null => {
    if (value === null || value === undefined) return null;
    const { type, coordinates } = value as Json;
    const depth = depths.get(type as string);
    if (depth === undefined) throw invalid(`a geometry of the type ${JSON.stringify(type)} is not supported`);
    if (!isNested(coordinates, depth)) throw invalid(`the coordinates of a ${String(type)} are not valid`);
    return { type, coordinates } as Geometry;
  };
  const featureOf = (value: unknown): FeatureInfo => {
    const { type, id, properties } = (value ?? {}) as Json;
    if (type !== 'Feature') throw invalid('a FeatureCollection consists of features');
    return {
      ...(typeof id === 'string' || typeof id === 'number' ? { id } : {}),
      properties: typeof properties === 'object' ? (properties as Json | null) : null,
    };
  };
  const { type, features } = (geojson ?? {}) as Json;
  if (type === 'FeatureCollection') {
    if (!Array.isArray(features)) throw invalid('it has no features');
    const infos = features.map(featureOf);
    return { geometries: features.map((feature) => geometryOf((feature as Json).geometry)), features: infos };
  }
  if (type === 'Feature')
    return { geometries: [geometryOf((geojson as Json).geometry)], features: [featureOf(geojson)] };
  return { geometries: [geometryOf(geojson)], features: undefined };
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
