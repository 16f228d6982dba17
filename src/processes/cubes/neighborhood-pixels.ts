import { transformBounds, wgs84 } from '../../geo/crs';
import { subGrid } from '../../geo/grid';
import type { Grid } from '../../geo/types';
import { gridBounds } from '../../raster/cube';
import type { Lattice } from '../../raster/lattice';
import { type ChunkSize, invalidSize, type PixelChunks } from './neighborhood-labels';

/** One neighbourhood of pixels. */
export interface PixelChunk {
  /** With the overlap. */
  readonly grid: Grid;
  /** The pixels that the result is taken from, and are in the window. */
  readonly core: Grid;
  /** Where the core lies in the window. */
  readonly column: number;
  readonly row: number;
}

const metersPerDegree = 111_319.49;

/** Units of the reference system in a meter, along an axis. */
function unitsPerMeter(grid: Grid, axis: 'x' | 'y'): number {
  if (!grid.crs.isGeographic) return /\+units=(us-)?ft/.test(grid.crs.definition) ? 1 / 0.3048 : 1;
  const { south, north } = transformBounds(gridBounds(grid), grid.crs, wgs84);
  const latitude = ((south + north) / 2) * (Math.PI / 180);
  return 1 / (metersPerDegree * (axis === 'x' ? Math.max(0.01, Math.cos(latitude)) : 1));
}

function pixels(
  grid: Grid,
  axis: 'x' | 'y',
  entry: ChunkSize,
  parameter: 'size' | 'overlap',
): number | undefined {
  const { value, unit } = entry;
  if (value === null) return undefined;
  if (typeof value === 'string')
    throw invalidSize(parameter, `${value} is a duration, but "${entry.dimension}" is not temporal`);
  const resolution = axis === 'x' ? grid.resX : grid.resY;
  const exact = unit === 'px' ? value : (value * (unit === 'm' ? unitsPerMeter(grid, axis) : 1)) / resolution;
  if (unit === 'px' && !Number.isInteger(value))
    throw invalidSize(parameter, `${value} is no number of pixels`);
  const count = Math.round(exact);
  if (parameter === 'size' && value === 0)
    throw invalidSize(parameter, 'neighbourhoods need at least one pixel');
  return parameter === 'size' ? Math.max(1, count) : count;
}

/** How an axis is cut, in pixels of `grid`. @throws OpenEOError `ProcessParameterInvalid` */
export function pixelChunks(
  grid: Grid,
  axis: 'x' | 'y',
  size: ChunkSize | undefined,
  overlap: ChunkSize | undefined,
): PixelChunks {
  return {
    size: size && pixels(grid, axis, size, 'size'),
    overlap: (overlap && pixels(grid, axis, overlap, 'overlap')) ?? 0,
  };
}

function pieces(
  { size, overlap }: PixelChunks,
  length: number,
  from: number,
  to: number,
): { start: number; end: number; first: number; last: number }[] {
  const step = size ?? Math.max(1, length);
  const found = [];
  const [low, high] = [Math.max(0, from), Math.min(length, to)];
  for (let start = Math.floor(low / step) * step; start < high; start += step) {
    const end = Math.min(length, start + step);
    found.push({
      start: start - overlap,
      end: end + overlap,
      first: Math.max(start, low),
      last: Math.min(end, high),
    });
  }
  return found;
}

/** The neighbourhoods that a window needs; they are counted from the first pixel of the lattice. */
export function chunksOf(lattice: Lattice, window: Grid, x: PixelChunks, y: PixelChunks): PixelChunk[] {
  const { grid, column, row } = lattice;
  return pieces(y, grid.height, row, row + window.height).flatMap((v) =>
    pieces(x, grid.width, column, column + window.width).map((h) => ({
      grid: subGrid(grid, h.start, v.start, h.end - h.start, v.end - v.start),
      core: subGrid(grid, h.first, v.first, h.last - h.first, v.last - v.first),
      column: h.first - column,
      row: v.first - row,
    })),
  );
}
