import { webMercator, wgs84 } from '../geo/crs';
import type { Bounds } from '../geo/types';
import { type Geometry, geometryBounds, partsOf, reprojectGeometry } from '../raster/vector/geometry';
import type { Polygon, Position } from '../raster/vector/polygons';

/** A region that restricts a pyramid of a map, in Web Mercator metres. */
export interface TileArea {
  readonly bounds: Bounds;
  /** Whether a rectangle has a point in common with the region. */
  meets(rectangle: Bounds): boolean;
}

function crosses(a: Position, b: Position, { west, south, east, north }: Bounds): boolean {
  // Liang and Barsky's clipping: the part of the segment inside of all four edges.
  let from = 0;
  let to = 1;
  const clip = (direction: number, distance: number): boolean => {
    if (direction === 0) return distance >= 0;
    const at = distance / direction;
    if (direction < 0) from = Math.max(from, at);
    else to = Math.min(to, at);
    return from <= to;
  };
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  return clip(-dx, a[0] - west) && clip(dx, east - a[0]) && clip(-dy, a[1] - south) && clip(dy, north - a[1]);
}

function holds(polygon: Polygon, x: number, y: number): boolean {
  let isInside = false;
  for (const ring of polygon)
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [x1, y1] = ring[i];
      const [x2, y2] = ring[j];
      if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) isInside = !isInside;
    }
  return isInside;
}

/** The region of geometries in longitude and latitude; undefined where they have no area. */
export function tileArea(geometries: readonly Geometry[]): TileArea | undefined {
  const projected = geometries.map((geometry) => reprojectGeometry(geometry, wgs84, webMercator));
  const polygons = projected.flatMap((geometry) => partsOf(geometry).polygons);
  const boxes = polygons.flatMap((coordinates) => {
    const bounds = geometryBounds({ type: 'Polygon', coordinates });
    return bounds ? [{ bounds, polygon: coordinates }] : [];
  });
  if (boxes.length === 0) return undefined;
  const bounds = {
    west: Math.min(...boxes.map((box) => box.bounds.west)),
    south: Math.min(...boxes.map((box) => box.bounds.south)),
    east: Math.max(...boxes.map((box) => box.bounds.east)),
    north: Math.max(...boxes.map((box) => box.bounds.north)),
  };
  return {
    bounds,
    meets: (rectangle) =>
      boxes.some(
        ({ bounds: box, polygon }) =>
          box.west < rectangle.east &&
          box.east > rectangle.west &&
          box.south < rectangle.north &&
          box.north > rectangle.south &&
          (holds(polygon, rectangle.west, rectangle.north) ||
            polygon.some((ring) =>
              ring.some((point, i) => crosses(point, ring[(i + 1) % ring.length], rectangle)),
            )),
      ),
  };
}
