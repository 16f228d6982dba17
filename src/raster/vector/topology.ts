import type Geom from 'jsts/org/locationtech/jts/geom/Geometry.js';
import { type Geometry, geometryBounds, partsOf } from './geometry';
import type { Polygon, Position } from './polygons';

/** How geometries can lie to each other, as the Simple Features standard defines it. */
export type Relation =
  | 'intersects'
  | 'disjoint'
  | 'equals'
  | 'touches'
  | 'crosses'
  | 'overlaps'
  | 'contains'
  | 'within';

/** A geometry that nothing can be computed with, for example a ring that crosses itself. */
export class GeometryError extends Error {}

/** Straight pieces of a quarter of a circle: the area of a buffered point is 0.2 % too small. */
const quadrantSegments = 16;

/** The library is large and seldom needed. */
async function loadLibrary() {
  const [list, factory, reader, writer, buffer, relate, union] = await Promise.all([
    import('jsts/java/util/ArrayList.js'),
    import('jsts/org/locationtech/jts/geom/GeometryFactory.js'),
    import('jsts/org/locationtech/jts/io/GeoJSONReader.js'),
    import('jsts/org/locationtech/jts/io/GeoJSONWriter.js'),
    import('jsts/org/locationtech/jts/operation/buffer/BufferOp.js'),
    import('jsts/org/locationtech/jts/operation/relate/RelateOp.js'),
    import('jsts/org/locationtech/jts/operation/union/UnaryUnionOp.js'),
  ]);
  const geometries = new factory.default();
  return {
    geometries,
    toList: (items: readonly Geom[]) => {
      const result = new list.default(null);
      for (const item of items) result.add(item);
      return result;
    },
    reader: new reader.default(geometries),
    writer: new writer.default(),
    BufferOp: buffer.default,
    RelateOp: relate.default,
    UnaryUnionOp: union.default,
  };
}

type Library = Awaited<ReturnType<typeof loadLibrary>>;

function translate<T>(compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    throw new GeometryError((error as Error).message || (error as Error).name, { cause: error });
  }
}

const flat = (position: Position): Position => [position[0], position[1]];

function closed(ring: readonly Position[]): Position[] {
  const [first, last] = [ring[0], ring[ring.length - 1]];
  const isClosed = first[0] === last[0] && first[1] === last[1];
  return [...ring, ...(isClosed ? [] : [first])].map(flat);
}

/** All that is not empty of a geometry, without heights and with closed rings. */
function toJts({ geometries, reader, toList }: Library, geometry: Geometry | null): Geom {
  const { points, lines, polygons } = partsOf(geometry);
  const rings = polygons.map((polygon) => polygon.filter((ring) => ring.length > 0).map(closed));
  const parts = [
    ...points.map((coordinates) => ({ type: 'Point', coordinates: flat(coordinates) })),
    ...lines.map((coordinates) => ({ type: 'LineString', coordinates: coordinates.map(flat) })),
    ...rings.map((coordinates) => ({ type: 'Polygon', coordinates })),
  ];
  return translate(() => geometries.buildGeometry(toList(parts.map((part) => reader.read(part) as Geom))));
}

function signedArea(ring: readonly Position[]): number {
  let area = 0;
  for (let i = 1; i < ring.length; i++) area += ring[i - 1][0] * ring[i][1] - ring[i][0] * ring[i - 1][1];
  return area;
}

/** Outer rings counter-clockwise, holes clockwise, as GeoJSON (RFC 7946) wants them. */
function oriented(polygon: Polygon): Polygon {
  return polygon.map((ring, index) => (signedArea(ring) > 0 === (index === 0) ? ring : [...ring].reverse()));
}

/** Computations with the shapes of geometries, on the plane of their coordinates. */
export interface Topology {
  /**
   * All that is nearer to a geometry than `distance`; for a negative one, all of it that is farther inside.
   * @param distance in the units of its coordinates
   * @returns a Polygon or MultiPolygon; a Polygon without coordinates where nothing is left
   * @throws GeometryError
   */
  buffer(geometry: Geometry, distance: number): Geometry;
  /**
   * Tells whether the union of some geometries has a relation to a geometry: whether it contains it, lies within it, …
   * @throws GeometryError, as does the function that it returns
   */
  relationTo(base: readonly Geometry[], relation: Relation): (candidate: Geometry) => boolean;
}

let opened: Promise<Topology> | undefined;

export function openTopology(): Promise<Topology> {
  opened ??= loadLibrary().then((library) => ({
    buffer: (geometry, distance) => buffer(library, geometry, distance),
    relationTo: (base, relation) => relationTo(library, base, relation),
  }));
  return opened;
}

function buffer(library: Library, geometry: Geometry, distance: number): Geometry {
  const result = translate(() => {
    const buffered = library.BufferOp.bufferOp(toJts(library, geometry), distance, quadrantSegments);
    return library.writer.write(buffered) as unknown as Geometry;
  });
  const polygons = partsOf(result).polygons.map(oriented);
  if (polygons.length > 1) return { type: 'MultiPolygon', coordinates: polygons };
  return { type: 'Polygon', coordinates: polygons[0] ?? [] };
}

/** Whether the boxes around two geometries have a point in common. */
function isNear(one: Geometry, other: Geometry): boolean {
  const [a, b] = [geometryBounds(one), geometryBounds(other)];
  return (
    a !== undefined &&
    b !== undefined &&
    a.west <= b.east &&
    a.east >= b.west &&
    a.south <= b.north &&
    a.north >= b.south
  );
}

function relationTo(
  library: Library,
  base: readonly Geometry[],
  relation: Relation,
): (candidate: Geometry) => boolean {
  const shapes = base.map((geometry) => toJts(library, geometry));
  const union =
    shapes.length === 1
      ? shapes[0]
      : translate(() => library.UnaryUnionOp.union(library.toList(shapes), library.geometries) as Geom);
  return (candidate) => {
    if (!base.some((geometry) => isNear(geometry, candidate))) return relation === 'disjoint';
    const other = toJts(library, candidate);
    const matrix = translate(() => library.RelateOp.relate(union, other));
    const dimensions = [dimensionOf(base), dimensionOf([candidate])] as const;
    switch (relation) {
      case 'intersects':
        return matrix.isIntersects();
      case 'disjoint':
        return matrix.isDisjoint();
      case 'equals':
        return matrix.isEquals(...dimensions);
      case 'touches':
        return matrix.isTouches(...dimensions);
      case 'crosses':
        return matrix.isCrosses(...dimensions);
      case 'overlaps':
        return matrix.isOverlaps(...dimensions);
      case 'contains':
        return matrix.isContains();
      case 'within':
        return matrix.isWithin();
    }
  };
}

/** 0 for points, 1 for lines, 2 for areas: the largest of all parts. */
function dimensionOf(geometries: readonly Geometry[]): number {
  const parts = geometries.map(partsOf);
  if (parts.some(({ polygons }) => polygons.length > 0)) return 2;
  return parts.some(({ lines }) => lines.length > 0) ? 1 : 0;
}
