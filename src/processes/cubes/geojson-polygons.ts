import { OpenEOError } from '../../base/errors';
import type { Polygon } from '../../raster/polygons';

type Json = Readonly<Record<string, unknown>>;

function isPosition(value: unknown): boolean {
  return Array.isArray(value) && value.length >= 2 && Number.isFinite(value[0]) && Number.isFinite(value[1]);
}

function isPolygon(value: unknown): value is Polygon {
  return Array.isArray(value) && value.every((ring) => Array.isArray(ring) && ring.every(isPosition));
}

/**
 * The polygons of a GeoJSON Polygon, MultiPolygon, Feature or FeatureCollection, in longitudes and latitudes.
 * Empty geometries are left out.
 * @throws OpenEOError `ProcessParameterInvalid` for other geometries, and where no polygon is left.
 */
export function readPolygons(geojson: unknown, process: string, parameter: string): readonly Polygon[] {
  const invalid = (reason: string) =>
    new OpenEOError('ProcessParameterInvalid', { process, parameter, reason });
  const visit = (value: unknown, isInFeature: boolean): Polygon[] => {
    if (value === null && isInFeature) return [];
    const { type, coordinates, geometry, features } = (value ?? {}) as Json;
    if (type === 'FeatureCollection' && Array.isArray(features) && !isInFeature)
      return features.flatMap((feature) => visit(feature, false));
    if (type === 'Feature' && !isInFeature) return visit(geometry ?? null, true);
    if (type === 'Polygon' && isPolygon(coordinates)) return [coordinates];
    if (type === 'MultiPolygon' && Array.isArray(coordinates) && coordinates.every(isPolygon))
      return coordinates;
    throw invalid(
      `${typeof type === 'string' ? `a ${type}` : 'this'} is not a valid Polygon, MultiPolygon, Feature or FeatureCollection of them`,
    );
  };
  const polygons = visit(geojson, false).filter(([outer = []]) => outer.length >= 3);
  if (polygons.length === 0) throw invalid('there is no polygon in it that is not empty');
  return polygons;
}
