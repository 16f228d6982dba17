import { sameCrs, transformer, wgs84 } from '../../geo/crs';
import type { Bounds, Crs, Grid } from '../../geo/types';

/** Two coordinates, in WGS 84 longitude and latitude; further ones are ignored. */
export type Position = readonly number[];

/** Rings of one polygon: the outer one, then its holes. */
export type Polygon = readonly (readonly Position[])[];

/** The box around polygons, in their coordinates; undefined where there is no position. */
export function polygonBounds(polygons: readonly Polygon[]): Bounds | undefined {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [outer = []] of polygons)
    for (const [x, y] of outer) {
      west = Math.min(west, x);
      east = Math.max(east, x);
      south = Math.min(south, y);
      north = Math.max(north, y);
    }
  return west <= east ? { west, south, east, north } : undefined;
}

const maxSplits = 12;

/** An edge in another reference system, with points added until it bends by less than `tolerance`. */
export function projectEdge(
  project: (x: number, y: number) => [number, number],
  from: Position,
  to: Position,
  start: readonly [number, number],
  end: readonly [number, number],
  tolerance: number,
  add: (x: number, y: number) => void,
  depth = 0,
): void {
  const middle: Position = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  const point = project(middle[0], middle[1]);
  const bend = Math.hypot(point[0] - (start[0] + end[0]) / 2, point[1] - (start[1] + end[1]) / 2);
  if (depth < maxSplits && bend > tolerance) {
    projectEdge(project, from, middle, start, point, tolerance, add, depth + 1);
    projectEdge(project, middle, to, point, end, tolerance, add, depth + 1);
  } else add(end[0], end[1]);
}

/** A ring as x, y, x, y, … in a reference system. */
function projectRing(ring: readonly Position[], from: Crs, crs: Crs, tolerance: number): Float64Array {
  const points: number[] = [];
  const add = (x: number, y: number) => {
    if (Number.isFinite(x) && Number.isFinite(y)) points.push(x, y);
  };
  if (sameCrs(crs, from)) for (const [x, y] of ring) add(x, y);
  else {
    const { forward } = transformer(from, crs);
    let before = ring[0];
    let start = forward(before[0], before[1]);
    add(start[0], start[1]);
    for (const next of ring.slice(1)) {
      const end = forward(next[0], next[1]);
      projectEdge(forward, before, next, start, end, tolerance, add);
      before = next;
      start = end;
    }
  }
  return Float64Array.from(points);
}

/** How far from a line a centre may be that counts as being on it, in pixels. */
const onLine = 1e-9;

/** Marks the pixels of a row whose centres lie from one place to another, both included. */
function fillSpan(from: number, to: number, row: number, grid: Grid, target: Uint8Array): void {
  const first = Math.max(0, Math.ceil((from - grid.originX) / grid.resX - 0.5 - onLine));
  const last = Math.min(grid.width - 1, Math.floor((to - grid.originX) / grid.resX - 0.5 + onLine));
  if (first <= last) target.fill(1, row * grid.width + first, row * grid.width + last + 1);
}

/** Marks the pixels whose centres lie on an edge along a row, or on its first end. */
function fillOnEdge(x1: number, x2: number, y: number, grid: Grid, target: Uint8Array): void {
  const place = (grid.originY - y) / grid.resY - 0.5;
  const row = Math.round(place);
  if (row < 0 || row >= grid.height || Math.abs(place - row) > onLine) return;
  fillSpan(Math.min(x1, x2), Math.max(x1, x2), row, grid, target);
}

/**
 * 1 for each pixel of a grid whose centre lies in one of the polygons or on its boundary (it "intersects" it, as
 * the Simple Features standard says). Edges are straight in the reference system of the polygons.
 */
export function rasterizePolygons(polygons: readonly Polygon[], grid: Grid, crs: Crs = wgs84): Uint8Array {
  const inside = new Uint8Array(grid.width * grid.height);
  const tolerance = Math.min(grid.resX, grid.resY) / 20;
  for (const polygon of polygons) {
    const rings = polygon
      .filter((ring) => ring.length >= 3)
      .map((ring) => projectRing(ring, crs, grid.crs, tolerance));
    const rows = new Map<number, number[]>();
    for (const ring of rings) {
      for (let i = 0; i < ring.length; i += 2) {
        const next = (i + 2) % ring.length;
        const [x1, y1, x2, y2] = [ring[i], ring[i + 1], ring[next], ring[next + 1]];
        // What follows misses the undersides of areas and the upper sides of holes.
        fillOnEdge(x1, y1 === y2 ? x2 : x1, y1, grid, inside);
        if (y1 === y2) continue;
        const [low, high] = y1 < y2 ? [y1, y2] : [y2, y1];
        // Rows whose centre is above `low` and at or below `high`: each vertex counts once.
        const first = Math.max(0, Math.ceil((grid.originY - high) / grid.resY - 0.5));
        const last = Math.min(grid.height - 1, Math.ceil((grid.originY - low) / grid.resY - 0.5) - 1);
        for (let row = first; row <= last; row++) {
          const y = grid.originY - (row + 0.5) * grid.resY;
          const x = x1 + ((y - y1) / (y2 - y1)) * (x2 - x1);
          const list = rows.get(row);
          if (list) list.push(x);
          else rows.set(row, [x]);
        }
      }
    }
    for (const [row, crossings] of rows) {
      crossings.sort((a, b) => a - b);
      for (let i = 0; i + 1 < crossings.length; i += 2)
        fillSpan(crossings[i], crossings[i + 1], row, grid, inside);
    }
  }
  return inside;
}
