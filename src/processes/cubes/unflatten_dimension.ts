import { OpenEOError, ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import {
  type Block,
  type Cube,
  type Dimension,
  deriveCube,
  layerDimensions,
  type Window,
} from '../../raster/cube';
import { labelNames } from '../../raster/label-names';
import { blockShape, layerLengths, missingBlock, product, selectedIndices } from '../../raster/layers';
import { requireDimension, withLabelsOn } from './cube-dimensions';
import { pickedLabels } from './picked-labels';

/** The new dimensions stand where the old one stood. Combinations that it has no label for have no data. */
export function run(args: Arguments): Cube {
  const name = args.dimension as string;
  const targets = args.target_dimensions as readonly string[];
  const separator = args.label_separator as string;
  requireDimension(args.data as Cube, name);
  const cube = withLabelsOn(args.data as Cube, name);
  const exists = targets.find((target) => cube.dimensions.some((dimension) => dimension.name === target));
  if (exists !== undefined)
    throw new ProcessException('TargetDimensionExists', `The cube has a dimension "${exists}" already.`);
  const source = requireDimension(cube, name);
  const labels = labelNames(source).map(String);
  const parts = labels.map((label) => label.split(separator));
  const wrong = parts.findIndex((part) => part.length !== targets.length);
  if (wrong >= 0)
    throw new OpenEOError('ProcessParameterInvalid', {
      process: 'unflatten_dimension',
      parameter: 'data',
      reason: `the label ${JSON.stringify(labels[wrong])} does not have ${targets.length} parts between "${separator}"`,
    });
  const created = targets.map((target, axis): Dimension & { labels: readonly string[] } => ({
    type: 'other',
    name: target,
    labels: [...new Set(parts.map((part) => part[axis]))],
  }));
  const positions = new Map(parts.map((part, index) => [JSON.stringify(part), index]));
  const at = cube.dimensions.indexOf(source);
  const layers = layerDimensions(cube);

  const result: Cube = deriveCube(cube, {
    dimensions: [...cube.dimensions.slice(0, at), ...created, ...cube.dimensions.slice(at + 1)],
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const lengths = layerLengths(result, window);
      if (product(blockShape(lengths, window)) === 0) return missingBlock(result, window);
      const wanted = created.reduce<string[][]>(
        (found, dimension) =>
          found.flatMap((before) =>
            selectedIndices(dimension, window).map((index) => [...before, dimension.labels[index]]),
          ),
        [[]],
      );
      const sources = wanted.map((part) => positions.get(JSON.stringify(part)) ?? -1);
      const select = new Map(
        [...(window.select ?? [])].filter(([key]) => layers.some((layer) => layer.name === key)),
      );
      const other: Dimension = { type: 'other', name, labels: sources.map((_, index) => index) };
      const block = await pickedLabels(cube, other, sources).read({ ...window, select }, signal);
      return { ...block, shape: blockShape(lengths, window) };
    },
  });
  return result;
}
