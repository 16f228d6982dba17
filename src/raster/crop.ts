import { sameCrs, transformBounds, transformer } from '../geo/crs';
import { subGrid } from '../geo/grid';
import type { Bounds, Crs, Grid } from '../geo/types';
import { type Block, type Cube, deriveCube, gridBounds, type Window } from './cube';
import { missingBlock } from './layers';
import { dropPixels } from './missing-values';
import { markCentres } from './warp/mark-centres';

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
  if (!isSame && isSurelyInside(grid, area)) return 'all';
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
  const count = isSame ? coverAligned(grid, near, inside) : coverProjected(grid, area, near, inside);
  if (count === 0) return 'none';
  return count === inside.length ? 'all' : inside;
}

/**
 * True where nine points of a grid lie so far inside of a box that what lies between them does as well; most tiles of
 * a map do, and need no closer look.
 */
function isSurelyInside(grid: Grid, { crs, boxes }: Area): boolean {
  const { west, south, east, north } = gridBounds(grid);
  const { forward } = transformer(grid.crs, crs);
  const found = { west: Infinity, south: Infinity, east: -Infinity, north: -Infinity };
  for (const x of [west, (west + east) / 2, east])
    for (const y of [south, (south + north) / 2, north]) {
      const [u, v] = forward(x, y);
      if (!Number.isFinite(u) || !Number.isFinite(v)) return false;
      found.west = Math.min(found.west, u);
      found.east = Math.max(found.east, u);
      found.south = Math.min(found.south, v);
      found.north = Math.max(found.north, v);
    }
  const slackX = (found.east - found.west) / 4;
  const slackY = (found.north - found.south) / 4;
  return boxes.some(
    (box) =>
      box.west <= found.west - slackX &&
      box.east >= found.east + slackX &&
      box.south <= found.south - slackY &&
      box.north >= found.north + slackY,
  );
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

/** How far a border may be off, in pixels of the window: the transformation of every pixel would take long. */
const borderTolerancePx = 0.02;

function coverProjected(grid: Grid, { crs }: Area, boxes: readonly Bounds[], inside: Uint8Array): number {
  const turns = crs.isGeographic ? [-360, 0, 360] : [0];
  for (const box of boxes) for (const turn of turns) coverBox(grid, crs, box, turn, inside);
  return inside.reduce((count, flag) => count + flag, 0);
}

function coverBox(grid: Grid, crs: Crs, box: Bounds, turn: number, inside: Uint8Array): void {
  const span = { x: box.east - box.west, y: box.north - box.south };
  if (!(span.x > 0 && span.y > 0)) return;
  const center = transformBounds(gridBounds(grid), grid.crs, crs);
  const pixel = Math.min((center.north - center.south) / grid.height / span.y, 1);
  // The box is one pixel of a grid of its own, so that positions in it run from 0 to 1.
  const whole = {
    crs,
    originX: box.west + turn,
    originY: box.north,
    resX: span.x,
    resY: span.y,
    width: 1,
    height: 1,
  };
  markCentres(grid, whole, borderTolerancePx * (pixel > 0 ? pixel : 1e-6), inside);
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
      const block = await cube.read({ ...window, extent: window.extent ?? cropped }, signal);
      return cover === 'all' ? block : dropPixels(block, cube.missing, cover);
    },
  });
  return result;
}
