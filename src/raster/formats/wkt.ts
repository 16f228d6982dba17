import type { Geometry } from '../vector/geometry';
import type { Polygon, Position } from '../vector/polygons';

function list<T>(items: readonly T[], text: (item: T) => string): string {
  return items.length === 0 ? 'EMPTY' : `(${items.map(text).join(', ')})`;
}

/** True where every position has a height. */
function isThreeDimensional(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return typeof value[0] === 'number' ? value.length > 2 : value.every(isThreeDimensional);
}

/** Well-known text of a geometry; of null it is an empty collection. */
export function toWkt(geometry: Geometry | null): string {
  if (geometry === null) return 'GEOMETRYCOLLECTION EMPTY';
  const isHigh = isThreeDimensional(geometry.coordinates);
  const name = `${geometry.type.toUpperCase()}${isHigh ? ' Z' : ''}`;
  const position = (point: Position) => point.slice(0, isHigh ? 3 : 2).join(' ');
  const line = (points: readonly Position[]) => list(points, position);
  const polygon = (rings: Polygon) => list(rings, line);
  switch (geometry.type) {
    case 'Point':
      return `${name} ${geometry.coordinates.length === 0 ? 'EMPTY' : `(${position(geometry.coordinates)})`}`;
    case 'MultiPoint':
      return `${name} ${list(geometry.coordinates, (point) => `(${position(point)})`)}`;
    case 'LineString':
      return `${name} ${line(geometry.coordinates)}`;
    case 'MultiLineString':
      return `${name} ${list(geometry.coordinates, line)}`;
    case 'Polygon':
      return `${name} ${polygon(geometry.coordinates)}`;
    case 'MultiPolygon':
      return `${name} ${list(geometry.coordinates, polygon)}`;
  }
}
