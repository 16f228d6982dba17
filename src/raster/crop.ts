import { sameCrs, transformBounds, transformer } from '../geo/crs';
import { subGrid } from '../geo/grid';
import type { Bounds, Crs, Grid } from '../geo/types';
import { type Block, type Cube, deriveCube, gridBounds, type Window } from './cube';
import { missingBlock } from './layers';
import { dropPixels } from './missing-values';

/** Some rectangles in one reference system, for example a box on both sides of the antimeridian. */
export interface Area {
  readonly crs: Crs;
  readonly boxes: readonly Bounds[];
}

/** Pixels closer than this to a border count as on it: boxes come through transformations. */
const tolerancePx = 1e-6;

function pixelRange(low: number, high: number, length: number): [number, number] {
  return [
    Math.max(0, Math.ceil(low - 0.5 - tolerancePx)),
    Math.min(length - 1, Math.floor(high - 0.5 + tolerancePx)),
  ];
}

/** Columns and rows of a grid, the last ones included. */
interface PixelRange {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The largest group of whole pixels whose centres lie in a box or on its border; none: undefined. */
function snap(grid: Grid, box: Bounds): PixelRange | undefined {
  const [left, right] = pixelRange(
    (box.west - grid.originX) / grid.resX,
    (box.east - grid.originX) / grid.resX,
    grid.width,
  );
  const [top, bottom] = pixelRange(
    (grid.originY - box.north) / grid.resY,
    (grid.originY - box.south) / grid.resY,
    grid.height,
  );
  return left <= right && top <= bottom ? { left, right, top, bottom } : undefined;
}

function unite(one: PixelRange, other: PixelRange): PixelRange {
  return {
    left: Math.min(one.left, other.left),
    right: Math.max(one.right, other.right),
    top: Math.min(one.top, other.top),
    bottom: Math.max(one.bottom, other.bottom),
  };
}

function pixelsOf(grid: Grid, { left, right, top, bottom }: PixelRange): Grid {
  return subGrid(grid, left, top, right - left + 1, bottom - top + 1);
}

/**
 * Which pixels of a grid have their centre in an area: all, none, or 1 for each that has.
 * A centre on the western or northern border of a box is in it, one on the other borders is not, so that
 * boxes side by side share no pixel.
 */
export function coverage(grid: Grid, area: Area): 'all' | 'none' | Uint8Array {
  if (area.boxes.length === 0 || grid.width === 0 || grid.height === 0) return 'none';
  const isSame = sameCrs(grid.crs, area.crs);
  const bounds = isSame ? gridBounds(grid) : transformBounds(gridBounds(grid), grid.crs, area.crs);
  // Longitudes may be counted differently on both sides; then only the pixels can tell.
  const isCyclic =
    !isSame &&
    area.crs.isGeographic &&
    [bounds, ...area.boxes].some(({ west, east }) => west > east || west < -180 || east > 180);
  const near = isCyclic ? area.boxes : area.boxes.filter((box) => touches(box, bounds));
  if (near.length === 0) return 'none';
  if (!isCyclic && near.some((box) => contains(box, bounds))) return 'all';
  const inside = new Uint8Array(grid.width * grid.height);
  const count = isSame ? coverAligned(grid, near, inside) : coverProjected(grid, area.crs, near, inside);
  if (count === 0) return 'none';
  return count === inside.length ? 'all' : inside;
}

function touches(box: Bounds, other: Bounds): boolean {
  return (
    box.west <= other.east && box.east >= other.west && box.south <= other.north && box.north >= other.south
  );
}

function contains(box: Bounds, other: Bounds): boolean {
  return (
    box.west <= other.west && box.east >= other.east && box.south <= other.south && box.north >= other.north
  );
}

function coverAligned(grid: Grid, boxes: readonly Bounds[], inside: Uint8Array): number {
  let count = 0;
  const first = (position: number) => Math.max(0, Math.ceil(position - 0.5 - tolerancePx));
  for (const box of boxes) {
    const left = first((box.west - grid.originX) / grid.resX);
    const right = Math.min(grid.width, first((box.east - grid.originX) / grid.resX));
    const top = first((grid.originY - box.north) / grid.resY);
    const bottom = Math.min(grid.height, first((grid.originY - box.south) / grid.resY));
    for (let row = top; row < bottom; row++)
      for (let position = row * grid.width + left; position < row * grid.width + right; position++) {
        count += 1 - inside[position];
        inside[position] = 1;
      }
  }
  return count;
}

function coverProjected(grid: Grid, crs: Crs, boxes: readonly Bounds[], inside: Uint8Array): number {
  const { forward } = transformer(grid.crs, crs);
  const turn = crs.isGeographic ? 360 : Number.POSITIVE_INFINITY;
  let count = 0;
  for (let row = 0, position = 0; row < grid.height; row++) {
    const rowY = grid.originY - (row + 0.5) * grid.resY;
    for (let column = 0; column < grid.width; column++, position++) {
      const [x, y] = forward(grid.originX + (column + 0.5) * grid.resX, rowY);
      for (const { west, south, east, north } of boxes) {
        if (!(y <= north && y > south)) continue;
        if (
          (x >= west && x < east) ||
          (x + turn >= west && x + turn < east) ||
          (x - turn >= west && x - turn < east)
        ) {
          inside[position] = 1;
          count++;
          break;
        }
      }
    }
  }
  return count;
}

/**
 * The cube limited to an area in the reference system of its grid: the grid shrinks to the pixels whose centres
 * are in the area, and beyond them every window is missing, whatever its grid.
 */
export function cropCube(cube: Cube, boxes: readonly Bounds[]): Cube {
  const grid = cube.grid!;
  const parts = boxes.map((box) => snap(grid, box)).filter((part) => part !== undefined);
  const cropped = parts.length === 0 ? subGrid(grid, 0, 0, 0, 0) : pixelsOf(grid, parts.reduce(unite));
  const area: Area = { crs: grid.crs, boxes: parts.map((part) => gridBounds(pixelsOf(grid, part))) };
  const result: Cube = deriveCube(cube, {
    grid: cropped,
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const cover = coverage(window.grid!, area);
      if (cover === 'none') return missingBlock(result, window);
      const block = await cube.read(window, signal);
      return cover === 'all' ? block : dropPixels(block, cube.missing, cover);
    },
  });
  return result;
}
