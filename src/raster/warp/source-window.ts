import { type Cell, interpolate } from './cell';
import type { Mapping } from './mapping';

/**
 * The source pixels that a mapping touches, widened by a kernel's radius; undefined where there are none.
 * @param inset how far inside of the outer corners of the output the positions lie that count, in output pixels
 */
export function sourceWindow(
  mapping: Mapping,
  source: { readonly width: number; readonly height: number; readonly wrapsX?: boolean },
  radius: (cell: Cell) => readonly [number, number],
  inset = 0,
): { x0: number; y0: number; x1: number; y1: number } | undefined {
  let minX = Number.POSITIVE_INFINITY;
  let maxX = Number.NEGATIVE_INFINITY;
  let minY = Number.POSITIVE_INFINITY;
  let maxY = Number.NEGATIVE_INFINITY;
  for (const cell of mapping.cells) {
    const [radiusX, radiusY] = radius(cell);
    // Extremes of a quadratic lie on the outline of the part that is used, up to its small bend.
    const u0 = (cell.column0 + inset - cell.left) / cell.width;
    const u1 = (cell.column1 - inset - cell.left) / cell.width;
    const v0 = (cell.row0 + inset - cell.top) / cell.height;
    const v1 = (cell.row1 - inset - cell.top) / cell.height;
    for (let step = 0; step <= 4; step++) {
      const u = u0 + ((u1 - u0) * step) / 4;
      const v = v0 + ((v1 - v0) * step) / 4;
      for (const [atU, atV] of [
        [u, v0],
        [u, v1],
        [u0, v],
        [u1, v],
      ]) {
        const x = interpolate(cell.x, atU, atV);
        const y = interpolate(cell.y, atU, atV);
        if (x - radiusX < minX) minX = x - radiusX;
        if (x + radiusX > maxX) maxX = x + radiusX;
        if (y - radiusY < minY) minY = y - radiusY;
        if (y + radiusY > maxY) maxY = y + radiusY;
      }
    }
  }
  if (!(minX <= maxX && minY <= maxY)) return undefined;
  // Pixels of middles are known but for rounding where nothing bends: neighbours may lie in other blocks.
  const slack = mapping.isLinear && inset > 0 ? 0.01 : 1;
  const [left, right] = [Math.floor(minX - slack), Math.ceil(maxX + slack)];
  const x0 = source.wrapsX ? left : Math.max(0, left);
  const x1 = source.wrapsX ? right : Math.min(source.width, right);
  const y0 = Math.max(0, Math.floor(minY - slack));
  const y1 = Math.min(source.height, Math.ceil(maxY + slack));
  return x0 < x1 && y0 < y1 ? { x0, y0, x1, y1 } : undefined;
}
