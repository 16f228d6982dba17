import type { NumericArray } from '../../cube';

export type OverviewMethod = 'average' | 'nearest';

/** A tile before it is padded: C order over layers, rows, columns. */
export interface TilePixels {
  readonly width: number;
  readonly height: number;
  readonly data: NumericArray;
}

/**
 * Halves a tile into its quarter of the next overview's tile.
 * `average` leaves missing values out and is missing where all four are.
 */
export function halveInto(
  source: TilePixels,
  target: TilePixels,
  column: number,
  row: number,
  layers: number,
  method: OverviewMethod,
  nodata: number,
  isInteger: boolean,
): void {
  const width = (source.width + 1) >> 1;
  const height = (source.height + 1) >> 1;
  const from = source.data;
  const to = target.data;
  const skipsNodata = !Number.isNaN(nodata);
  for (let layer = 0; layer < layers; layer++)
    for (let y = 0; y < height; y++) {
      const upper = (layer * source.height + y * 2) * source.width;
      // At an odd edge the last row and column stand for themselves.
      const lower = y * 2 + 1 < source.height ? upper + source.width : upper;
      let out = (layer * target.height + row + y) * target.width + column;
      for (let x = 0; x < width; x++, out++) {
        const left = x * 2;
        if (method === 'nearest') {
          to[out] = from[upper + left];
          continue;
        }
        const right = left + 1 < source.width ? left + 1 : left;
        let sum = 0;
        let count = 0;
        const a = from[upper + left];
        const b = from[upper + right];
        const c = from[lower + left];
        const d = from[lower + right];
        if (!(skipsNodata && a === nodata) && !Number.isNaN(a)) {
          sum += a;
          count++;
        }
        if (!(skipsNodata && b === nodata) && !Number.isNaN(b)) {
          sum += b;
          count++;
        }
        if (!(skipsNodata && c === nodata) && !Number.isNaN(c)) {
          sum += c;
          count++;
        }
        if (!(skipsNodata && d === nodata) && !Number.isNaN(d)) {
          sum += d;
          count++;
        }
        if (count === 0) to[out] = nodata;
        else {
          let mean = sum / count;
          if (isInteger) {
            mean = Math.round(mean);
            // Valid neighbours may average to the very number that means missing.
            if (skipsNodata && mean === nodata)
              mean = a !== nodata ? a : b !== nodata ? b : c !== nodata ? c : d;
          }
          to[out] = mean;
        }
      }
    }
}
