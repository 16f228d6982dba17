import type { Arguments } from '../../graph/types';
import { type Block, type Cube, deriveCube, layerDimensions, type Window } from '../../raster/cube';
import { labelNames } from '../../raster/label-names';
import {
  allIndices,
  blockShape,
  labelCount,
  layerLengths,
  missingBlock,
  planeLength,
  product,
} from '../../raster/layers';
import { recycleInput } from '../../raster/recycled';
import { inRowChunks } from '../../raster/row-chunks';
import { axisAt, evaluateAlong } from './along-dimension';
import { arrayInput, asCallback, fusedCube, preparePixels, type ValueCallback } from './cube-callbacks';
import { withLabelsOn } from './cube-dimensions';
import { notSingle } from './single-value';
import { rangesAfter } from './value-range';

/** Only the labels that the reducer uses are read. Over x or y, every window needs the whole scene. */
export function run(args: Arguments): Cube {
  const name = args.dimension as string;
  const cube = withLabelsOn(args.data as Cube, name);
  const layers = layerDimensions(cube);
  const position = layers.findIndex((layer) => layer.name === name);
  const labels = labelNames(layers[position]);
  const reducer = preparePixels(asCallback(args.reducer), { data: arrayInput(labels) }, args.context, cube);
  const { evaluator } = reducer;
  if (evaluator.isArray) throw notSingle('reduce_dimension', 'reducer');
  const reads = evaluator.reads('data');
  const wanted = reads === 'all' ? allIndices(labels.length) : reads;
  const dimensions = rangesAfter(
    cube.dimensions.filter((dimension) => dimension.name !== name),
    asCallback(args.reducer),
  );
  return fusedCube(reducer, (callback) => reduced(cube, { dimensions, position, wanted }, callback));
}

interface Reduction {
  /** Of the result. */
  readonly dimensions: Cube['dimensions'];
  /** Of the layer that is reduced, and those of its labels that are read. */
  readonly position: number;
  readonly wanted: readonly number[];
}

function reduced(cube: Cube, { dimensions, position, wanted }: Reduction, reducer: ValueCallback): Cube {
  const layer = layerDimensions(cube)[position];
  const count = labelCount(layer);
  const result: Cube = deriveCube(cube, {
    dimensions,
    dataType: reducer.dataType,
    missing: reducer.missing,
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const lengths = layerLengths(result, window);
      if (product(blockShape(lengths, window)) === 0) return missingBlock(result, window);
      return await inRowChunks(window, product(lengths) * Math.max(1, wanted.length), async (part) => {
        const pixels = planeLength(part);
        // A reducer of nothing (an empty dimension, or constants) still needs a block to say where it is.
        const block: Block =
          wanted.length === 0
            ? { grid: part.grid, shape: [], data: new Float32Array(0) }
            : await cube.read({ ...part, select: new Map(part.select).set(layer.name, wanted) }, signal);
        const inputLengths = [...lengths.slice(0, position), count, ...lengths.slice(position)];
        const axis = axisAt(inputLengths, position, pixels, count, wanted);
        const { data, valid, outputs } = await evaluateAlong(reducer, 'data', block, axis, signal);
        if (outputs !== 1) throw notSingle('reduce_dimension', 'reducer');
        recycleInput(block, { data, valid });
        return { grid: part.grid, shape: blockShape(lengths, part), data, valid };
      });
    },
  });
  return result;
}
