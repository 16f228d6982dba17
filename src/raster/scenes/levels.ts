import { transformBounds, transformer } from '../../geo/crs';
import type { Grid } from '../../geo/types';
import { gridBounds } from '../cube';

/** Output pixels per side of the squares in which one level is used throughout. */
const square = 1024;

const clamp = (value: number, min: number, max: number) => Math.min(max, Math.max(min, value));

/** The middle of the lattice square that holds the middle of a window, in units of the grid. */
function squareCenter(origin: number, sign: 1 | -1, resolution: number, count: number): number {
  const first = Math.round((sign * origin) / resolution);
  return sign * (Math.floor((first + count / 2) / square) + 0.5) * square * resolution;
}

/**
 * Source pixels per output pixel, the smaller of both directions. Measured at one place for all windows
 * of a neighbourhood, so that the tiles of a picture don't choose different overviews.
 */
export function reduction(target: Grid, source: Grid): number {
  const { forward } = transformer(target.crs, source.crs);
  const area = transformBounds(gridBounds(source), source.crs, target.crs);
  let x = squareCenter(target.originX, 1, target.resX, target.width);
  let y = squareCenter(target.originY, -1, target.resY, target.height);
  if (area.west <= area.east) {
    x = clamp(x, area.west, area.east);
    y = clamp(y, area.south, area.north);
  }
  const half = [target.resX / 2, target.resY / 2];
  const west = forward(x - half[0], y);
  const east = forward(x + half[0], y);
  const south = forward(x, y - half[1]);
  const north = forward(x, y + half[1]);
  const stepX = Math.hypot((east[0] - west[0]) / source.resX, (east[1] - west[1]) / source.resY);
  const stepY = Math.hypot((north[0] - south[0]) / source.resX, (north[1] - south[1]) / source.resY);
  const ratio = Math.min(stepX, stepY);
  return Number.isFinite(ratio) ? ratio : 1;
}

/** The coarsest level that still has a pixel for every output pixel (one in a hundred less is accepted). */
export function chooseLevel<Level extends { readonly factorX: number; readonly factorY: number }>(
  file: { readonly levels: readonly Level[] },
  ratio: number,
): Level {
  let chosen = file.levels[0];
  for (const level of file.levels) if (Math.max(level.factorX, level.factorY) <= ratio * 1.01) chosen = level;
  return chosen;
}
