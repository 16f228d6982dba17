import { sameCrs, transformBounds, transformer } from '../../geo/crs';
import { subGrid } from '../../geo/grid';
import type { Crs, Grid } from '../../geo/types';
import { gridBounds } from '../cube';
import { type Geometry, geometryBounds, partsOf } from './geometry';
import { type Position, projectEdge, rasterizePolygons } from './polygons';

/** The pixels around a geometry, and which of them belong to it. */
export interface GeometryPixels {
  readonly grid: Grid;
  readonly column: number;
  readonly row: number;
  /** 1 for each pixel that belongs to the geometry. */
  readonly inside: Uint8Array;
}

/** Marks the pixels of a grid that a line from one point to another passes, in units of pixels. */
function markLine(
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  mark: (column: number, row: number) => void,
): void {
  let [column, row] = [Math.floor(x1), Math.floor(y1)];
  const [lastColumn, lastRow] = [Math.floor(x2), Math.floor(y2)];
  const [stepX, stepY] = [Math.sign(x2 - x1), Math.sign(y2 - y1)];
  const [deltaX, deltaY] = [Math.abs(1 / (x2 - x1)), Math.abs(1 / (y2 - y1))];
  // How far along the line (0 to 1) the next pixel to the side, and the next one up or down, begin.
  let nextX = stepX === 0 ? Infinity : Math.abs((column + (stepX > 0 ? 1 : 0) - x1) / (x2 - x1));
  let nextY = stepY === 0 ? Infinity : Math.abs((row + (stepY > 0 ? 1 : 0) - y1) / (y2 - y1));
  mark(column, row);
  for (let steps = Math.abs(lastColumn - column) + Math.abs(lastRow - row); steps > 0; steps--) {
    if (nextX < nextY) {
      column += stepX;
      nextX += deltaX;
    } else {
      row += stepY;
      nextY += deltaY;
    }
    mark(column, row);
  }
}

/** The part of a line with both of its ends within some pixels of a grid; undefined where it passes by. */
function clipLine(
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  width: number,
  height: number,
): [[number, number], [number, number]] | undefined {
  let [from, to] = [0, 1];
  for (const [start, delta, end] of [
    [x1, x2 - x1, width],
    [y1, y2 - y1, height],
  ]) {
    if (delta === 0) {
      if (start < 0 || start > end) return undefined;
      continue;
    }
    const [one, other] = [-start / delta, (end - start) / delta];
    from = Math.max(from, Math.min(one, other));
    to = Math.min(to, Math.max(one, other));
  }
  if (!(from <= to)) return undefined;
  const at = (t: number): [number, number] => [x1 + t * (x2 - x1), y1 + t * (y2 - y1)];
  return [at(from), at(to)];
}

/** The columns and rows around a geometry, with a margin of a pixel; undefined where it is empty or beyond the grid. */
export function pixelsAround(
  geometry: Geometry | null,
  crs: Crs,
  grid: Grid,
): { column: number; row: number; width: number; height: number } | undefined {
  const own = geometryBounds(geometry);
  if (!own) return undefined;
  const bounds = sameCrs(crs, grid.crs) ? own : transformBounds(own, crs, grid.crs);
  const west = (bounds.west - grid.originX) / grid.resX;
  const east = (bounds.east - grid.originX) / grid.resX;
  const north = (grid.originY - bounds.north) / grid.resY;
  const south = (grid.originY - bounds.south) / grid.resY;
  if (!(east >= 0 && west <= grid.width && south >= 0 && north <= grid.height)) return undefined;
  const column = Math.max(0, Math.floor(west) - 1);
  const row = Math.max(0, Math.floor(north) - 1);
  const width = Math.min(grid.width, Math.ceil(east) + 1) - column;
  const height = Math.min(grid.height, Math.ceil(south) + 1) - row;
  return width > 0 && height > 0 ? { column, row, width, height } : undefined;
}

/**
 * Which pixels of a grid belong to a geometry: of polygons those whose centres lie in them, of points those that
 * they are nearest to, of lines those that are nearest to any of their points. Undefined where there are none
 * near by: the geometry is empty or beyond the grid.
 * @param whole the grid that `grid` is a part of: its outer edges on the right and at the bottom belong to it.
 */
export function geometryPixels(
  geometry: Geometry | null,
  crs: Crs,
  grid: Grid,
  whole: Grid = grid,
): GeometryPixels | undefined {
  const area = pixelsAround(geometry, crs, grid);
  if (!area) return undefined;
  const { column: left, row: top, width, height } = area;
  const part = subGrid(grid, left, top, width, height);
  const { points, lines, polygons } = partsOf(geometry);
  const inside =
    polygons.length > 0 ? rasterizePolygons(polygons, part, crs) : new Uint8Array(part.width * part.height);
  const [own, outer] = [gridBounds(part), gridBounds(whole)];
  const isSame = sameCrs(grid.crs, whole.crs);
  const isOnEdge = {
    right: isSame && Math.abs(own.east - outer.east) < grid.resX * 1e-6,
    bottom: isSame && Math.abs(own.south - outer.south) < grid.resY * 1e-6,
  };
  const mark = (x: number, y: number) => {
    // The outer edges of the last pixels belong to these.
    const column = x === part.width && isOnEdge.right ? x - 1 : x;
    const row = y === part.height && isOnEdge.bottom ? y - 1 : y;
    if (column < 0 || row < 0 || column >= part.width || row >= part.height) return;
    inside[row * part.width + column] = 1;
  };
  const { forward } = sameCrs(crs, grid.crs)
    ? { forward: (x: number, y: number): [number, number] => [x, y] }
    : transformer(crs, grid.crs);
  const toPixels = (x: number, y: number): [number, number] => [
    (x - part.originX) / part.resX,
    (part.originY - y) / part.resY,
  ];
  for (const [x, y] of points) {
    const [column, row] = toPixels(...forward(x, y));
    if (column >= 0 && row >= 0 && column <= part.width && row <= part.height)
      mark(Math.floor(column), Math.floor(row));
  }
  const tolerance = Math.min(grid.resX, grid.resY) / 20;
  for (const line of lines) {
    let before = line[0];
    for (const next of line.slice(1)) {
      let from = forward(before[0], before[1]);
      const draw = (x: number, y: number) => {
        const clipped = clipLine(toPixels(...from), toPixels(x, y), part.width, part.height);
        if (clipped) markLine(...clipped, mark);
        from = [x, y];
      };
      projectEdge(forward, before as Position, next, from, forward(next[0], next[1]), tolerance, draw);
      before = next;
    }
  }
  return { grid: part, column: left, row: top, inside };
}
