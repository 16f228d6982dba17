import { sameCrs, type Transformer, transformer } from '../../geo/crs';
import type { Grid } from '../../geo/types';
import { type Cell, interpolate } from './cell';

/** Where the pixels of an output window lie in a source, as far as they lie in it. */
export interface Mapping {
  readonly width: number;
  readonly height: number;
  readonly cells: readonly Cell[];
  /** Both are in one reference system, so that positions are what they are without any bend. */
  readonly isLinear: boolean;
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
    return { width, height, cells, isLinear: true };
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
  return { width, height, cells, isLinear: false };
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
