import { OpenEOError } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { CallbackInput, Planes } from '../../kernel/types';
import { type Cube, type Dimension, layerDimensions } from '../../raster/cube';
import { labelNames } from '../../raster/label-names';
import { withGrid } from '../../raster/labelled-view';
import { allIndices, createValues, labelCount } from '../../raster/layers';
import type { ProcessContext } from '../context';
import { arrayInput, asCallback, type PixelCallback, preparePixels } from './cube-callbacks';
import { relabel, requireDimension, withLabelsOn } from './cube-dimensions';
import { replaceAlong } from './replace-along';
import { rangesAfter } from './value-range';

/** How many values the callback makes: known of fused ones, found out by a pixel of zeros for others. */
async function countOutputs(
  callback: PixelCallback,
  cube: Cube,
  length: number,
  signal: AbortSignal,
): Promise<number> {
  if (callback.evaluator.outputs !== undefined) return callback.evaluator.outputs;
  const zero = cube.dataType === 'text' ? [''] : createValues('float64', 1);
  const planes: Planes = { data: new Array(length).fill(zero) };
  return (await callback.run(new Map([['data', planes]]), 1, signal)).data.length;
}

/** The dimension that the values are in afterwards, and the cube's dimensions with it. */
function targetOf(cube: Cube, source: string, target: string, count: number) {
  const own = requireDimension(cube, source);
  const existing = cube.dimensions.find(({ name }) => name === target);
  if (target !== source && existing && labelCount(existing) !== 1)
    throw new OpenEOError('ProcessParameterInvalid', {
      process: 'apply_dimension',
      parameter: 'target_dimension',
      reason: `the dimension "${target}" has ${labelCount(existing)} labels, but only one with a single label can take the values`,
    });
  const enumerated = allIndices(count);
  const created: Dimension =
    target !== source
      ? existing
        ? withoutReference(relabel(existing, enumerated))
        : { type: 'other', name: target, labels: enumerated }
      : count === labelCount(own)
        ? own
        : withoutReference(relabel(own, enumerated));
  const dimensions = existing
    ? cube.dimensions
        .filter(({ name }) => name !== source || source === target)
        .map((dimension) => (dimension.name === target ? created : dimension))
    : cube.dimensions.map((dimension) => (dimension.name === source ? created : dimension));
  return { dimensions, isOther: target !== source && existing !== undefined };
}

function withoutReference(dimension: Dimension): Dimension {
  return 'referenceSystem' in dimension ? { ...dimension, referenceSystem: undefined } : dimension;
}

/** Along x or y every window needs the whole scene; along others only what the process uses is read. */
export async function run(args: Arguments, { signal }: Pick<ProcessContext, 'signal'>): Promise<Cube> {
  const source = args.dimension as string;
  const target = (args.target_dimension as string | null) ?? source;
  const cube = withLabelsOn(withLabelsOnTarget(args.data as Cube, source, target), source);
  const layers = layerDimensions(cube);
  const position = layers.findIndex(({ name }) => name === source);
  const labels = labelNames(layers[position]);
  const inputs: Record<string, CallbackInput> = { data: arrayInput(labels) };
  const process = preparePixels(asCallback(args.process), inputs, args.context, cube);
  if (process.evaluator.isArray === false)
    throw new OpenEOError('ProcessParameterInvalid', {
      process: 'apply_dimension',
      parameter: 'process',
      reason: 'it must make an array; reduce_dimension takes processes that make a single value',
    });
  const count = await countOutputs(process, cube, labels.length, signal);
  const { dimensions, isOther } = targetOf(cube, source, target, count);
  const reads = process.evaluator.reads('data');
  const wanted = reads === 'all' ? allIndices(labels.length) : reads;

  const result = replaceAlong(cube, {
    ...{ source, target, count, wanted, isOther, callback: process },
    dimensions: rangesAfter(dimensions, asCallback(args.process)),
  });
  const { grid } = args.data as Cube;
  return grid ? withGrid(result, grid) : result;
}

/** An existing target has to be a dimension with labels as well. */
function withLabelsOnTarget(cube: Cube, source: string, target: string): Cube {
  requireDimension(cube, source);
  return cube.dimensions.some(({ name }) => name === target) ? withLabelsOn(cube, target) : cube;
}
