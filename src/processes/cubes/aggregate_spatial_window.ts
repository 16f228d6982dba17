import { subGrid } from '../../geo/grid';
import type { Grid } from '../../geo/types';
import type { Arguments } from '../../graph/types';
import { type Block, type Cube, deriveCube, type Window } from '../../raster/cube';
import {
  blockShape,
  createValuesLike,
  layerLengths,
  missingBlock,
  product,
  type Values,
} from '../../raster/layers';
import { fixGrid } from '../../raster/resample';
import { inRowChunks } from '../../raster/row-chunks';
import { joinPlanes } from './along-dimension';
import { asCallback, preparePixels } from './cube-callbacks';
import { requireGrid } from './cube-dimensions';
import { notSingle } from './single-value';
import { rangesAfter } from './value-range';

type Boundary = 'pad' | 'trim';

/** Where the first window begins, and how many windows there are, along an axis of `length` pixels. */
function windowsAlong(length: number, size: number, boundary: Boundary, isAtEnd: boolean) {
  const count = boundary === 'pad' ? Math.ceil(length / size) : Math.floor(length / size);
  return { start: isAtEnd ? length - count * size : 0, count };
}

/** One plane for each pixel of a window, from planes of all pixels. */
function planesOf<V extends Values>(
  values: V,
  layers: number,
  out: Grid,
  width: number,
  height: number,
): V[] {
  const plane = out.width * out.height;
  return Array.from({ length: width * height }, (_, place) => {
    const [dx, dy] = [place % width, Math.floor(place / width)];
    const target = createValuesLike(values, layers * plane) as V;
    for (let layer = 0; layer < layers; layer++)
      for (let row = 0; row < out.height; row++) {
        const from = ((layer * out.height + row) * height + dy) * out.width * width + dx;
        const to = layer * plane + row * out.width;
        for (let x = 0; x < out.width; x++) target[to + x] = values[from + x * width];
      }
    return target;
  });
}

/** Windows are counted in the cube's own pixels; other resolutions take the nearest of their values. */
export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  const native = requireGrid(cube, 'aggregate_spatial_window', 'data');
  const [width, height] = args.size as [number, number];
  const boundary = args.boundary as Boundary;
  const [vertical, horizontal] = (args.align as string).split('-');
  const columns = windowsAlong(native.width, width, boundary, horizontal === 'right');
  const rows = windowsAlong(native.height, height, boundary, vertical === 'lower');
  const corner = subGrid(native, columns.start, rows.start, columns.count, rows.count);
  const grid: Grid = { ...corner, resX: native.resX * width, resY: native.resY * height };
  const count = width * height;
  const callback = asCallback(args.reducer);
  const reducer = preparePixels(callback, { data: { kind: 'array', length: count } }, args.context, cube);
  if (reducer.evaluator.isArray) throw notSingle('aggregate_spatial_window', 'reducer');

  const aggregated: Cube = deriveCube(cube, {
    dimensions: rangesAfter(cube.dimensions, callback),
    grid,
    dataType: reducer.dataType,
    missing: reducer.missing,
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const lengths = layerLengths(cube, window);
      const layers = product(lengths);
      if (product(blockShape(lengths, window)) === 0) return missingBlock(aggregated, window);
      return await inRowChunks(window, 2 * layers * count, async (part) => {
        const out = part.grid!;
        const fine: Grid = {
          ...out,
          resX: native.resX,
          resY: native.resY,
          width: out.width * width,
          height: out.height * height,
        };
        const block = await cube.read({ ...part, grid: fine }, signal);
        const data = planesOf(block.data, layers, out, width, height);
        const valid = block.valid && planesOf(block.valid, layers, out, width, height);
        const total = layers * out.width * out.height;
        const values = joinPlanes(
          await reducer.run(new Map([['data', { data, valid }]]), total, signal),
          total,
        );
        if (values.outputs !== 1) throw notSingle('aggregate_spatial_window', 'reducer');
        return { grid: out, shape: blockShape(lengths, part), data: values.data, valid: values.valid };
      });
    },
  });
  // Reads of other pixels than those of the grid are answered from these.
  return deriveCube(fixGrid(aggregated, grid, 'near'), { isGridFixed: true });
}
