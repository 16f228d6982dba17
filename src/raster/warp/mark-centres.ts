import type { Grid } from '../../geo/types';
import { followRow, newPath } from './cell';
import { createMapping } from './mapping';

/**
 * Sets to 1 each pixel of a grid whose centre lies on another one.
 * @param tolerance how far a centre may be off, in pixels of the other grid
 * @param marks a byte for each pixel, row by row
 */
export function markCentres(grid: Grid, other: Grid, tolerance: number | undefined, marks: Uint8Array): void {
  const path = newPath();
  for (const cell of createMapping(grid, other, tolerance).cells)
    for (let row = cell.row0; row < cell.row1; row++) {
      followRow(cell, row + 0.5, path);
      for (let column = cell.column0; column < cell.column1; column++) {
        const t = column - cell.left + 0.5;
        const x = path.ax + t * (path.bx + t * path.cx);
        const y = path.ay + t * (path.by + t * path.cy);
        if (x >= 0 && y >= 0 && x < other.width && y < other.height) marks[row * grid.width + column] = 1;
      }
    }
}
