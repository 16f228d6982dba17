import { createPace } from '../../base/pace';
import { subGrid } from '../../geo/grid';
import type { Crs } from '../../geo/types';
import type { Cube, Window } from '../../raster/cube';
import { layerLengths, product } from '../../raster/layers';
import { scanValues } from '../../raster/row-chunks';
import type { Geometry } from '../../raster/vector/geometry';
import { geometryPixels, pixelsAround } from '../../raster/vector/geometry-pixels';
import type { Accumulator, ArrayReducer } from './array-reducer';

/** Which pixels of a strip count, by their place in it. */
type Pick = (strip: NonNullable<Window['grid']>) => Int32Array | 'all' | 'none';

/**
 * Reduces pixels of a cube for each of its layers. They are read at the native resolution, in strips of rows.
 * @param area the pixels to look at.
 */
async function accumulate(
  cube: Cube,
  area: { readonly column: number; readonly row: number; readonly width: number; readonly height: number },
  pick: Pick,
  reducer: ArrayReducer,
  select: Window['select'],
  signal: AbortSignal,
): Promise<Accumulator[]> {
  const layers = product(layerLengths(cube, { select }));
  const accumulators = Array.from({ length: layers }, () => reducer.create());
  if (layers === 0) return accumulators;
  const rows = Math.max(1, Math.floor(scanValues / (Math.max(1, area.width) * layers)));
  const rest = createPace(signal);
  for (let row = 0; row < area.height; row += rows) {
    signal.throwIfAborted();
    await rest();
    const height = Math.min(rows, area.height - row);
    const grid = subGrid(cube.grid!, area.column, area.row + row, area.width, height);
    const places = pick(grid);
    if (places === 'none') continue;
    const block = await cube.read({ grid, ...(select && { select }) }, signal);
    const plane = grid.width * grid.height;
    accumulators.forEach((accumulator, layer) => {
      const start = layer * plane;
      if (places === 'all') accumulator.add(block, cube.missing, start, plane);
      else accumulator.add(block, cube.missing, start, places.length, places);
    });
  }
  return accumulators;
}

/** The values of one geometry for each layer; undefined where it is empty or beyond the cube. */
export async function geometryValues(
  cube: Cube,
  geometry: Geometry | null,
  crs: Crs,
  reducer: ArrayReducer,
  select: Window['select'],
  signal: AbortSignal,
): Promise<Accumulator[] | undefined> {
  const area = pixelsAround(geometry, crs, cube.grid!);
  if (!area) return undefined;
  const pick: Pick = (strip) => {
    const part = geometryPixels(geometry, crs, strip, cube.grid!);
    if (!part) return 'none';
    const places: number[] = [];
    for (let y = 0; y < part.grid.height; y++)
      for (let x = 0; x < part.grid.width; x++)
        if (part.inside[y * part.grid.width + x] === 1)
          places.push((part.row + y) * strip.width + part.column + x);
    return places.length > 0 ? Int32Array.from(places) : 'none';
  };
  return await accumulate(cube, area, pick, reducer, select, signal);
}

/** The values of all pixels for each layer. */
export async function allValues(
  cube: Cube,
  reducer: ArrayReducer,
  select: Window['select'],
  signal: AbortSignal,
): Promise<Accumulator[]> {
  const { width, height } = cube.grid!;
  const area = { column: 0, row: 0, width, height };
  return await accumulate(cube, area, () => 'all', reducer, select, signal);
}
