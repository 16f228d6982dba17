import { sameCrs } from './crs';
import type { Bounds, Crs, Grid } from './types';

/** Positions that differ by less than this part of a pixel are the same. */
const tolerance = 1e-6;

function near(one: number, other: number, scale: number): boolean {
  return Math.abs(one - other) <= tolerance * scale;
}

/** True when pixels lie on pixels: same resolution, and origins whole pixels apart. */
export function gridsAligned(one: Grid, other: Grid): boolean {
  if (!sameCrs(one.crs, other.crs)) return false;
  const span = Math.max(one.width, one.height, other.width, other.height);
  if (!near(one.resX, other.resX, one.resX / span) || !near(one.resY, other.resY, one.resY / span))
    return false;
  const dx = (one.originX - other.originX) / one.resX;
  const dy = (one.originY - other.originY) / one.resY;
  return near(dx, Math.round(dx), 1) && near(dy, Math.round(dy), 1);
}

/** True for grids with the same pixels. */
export function gridsEqual(one: Grid, other: Grid): boolean {
  return (
    one === other ||
    (one.width === other.width &&
      one.height === other.height &&
      gridsAligned(one, other) &&
      near(one.originX, other.originX, one.resX) &&
      near(one.originY, other.originY, one.resY))
  );
}

/** A part of a grid, in pixels from its top left; it may reach beyond the grid. */
export function subGrid(grid: Grid, column: number, row: number, width: number, height: number): Grid {
  return {
    crs: grid.crs,
    originX: grid.originX + column * grid.resX,
    originY: grid.originY - row * grid.resY,
    resX: grid.resX,
    resY: grid.resY,
    width,
    height,
  };
}

/** The grid with `pixels` more on each side (fewer where negative). */
export function padGrid(grid: Grid, pixels: number): Grid {
  return subGrid(grid, -pixels, -pixels, grid.width + 2 * pixels, grid.height + 2 * pixels);
}

/** A grid over bounds: whole pixels from the top left until the bounds are covered; at least one. */
export function gridForBounds(bounds: Bounds, crs: Crs, resX: number, resY = resX): Grid {
  const count = (length: number, res: number) => Math.max(1, Math.ceil(length / res - tolerance));
  return {
    crs,
    originX: bounds.west,
    originY: bounds.north,
    resX,
    resY,
    width: count(bounds.east - bounds.west, resX),
    height: count(bounds.north - bounds.south, resY),
  };
}

/** Bounds widened to the pixel edges of a grid; edges that already lie on one stay. */
export function snapBounds(bounds: Bounds, grid: Grid): Bounds {
  const outward = (value: number, origin: number, res: number, round: (value: number) => number) => {
    const position = (value - origin) / res;
    const nearest = Math.round(position);
    return origin + (near(position, nearest, 1) ? nearest : round(position)) * res;
  };
  return {
    west: outward(bounds.west, grid.originX, grid.resX, Math.floor),
    east: outward(bounds.east, grid.originX, grid.resX, Math.ceil),
    south: outward(bounds.south, grid.originY, grid.resY, Math.floor),
    north: outward(bounds.north, grid.originY, grid.resY, Math.ceil),
  };
}

/** The grid with the pixels of `grid` that covers `bounds`, both in one reference system. */
export function snappedGrid(bounds: Bounds, grid: Grid): Grid {
  const snapped = snapBounds(bounds, grid);
  return gridForBounds(snapped, grid.crs, grid.resX, grid.resY);
}

/** The common area, or undefined where there is none. Touching edges have none. */
export function intersectBounds(one: Bounds, other: Bounds): Bounds | undefined {
  const west = Math.max(one.west, other.west);
  const south = Math.max(one.south, other.south);
  const east = Math.min(one.east, other.east);
  const north = Math.min(one.north, other.north);
  return west < east && south < north ? { west, south, east, north } : undefined;
}

/** The smallest rectangle around both. */
export function unionBounds(one: Bounds, other: Bounds): Bounds {
  return {
    west: Math.min(one.west, other.west),
    south: Math.min(one.south, other.south),
    east: Math.max(one.east, other.east),
    north: Math.max(one.north, other.north),
  };
}
