import proj4 from 'proj4';
import { parseDefinition } from './crs-definition';
import type { Bounds, Crs } from './types';

type Point = [x: number, y: number];

/** Coordinates are always x (east), y (north); what cannot be transformed becomes NaN. */
export interface Transformer {
  forward(x: number, y: number): Point;
  inverse(x: number, y: number): Point;
}

const earthRadius = 6378137;
const degrees = 180 / Math.PI;

const mercator: Transformer = {
  forward: (x, y) => [
    (x / earthRadius) * degrees,
    (2 * Math.atan(Math.exp(y / earthRadius)) - Math.PI / 2) * degrees,
  ],
  inverse: (lon, lat) =>
    Math.abs(lat) < 90
      ? [(lon / degrees) * earthRadius, Math.asinh(Math.tan(lat / degrees)) * earthRadius]
      : [Number.NaN, Number.NaN],
};

const identity: Transformer = { forward: (x, y) => [x, y], inverse: (x, y) => [x, y] };

function guarded(transform: (point: Point) => Point, x: number, y: number): Point {
  if (!Number.isFinite(x) || !Number.isFinite(y)) return [Number.NaN, Number.NaN];
  try {
    const [outX, outY] = transform([x, y]);
    return Number.isFinite(outX) && Number.isFinite(outY) ? [outX, outY] : [Number.NaN, Number.NaN];
  } catch {
    return [Number.NaN, Number.NaN];
  }
}

const toWgs84 = new Map<string, Transformer>();

/** To and from longitude and latitude on WGS 84, made once per system. */
function geographic(crs: Crs): Transformer {
  if (crs.epsg === 4326) return identity;
  if (crs.epsg === 3857) return mercator;
  let transformer = toWgs84.get(crs.id);
  if (!transformer) {
    const converter = proj4(parseDefinition(crs.definition) as unknown as string, 'EPSG:4326');
    transformer = {
      forward: (x, y) => guarded((point) => converter.forward(point), x, y),
      inverse: (x, y) => guarded((point) => converter.inverse(point), x, y),
    };
    if (toWgs84.size >= 1000) toWgs84.clear();
    toWgs84.set(crs.id, transformer);
  }
  return transformer;
}

/** True for two names of one system. */
export function sameCrs(one: Crs, other: Crs): boolean {
  return one === other || one.id === other.id || one.definition === other.definition;
}

/** From one system to another, by way of WGS 84. Points outside a projection's domain become NaN. */
export function transformer(from: Crs, to: Crs): Transformer {
  if (sameCrs(from, to)) return identity;
  const source = geographic(from);
  const target = geographic(to);
  if (target === identity) return source;
  if (source === identity) return { forward: target.inverse, inverse: target.forward };
  return {
    forward: (x, y) => target.inverse(...source.forward(x, y)),
    inverse: (x, y) => source.inverse(...target.forward(x, y)),
  };
}

/** Points per edge: enough for the bend of an edge to stay below a thousandth of its length in usual projections. */
const edgePoints = 20;

function contains(bounds: Bounds, x: number, y: number): boolean {
  return x > bounds.west && x < bounds.east && y > bounds.south && y < bounds.north;
}

/**
 * The rectangle in `to` around a rectangle of `from`, following its edges. For a geographic `to`, a
 * rectangle across the antimeridian comes out with west > east, and one around a pole reaches it.
 * Sides are NaN where no point of the rectangle can be transformed.
 */
export function transformBounds(bounds: Bounds, from: Crs, to: Crs): Bounds {
  const { forward, inverse } = transformer(from, to);
  const width = bounds.east - bounds.west;
  const height = bounds.north - bounds.south;
  const xs: number[] = [];
  const ys: number[] = [];
  // The edge of a world-wide raster is a pole, which many projections cannot show: stay just below it.
  const limit = from.isGeographic ? 90 - 1e-6 : Number.POSITIVE_INFINITY;
  const project = (x: number, y: number) =>
    forward(x, Math.abs(y) - limit < 1e-6 ? Math.min(limit, Math.max(-limit, y)) : y);
  // Of a point, as there may be very many, all edges and the middle are the same.
  if (width === 0 && height === 0) {
    const [x, y] = project(bounds.west, bounds.south);
    return { west: x, south: y, east: x, north: y };
  }
  const add = (x: number, y: number) => {
    const point = project(x, y);
    if (Number.isNaN(point[0])) return;
    xs.push(point[0]);
    ys.push(point[1]);
  };
  // Clockwise along the edges, so that neighbours in the list are neighbours on the outline.
  for (let i = 0; i < edgePoints; i++) add(bounds.west + (width * i) / edgePoints, bounds.north);
  for (let i = 0; i < edgePoints; i++) add(bounds.east, bounds.north - (height * i) / edgePoints);
  for (let i = 0; i < edgePoints; i++) add(bounds.east - (width * i) / edgePoints, bounds.south);
  for (let i = 0; i < edgePoints; i++) add(bounds.west, bounds.south + (height * i) / edgePoints);
  const outline = xs.length;
  // Inner points catch systems whose extremes lie inside, and rectangles with all edges out of the domain.
  for (let row = 1; row < 8; row++)
    for (let column = 1; column < 8; column++)
      add(bounds.west + (width * column) / 8, bounds.south + (height * row) / 8);
  if (xs.length === 0) return { west: Number.NaN, south: Number.NaN, east: Number.NaN, north: Number.NaN };

  let south = Math.min(...ys);
  let north = Math.max(...ys);
  if (!to.isGeographic) return { west: Math.min(...xs), south, east: Math.max(...xs), north };

  let hasPole = false;
  if (!from.isGeographic)
    for (const latitude of [90, -90]) {
      const pole = inverse(0, latitude);
      if (!contains(bounds, pole[0], pole[1])) continue;
      // A cylindrical projection has no pole point: what comes back tells them apart.
      if (Math.abs(forward(pole[0], pole[1])[1] - latitude) > 1e-6) continue;
      hasPole = true;
      if (latitude > 0) north = 90;
      else south = -90;
    }
  if (hasPole) return { west: -180, south, east: 180, north };
  return { ...unwrappedRange(xs, outline), south, north };
}

/** West and east of longitudes along an outline; a jump of more than 180° is a step over the antimeridian. */
function unwrappedRange(longitudes: readonly number[], outline: number): { west: number; east: number } {
  let west = Number.POSITIVE_INFINITY;
  let east = Number.NEGATIVE_INFINITY;
  let previous = longitudes[0];
  for (let i = 0; i < longitudes.length; i++) {
    const reference = i < outline ? previous : (west + east) / 2;
    const value = longitudes[i] - 360 * Math.round((longitudes[i] - reference) / 360);
    if (i < outline) previous = value;
    if (value < west) west = value;
    if (value > east) east = value;
  }
  const plainWest = Math.min(...longitudes);
  const plainEast = Math.max(...longitudes);
  if (east - west >= 360 - 1e-9) return { west: -180, east: 180 };
  if (plainEast - plainWest <= east - west + 1e-9) return { west: plainWest, east: plainEast };
  const wrap = (longitude: number) => longitude - 360 * Math.floor((longitude + 180) / 360);
  return { west: wrap(west), east: wrap(east) };
}
