import { subGrid } from '../../geo/grid';
import type { Grid } from '../../geo/types';
import { type Border, borderRuns, type Run } from '../../raster/border';
import type { Block, Cube, Window } from '../../raster/cube';
import { extentCoverage } from '../../raster/lattice';
import { isMissingAt } from '../../raster/missing-values';

/** A part of a cube's pixels that may reach beyond them. */
export interface PaddedArea {
  /** The pixels of the whole cube. */
  readonly lattice: Grid;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What stands for pixels that are not there. */
export interface Padding {
  readonly border: Border;
  /** Beyond the cube, for the border rule `outside`. */
  readonly fill: number;
  /** For what is no finite number: no-data, NaN, infinite values, text. */
  readonly invalid: number;
}

/** Planes of finite numbers for an area, continued beyond the cube's borders. Only pixels of the cube are read. */
export async function readPadded(
  cube: Cube,
  area: PaddedArea,
  { border, fill, invalid }: Padding,
  select: Window['select'],
  layers: number,
  signal: AbortSignal,
): Promise<Float64Array> {
  const { lattice, left, top, width, height } = area;
  const target = new Float64Array(layers * width * height).fill(fill);
  const columnRuns = borderRuns(left, width, lattice.width, border);
  const rowRuns = borderRuns(top, height, lattice.height, border);
  for (const rows of rowRuns)
    for (const columns of columnRuns) {
      const grid = subGrid(lattice, columns.first, rows.first, columns.length, rows.length);
      const block = await cube.read({ grid, ...(select && { select }) }, signal);
      // Of other reference systems only a part of the box around the cube is in it.
      const cover = border === 'outside' ? extentCoverage(cube.grid!, grid) : 'all';
      const valueAt = (position: number, pixel: number): number => {
        if (cover === 'none' || (cover !== 'all' && cover[pixel] === 0)) return fill;
        return finiteAt(block, cube.missing, position, invalid);
      };
      for (let layer = 0; layer < layers; layer++)
        for (let y = 0; y < rows.places.length; y++) {
          const from = rows.offsets[y] * columns.length;
          const to = (layer * height + rows.places[y]) * width;
          const plane = layer * rows.length * columns.length;
          if (cover === 'all' && !Array.isArray(block.data)) {
            copyFinite(block, plane + from, columns, target, to, invalid);
            continue;
          }
          for (let x = 0; x < columns.places.length; x++) {
            const pixel = from + columns.offsets[x];
            target[to + columns.places[x]] = valueAt(plane + pixel, pixel);
          }
        }
    }
  return target;
}

/** One row of numbers; a value of no-data is invalid in both forms. */
function copyFinite(
  { data, valid }: Block,
  from: number,
  { places, offsets }: Run,
  target: Float64Array,
  to: number,
  invalid: number,
): void {
  const values = data as Float64Array;
  for (let x = 0; x < places.length; x++) {
    const position = from + offsets[x];
    const value = values[position];
    // Of NaN and the infinities the difference is NaN.
    const isUsable = value - value === 0 && (valid === undefined || valid[position] === 1);
    target[to + places[x]] = isUsable ? value : invalid;
  }
}

function finiteAt(block: Block, missing: Cube['missing'], position: number, invalid: number): number {
  const value = block.data[position];
  if (isMissingAt(block, missing, position)) return invalid;
  if (typeof value === 'number') return Number.isFinite(value) ? value : invalid;
  return typeof value === 'boolean' ? Number(value) : invalid;
}
