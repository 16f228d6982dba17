import type { FeatureInfo } from '../cube';
import type { Geometry } from './geometry';

type Json = Readonly<Record<string, unknown>>;

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
 * The geometries of GeoJSON. Geometries that are null stay: they are empty.
 * @param invalid makes the error for what is not valid
 */
export function parseGeoJson(
  geojson: unknown,
  invalid: (reason: string) => Error,
): { geometries: (Geometry | null)[]; features: FeatureInfo[] | undefined } {
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
