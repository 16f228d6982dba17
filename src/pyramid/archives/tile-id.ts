import type { TileAddress } from '../../geo/types';

/**
 * A tile's place on the Hilbert curve through all zooms (PMTiles v3, section 3). Exact up to zoom 26, which plain
 * numbers hold.
 */
export function tileId({ z, x, y }: TileAddress): number {
  let id = (4 ** z - 1) / 3;
  let column = x;
  let row = y;
  for (let side = 2 ** (z - 1); side >= 1; side /= 2) {
    const right = (column & side) > 0 ? 1 : 0;
    const lower = (row & side) > 0 ? 1 : 0;
    id += side * side * ((3 * right) ^ lower);
    if (lower === 0) {
      if (right === 1) {
        column = side - 1 - (column & (side - 1));
        row = side - 1 - (row & (side - 1));
      }
      [column, row] = [row & (side - 1), column & (side - 1)];
    } else {
      column &= side - 1;
      row &= side - 1;
    }
  }
  return id;
}
