import type { NumericArray } from '../cube';
import type { Area } from './layers';

/** Pixels of an area. */
export function sizeOf({ width, height }: Pick<Area, 'width' | 'height'>): number {
  return width * height;
}

/** What two areas have in common; of no or negative size where that is nothing. */
export function common(one: Area, other: Area): Area {
  const column = Math.max(one.column, other.column);
  const row = Math.max(one.row, other.row);
  return {
    column,
    row,
    width: Math.min(one.column + one.width, other.column + other.width) - column,
    height: Math.min(one.row + one.height, other.row + other.height) - row,
  };
}

/** Copies the values that two areas have in common; both are in C order over layers, rows, columns. */
export function copyCommon(
  source: NumericArray,
  from: Area,
  target: NumericArray,
  to: Area,
  layers: number,
): void {
  const both = common(from, to);
  if (both.width <= 0) return;
  for (let layer = 0; layer < layers; layer++)
    for (let row = both.row; row < both.row + both.height; row++) {
      const start = (layer * from.height + row - from.row) * from.width + both.column - from.column;
      const out = (layer * to.height + row - to.row) * to.width + both.column - to.column;
      target.set(source.subarray(start, start + both.width), out);
    }
}
