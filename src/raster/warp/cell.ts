/**
 * A square of output pixels over which the position in the source is a quadratic function of the
 * position in the output. Its nodes lie on a lattice that is the same for all windows on one pixel
 * grid, so neighbouring tiles agree on every pixel.
 */
export interface Cell {
  /** Output column and row of the cell's corner; may lie outside of the window. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** The part inside the window: from these, to below these. */
  readonly column0: number;
  readonly row0: number;
  readonly column1: number;
  readonly row1: number;
  /** Source columns and rows at the 3 × 3 nodes, row by row. */
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** The quadratic through 3 × 3 nodes, at fractions of the cell. */
export function interpolate(nodes: Float64Array, u: number, v: number): number {
  const u0 = 2 * (u - 0.5) * (u - 1);
  const u1 = -4 * u * (u - 1);
  const u2 = 2 * u * (u - 0.5);
  return (
    2 * (v - 0.5) * (v - 1) * (nodes[0] * u0 + nodes[1] * u1 + nodes[2] * u2) -
    4 * v * (v - 1) * (nodes[3] * u0 + nodes[4] * u1 + nodes[5] * u2) +
    2 * v * (v - 0.5) * (nodes[6] * u0 + nodes[7] * u1 + nodes[8] * u2)
  );
}

/** How a row of a cell runs through the source: position = a + t·(b + t·c) with t = column − left. */
export interface RowPath {
  ax: number;
  bx: number;
  cx: number;
  ay: number;
  by: number;
  cy: number;
}

/** Puts the path of an output row (its height given in output pixels, ½ for the middle) into `path`. */
export function followRow(cell: Cell, row: number, path: RowPath): void {
  const v = (row - cell.top) / cell.height;
  const v0 = 2 * (v - 0.5) * (v - 1);
  const v1 = -4 * v * (v - 1);
  const v2 = 2 * v * (v - 0.5);
  const { x, y, width } = cell;
  let start = v0 * x[0] + v1 * x[3] + v2 * x[6];
  let middle = v0 * x[1] + v1 * x[4] + v2 * x[7];
  let end = v0 * x[2] + v1 * x[5] + v2 * x[8];
  path.ax = start;
  path.bx = (4 * middle - 3 * start - end) / width;
  path.cx = (2 * start - 4 * middle + 2 * end) / (width * width);
  start = v0 * y[0] + v1 * y[3] + v2 * y[6];
  middle = v0 * y[1] + v1 * y[4] + v2 * y[7];
  end = v0 * y[2] + v1 * y[5] + v2 * y[8];
  path.ay = start;
  path.by = (4 * middle - 3 * start - end) / width;
  path.cy = (2 * start - 4 * middle + 2 * end) / (width * width);
}

export const newPath = (): RowPath => ({ ax: 0, bx: 0, cx: 0, ay: 0, by: 0, cy: 0 });

/** Source pixels per output pixel in x and y, at the middle of a cell; rotation widens both, as a bounding box does. */
export function cellScale(cell: Cell): readonly [number, number] {
  const { x, y, width, height } = cell;
  return [
    Math.abs(x[5] - x[3]) / width + Math.abs(x[7] - x[1]) / height,
    Math.abs(y[7] - y[1]) / height + Math.abs(y[5] - y[3]) / width,
  ];
}
