import {
  type Block,
  type Cube,
  type Dimension,
  deriveCube,
  layerDimensions,
  type Window,
} from '../../raster/cube';
import {
  allIndices,
  blockShape,
  labelCount,
  layerLengths,
  missingBlock,
  planeLength,
  product,
} from '../../raster/layers';
import { inRowChunks } from '../../raster/row-chunks';
import { pickAlong, transposeLayers } from '../../raster/transpose';
import { axisAt, evaluateAlong } from './along-dimension';
import type { ValueCallback } from './cube-callbacks';

/** How the values along a dimension become others. */
export interface Replacement {
  /** The dimension that is read; it has labels. */
  readonly source: string;
  /** The dimension that the new values are in; may be the same. */
  readonly target: string;
  /** True where `target` is another dimension of the cube, which has a single label. */
  readonly isOther: boolean;
  /** The dimensions afterwards. */
  readonly dimensions: readonly Dimension[];
  /** How many values the callback makes of its array `data`. */
  readonly count: number;
  /** The positions on `source` that the callback uses. */
  readonly wanted: readonly number[];
  readonly callback: ValueCallback;
}

/** A cube in which a callback has made other values of those along a dimension, perhaps in another number. */
export function replaceAlong(cube: Cube, replacement: Replacement): Cube {
  const { source, target, isOther, dimensions, count, wanted, callback } = replacement;
  const layers = layerDimensions(cube);
  const position = layers.findIndex(({ name }) => name === source);
  const length = labelCount(layers[position]);
  const result: Cube = deriveCube(cube, {
    dimensions,
    dataType: callback.dataType,
    missing: callback.missing,
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const lengths = layerLengths(result, window);
      if (product(blockShape(lengths, window)) === 0) return missingBlock(result, window);
      const select = new Map(window.select);
      const outputs = select.get(target) ?? allIndices(count);
      select.delete(target);
      select.set(source, wanted);
      // The lengths of the input's layers, the dimension itself with the number of outputs.
      const own = layers.map((layer, index) =>
        index === position ? outputs.length : (select.get(layer.name)?.length ?? labelCount(layer)),
      );
      // For each layer of the result, the layer that holds it before it is brought into order.
      const order = layerDimensions(result).map(({ name }) =>
        name === target ? position : layers.findIndex((layer) => layer.name === name),
      );
      return await inRowChunks(window, product(lengths) + product(own) * wanted.length, async (part) => {
        const block: Block =
          wanted.length === 0
            ? { grid: part.grid, shape: [], data: new Float32Array(0) }
            : await cube.read({ ...part, select }, signal);
        const axis = axisAt(own, position, planeLength(part), length, wanted);
        const values = await evaluateAlong(callback, 'data', block, axis, signal);
        const picked = pickAlong(values, axis.before, values.outputs, axis.after, outputs);
        const kept = isOther ? own.filter((_, index) => layers[index].name !== target) : own;
        const names = isOther ? layers.filter(({ name }) => name !== target) : layers;
        const moved = transposeLayers(
          picked,
          kept,
          order.map((index) => names.indexOf(layers[index])),
          planeLength(part),
        );
        return { grid: part.grid, shape: blockShape(lengths, part), ...moved };
      });
    },
  });
  return result;
}
