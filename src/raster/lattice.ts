import { sameCrs, transformBounds } from '../geo/crs';
import { gridsAligned, subGrid } from '../geo/grid';
import type { Grid } from '../geo/types';
import { type Area, coverage } from './crop';
import { gridBounds } from './cube';

/** A window's pixels, continued over the whole extent of a cube. */
export interface Lattice {
  /** The pixels whose centres lie in the extent: the cube's own where the window is aligned with them. */
  readonly grid: Grid;
  /** Where the window begins on it; negative or beyond its size where the window reaches out of it. */
  readonly column: number;
  readonly row: number;
}

/** Borders come through transformations: centres closer to one than this (in pixels) are on it. */
const tolerance = 1e-6;

/**
 * Lays the pixels of a window over the extent of a cube, so that neighbourhoods are counted in the pixels that
 * are asked for, from the same corner for every window of one resolution.
 * @param native the cube's grid. In another reference system the extent is the box around it there.
 */
export function latticeOver(native: Grid, window: Grid): Lattice {
  const { originX, originY, resX, resY } = window;
  if (gridsAligned(native, window))
    return {
      grid: native,
      column: Math.round((originX - native.originX) / resX),
      row: Math.round((native.originY - originY) / resY),
    };
  const own = gridBounds(native);
  const bounds = sameCrs(native.crs, window.crs) ? own : transformBounds(own, native.crs, window.crs);
  const first = (position: number) => Math.ceil(position - 0.5 - tolerance);
  const [left, right] = [(bounds.west - originX) / resX, (bounds.east - originX) / resX].map(first);
  const [top, bottom] = [(originY - bounds.north) / resY, (originY - bounds.south) / resY].map(first);
  if (![left, right, top, bottom].every(Number.isFinite))
    return { grid: subGrid(window, 0, 0, 0, 0), column: 0, row: 0 };
  return {
    grid: subGrid(window, left, top, Math.max(0, right - left), Math.max(0, bottom - top)),
    column: -left,
    row: -top,
  };
}

/** Which pixels of a grid lie in the extent of a cube's grid, by their centres. */
export function extentCoverage(native: Grid, grid: Grid): ReturnType<typeof coverage> {
  const area: Area = { crs: native.crs, boxes: native.width * native.height ? [gridBounds(native)] : [] };
  return coverage(grid, area);
}
