import { parseCrs, sameCrs, transformer, wgs84 } from '../../geo/crs';
import type { Bounds, Crs } from '../../geo/types';
import type { Cube, Dimension } from '../cube';
import type { Polygon, Position } from './polygons';

/** The GeoJSON geometries that cubes hold: all but GeometryCollection. */
export type Geometry =
  | { readonly type: 'Point'; readonly coordinates: Position }
  | { readonly type: 'MultiPoint'; readonly coordinates: readonly Position[] }
  | { readonly type: 'LineString'; readonly coordinates: readonly Position[] }
  | { readonly type: 'MultiLineString'; readonly coordinates: readonly (readonly Position[])[] }
  | { readonly type: 'Polygon'; readonly coordinates: Polygon }
  | { readonly type: 'MultiPolygon'; readonly coordinates: readonly Polygon[] };

export type GeometryDimension = Extract<Dimension, { type: 'geometry' }>;

/** The points, lines and polygons of a geometry; null and geometries without coordinates have none. */
export interface Parts {
  readonly points: readonly Position[];
  readonly lines: readonly (readonly Position[])[];
  readonly polygons: readonly Polygon[];
}

const nothing: Parts = { points: [], lines: [], polygons: [] };

export function partsOf(geometry: Geometry | null): Parts {
  switch (geometry?.type) {
    case 'Point':
      return { ...nothing, points: geometry.coordinates.length >= 2 ? [geometry.coordinates] : [] };
    case 'MultiPoint':
      return { ...nothing, points: geometry.coordinates };
    case 'LineString':
      return { ...nothing, lines: [geometry.coordinates].filter((line) => line.length >= 2) };
    case 'MultiLineString':
      return { ...nothing, lines: geometry.coordinates.filter((line) => line.length >= 2) };
    case 'Polygon':
      return { ...nothing, polygons: [geometry.coordinates].filter(isArea) };
    case 'MultiPolygon':
      return { ...nothing, polygons: geometry.coordinates.filter(isArea) };
    default:
      return nothing;
  }
}

function isArea([outer = []]: Polygon): boolean {
  return outer.length >= 3;
}

export function isEmptyGeometry(geometry: Geometry | null): boolean {
  const { points, lines, polygons } = partsOf(geometry);
  return points.length + lines.length + polygons.length === 0;
}

/** All positions that a geometry is made of. */
export function positionsOf(geometry: Geometry | null): Position[] {
  const { points, lines, polygons } = partsOf(geometry);
  return [...points, ...lines.flat(), ...polygons.flat(2)] as Position[];
}

/** The box around a geometry, in its own coordinates; undefined for empty ones. */
export function geometryBounds(geometry: Geometry | null): Bounds | undefined {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of positionsOf(geometry)) {
    west = Math.min(west, x);
    east = Math.max(east, x);
    south = Math.min(south, y);
    north = Math.max(north, y);
  }
  return west <= east ? { west, south, east, north } : undefined;
}

type Nested = number | readonly Nested[];

/** The same geometry with every position changed; further coordinates stay. */
function mapPositions(
  geometry: Geometry,
  change: (x: number, y: number) => readonly [number, number],
): Geometry {
  const visit = (value: Nested): Nested => {
    if (typeof value === 'number') return value;
    if (typeof value[0] !== 'number') return value.map(visit);
    const [x, y, ...rest] = value as readonly number[];
    return [...change(x, y), ...rest];
  };
  return { type: geometry.type, coordinates: visit(geometry.coordinates as Nested) } as Geometry;
}

/** Where the coordinates of a geometry dimension are. @throws CrsError */
export function crsOfGeometries({ referenceSystem }: GeometryDimension): Crs {
  return referenceSystem === undefined ? wgs84 : parseCrs(referenceSystem);
}

/** The first dimension of geometries, which makes a cube a vector cube. */
export function geometryDimension(cube: Pick<Cube, 'dimensions'>): GeometryDimension | undefined {
  return cube.dimensions.find((dimension): dimension is GeometryDimension => dimension.type === 'geometry');
}

/**
 * The same geometry in another reference system, position by position. Empty ones stay as they are, and so do labels
 * that name a geometry without saying where it is (see `add_dimension`), which count as empty.
 */
export function reprojectGeometry(geometry: Geometry | null, from: Crs, to: Crs): Geometry | null {
  if (geometry === null || sameCrs(from, to) || isEmptyGeometry(geometry)) return geometry;
  return mapPositions(geometry, transformer(from, to).forward);
}
