import type { Arguments } from '../../graph/types';
import { type Block, type Cube, deriveCube, type Window } from '../../raster/cube';
import { blockShape, layerLengths, missingBlock, product } from '../../raster/layers';
import { recycleInput } from '../../raster/recycled';
import { joinPlanes } from './along-dimension';
import { asCallback, fusedCube, preparePixels, type ValueCallback } from './cube-callbacks';
import { notSingle } from './single-value';
import { rangesAfter } from './value-range';

/** One value becomes one value, so a window needs the same window. */
export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  const process = preparePixels(asCallback(args.process), { x: { kind: 'plane' } }, args.context, cube);
  if (process.evaluator.isArray) throw notSingle('apply', 'process');
  const dimensions = rangesAfter(cube.dimensions, asCallback(args.process));
  return fusedCube(process, (callback) => applied(cube, dimensions, callback));
}

function applied(cube: Cube, dimensions: Cube['dimensions'], process: ValueCallback): Cube {
  const result: Cube = deriveCube(cube, {
    dimensions,
    dataType: process.dataType,
    missing: process.missing,
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      if (product(blockShape(layerLengths(cube, window), window)) === 0) return missingBlock(result, window);
      const block = await cube.read(window, signal);
      const inputs = new Map([['x', { data: [block.data], valid: block.valid && [block.valid] }]]);
      const planes = await process.run(inputs, block.data.length, signal);
      if (planes.data.length !== 1) throw notSingle('apply', 'process');
      const { data, valid } = joinPlanes(planes, block.data.length);
      recycleInput(block, { data, valid });
      return { grid: block.grid, shape: block.shape, data, valid };
    },
  });
  return result;
}
