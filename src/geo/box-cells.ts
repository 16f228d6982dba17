import { tileMatrixSet } from './tile-matrix-set';
import type { Bounds, TileAddress } from './types';

type Range = readonly [first: number, last: number];

/** Cells of one zoom level, by inclusive ranges; two of columns where a box crosses the antimeridian. */
export interface BoxCells {
  readonly zoom: number;
  readonly columns: readonly Range[];
  readonly rows: Range;
}

const mercator = tileMatrixSet('WebMercatorQuad')!;

/**
 * The cells of a zoom level that a box in degrees touches. West beyond east crosses the antimeridian; latitudes
 * beyond the map belong to its first and last row.
 */
export function windowOfBox({ west, south, east, north }: Bounds, zoom: number): BoxCells {
  const columnsOf = (from: number, to: number) =>
    mercator.cover({ west: from, south, east: to, north }, zoom);
  if (west <= east) {
    const { x, y } = columnsOf(west, east);
    return { zoom, columns: [x], rows: y };
  }
  const [right, left] = [columnsOf(west, 180), columnsOf(-180, east)];
  // Where one cell is wide enough to hold both ends.
  const columns: Range[] = left.x[1] >= right.x[0] ? [[0, right.x[1]]] : [right.x, left.x];
  return { zoom, columns, rows: right.y };
}

/** How many cells a window has. */
export function countCells({ columns, rows }: BoxCells): number {
  return (rows[1] - rows[0] + 1) * columns.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** The cells of a window, by row. */
export function* cellsOfWindow({ zoom, columns, rows }: BoxCells): Generator<TileAddress> {
  for (let y = rows[0]; y <= rows[1]; y++)
    for (const [first, last] of columns) for (let x = first; x <= last; x++) yield { z: zoom, x, y };
}
