import { sameCrs, type Transformer, transformer } from '../../geo/crs';
import type { Grid } from '../../geo/types';

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

/** Where the pixels of an output window lie in a source, as far as they lie in it. */
export interface Mapping {
  readonly width: number;
  readonly height: number;
  readonly cells: readonly Cell[];
}

/** Output pixels per side of the largest cell. */
const largestCell = 128;
/** How far outside (in source pixels) an output pixel may lie and still matter to a kernel. */
const margin = 4;

/** What is mapped into: the pixels of a grid. */
export type Source = Pick<Grid, 'crs' | 'originX' | 'originY' | 'resX' | 'resY' | 'width' | 'height'>;

type Locate = (column: number, row: number) => readonly [number, number];

/**
 * The output pixel index, modulo a cell, of a window's first column or row: lattices of tiles of one
 * zoom level coincide.
 */
function latticePhase(origin: number, resolution: number, cell: number): number {
  const index = Math.round(origin / resolution);
  return ((index % cell) + cell) % cell;
}

function locator(target: Grid, source: Source): Locate {
  const { forward }: Transformer = transformer(target.crs, source.crs);
  return (column, row) => {
    const [x, y] = forward(target.originX + column * target.resX, target.originY - row * target.resY);
    return [(x - source.originX) / source.resX, (source.originY - y) / source.resY];
  };
}

/**
 * Maps an output window to a source. Cells are halved until the positions at the quarter points of
 * their edges and inside are right within `tolerance` source pixels; parts that lie outside of the
 * source are left out. (Quarter points: there a quadratic through the ends and the middle errs most.)
 */
export function createMapping(target: Grid, source: Source, tolerance = 0.001): Mapping {
  const { width, height } = target;
  const cells: Cell[] = [];
  const locate = locator(target, source);
  if (sameCrs(target.crs, source.crs)) {
    const nodes = findNodes(locate, 0, 0, width, height, undefined);
    if (touches(nodes, source, 0))
      cells.push({
        left: 0,
        top: 0,
        width,
        height,
        column0: 0,
        row0: 0,
        column1: width,
        row1: height,
        ...nodes,
      });
    return { width, height, cells };
  }
  const period = source.crs.isGeographic ? 360 / source.resX : undefined;

  const wrap = period === undefined ? undefined : { period, center: source.width / 2 };

  const visit = (left: number, top: number, size: number): void => {
    const column0 = Math.max(0, left);
    const row0 = Math.max(0, top);
    const column1 = Math.min(width, left + size);
    const row1 = Math.min(height, top + size);
    if (column0 >= column1 || row0 >= row1) return;
    const nodes = findNodes(locate, left, top, size, size, wrap);
    const error = size > 1 ? cellError(locate, nodes, left, top, size, period) : 0;
    if (error === Number.POSITIVE_INFINITY && size === 1) return;
    if (error <= tolerance || size === 1) {
      if (touches(nodes, source, 0))
        cells.push({ left, top, width: size, height: size, column0, row0, column1, row1, ...nodes });
      return;
    }
    if (error < Number.POSITIVE_INFINITY && !touches(nodes, source, error * 4)) return;
    if (error === Number.POSITIVE_INFINITY && isNowhere(nodes)) return;
    const half = size / 2;
    visit(left, top, half);
    visit(left + half, top, half);
    visit(left, top + half, half);
    visit(left + half, top + half, half);
  };
  const startX = -latticePhase(target.originX, target.resX, largestCell);
  const startY = -latticePhase(-target.originY, target.resY, largestCell);
  for (let top = startY; top < height; top += largestCell)
    for (let left = startX; left < width; left += largestCell) visit(left, top, largestCell);
  return { width, height, cells };
}

interface Nodes {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

function findNodes(
  locate: Locate,
  left: number,
  top: number,
  width: number,
  height: number,
  wrap: { period: number; center: number } | undefined,
): Nodes {
  const x = new Float64Array(9);
  const y = new Float64Array(9);
  for (let row = 0, at = 0; row < 3; row++)
    for (let column = 0; column < 3; column++, at++) {
      const [nodeX, nodeY] = locate(left + (width * column) / 2, top + (height * row) / 2);
      x[at] = nodeX;
      y[at] = nodeY;
    }
  if (wrap) {
    // Longitudes of one cell are made to follow each other, and the cell is put where the source is.
    const { period, center } = wrap;
    const middle = x[4] - period * Math.round((x[4] - center) / period);
    for (let at = 0; at < 9; at++) x[at] -= period * Math.round((x[at] - middle) / period);
  }
  return { x, y };
}

/** Fractions of a cell's sides at which its quadratics are tested. */
const testPoints: readonly (readonly [number, number])[] = [
  [0.25, 0],
  [0.75, 1],
  [0, 0.75],
  [1, 0.25],
  [0.25, 0.75],
];

function cellError(
  locate: Locate,
  nodes: Nodes,
  left: number,
  top: number,
  size: number,
  period: number | undefined,
): number {
  let error = 0;
  for (const [u, v] of testPoints) {
    const found = locate(left + size * u, top + size * v);
    let dx = Math.abs(found[0] - interpolate(nodes.x, u, v));
    if (period !== undefined) dx = Math.abs(dx - period * Math.round(dx / period));
    const dy = Math.abs(found[1] - interpolate(nodes.y, u, v));
    // Written so that NaN counts as an error without bound.
    if (!(dx <= 1e300 && dy <= 1e300)) return Number.POSITIVE_INFINITY;
    error = Math.max(error, dx, dy);
  }
  return error;
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

/** True where the cell's positions, widened by `slack`, meet the source. */
function touches({ x, y }: Nodes, source: Source, slack: number): boolean {
  let minX = Number.POSITIVE_INFINITY;
  let maxX = Number.NEGATIVE_INFINITY;
  let minY = Number.POSITIVE_INFINITY;
  let maxY = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < 9; at++) {
    // A node without a position tells nothing; the others do.
    if (Number.isNaN(x[at]) || Number.isNaN(y[at])) continue;
    minX = Math.min(minX, x[at]);
    maxX = Math.max(maxX, x[at]);
    minY = Math.min(minY, y[at]);
    maxY = Math.max(maxY, y[at]);
  }
  const spare = slack + margin;
  return maxX >= -spare && minX <= source.width + spare && maxY >= -spare && minY <= source.height + spare;
}

function isNowhere({ x, y }: Nodes): boolean {
  return x.every(Number.isNaN) || y.every(Number.isNaN);
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

/** The same mapping into a reduced image of the source. */
export function scaleMapping(mapping: Mapping, factorX: number, factorY: number): Mapping {
  if (factorX === 1 && factorY === 1) return mapping;
  return {
    ...mapping,
    cells: mapping.cells.map((cell) => ({
      ...cell,
      x: cell.x.map((value) => value / factorX),
      y: cell.y.map((value) => value / factorY),
    })),
  };
}

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
  const x0 = source.wrapsX ? Math.floor(minX) - 1 : Math.max(0, Math.floor(minX) - 1);
  const x1 = source.wrapsX ? Math.ceil(maxX) + 1 : Math.min(source.width, Math.ceil(maxX) + 1);
  const y0 = Math.max(0, Math.floor(minY) - 1);
  const y1 = Math.min(source.height, Math.ceil(maxY) + 1);
  return x0 < x1 && y0 < y1 ? { x0, y0, x1, y1 } : undefined;
}

/** Source pixels per output pixel in x and y, at the middle of a cell; rotation widens both, as a bounding box does. */
export function cellScale(cell: Cell): readonly [number, number] {
  const { x, y, width, height } = cell;
  return [
    Math.abs(x[5] - x[3]) / width + Math.abs(x[7] - x[1]) / height,
    Math.abs(y[7] - y[1]) / height + Math.abs(y[5] - y[3]) / width,
  ];
}
