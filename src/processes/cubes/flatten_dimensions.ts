import { ProcessException } from '../../base/errors';
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
import { refuseManyLabels } from '../../raster/labelled-view';
import {
  allIndices,
  blockShape,
  labelCount,
  layerLengths,
  missingBlock,
  planeLength,
  product,
} from '../../raster/layers';
import { pickAlong, transposeLayers } from '../../raster/transpose';
import { requireDimension, withLabelsOn } from './cube-dimensions';

/** Labels that the new dimension may have. */
const maxLabels = 10_000_000;

/** The new dimension stands where the first of the combined ones stood; its last part changes fastest. */
export function run(args: Arguments): Cube {
  const names = args.dimensions as readonly string[];
  const target = args.target_dimension as string;
  const separator = args.label_separator as string;
  for (const name of names) requireDimension(args.data as Cube, name);
  const cube = names.reduce(withLabelsOn, args.data as Cube);
  if (cube.dimensions.some(({ name }) => name === target))
    throw new ProcessException('TargetDimensionExists', `The cube has a dimension "${target}" already.`);
  const combined = names.map((name) => requireDimension(cube, name));
  refuseManyLabels(product(combined.map(labelCount)), maxLabels, target);
  const labels = combined.reduce<string[]>((before, dimension, index) => {
    const own = labelNames(dimension).map(String);
    return index === 0 ? own : before.flatMap((start) => own.map((label) => `${start}${separator}${label}`));
  }, []);
  const flat: Dimension = { type: 'other', name: target, labels };
  const first = cube.dimensions.findIndex(({ name }) => names.includes(name));
  const at = first < 0 ? cube.dimensions.length : first;
  const rest = cube.dimensions.filter(({ name }) => !names.includes(name));
  const layers = layerDimensions(cube);

  const result: Cube = deriveCube(cube, {
    dimensions: [...rest.slice(0, at), flat, ...rest.slice(at)],
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const lengths = layerLengths(result, window);
      if (product(blockShape(lengths, window)) === 0) return missingBlock(result, window);
      const select = new Map(window.select);
      select.delete(target);
      const wanted = window.select?.get(target) ?? allIndices(labels.length);
      // Of each combined dimension only the labels that occur in what is wanted are read.
      const counts = combined.map(labelCount);
      const partsOf = (index: number): number[] => {
        const parts = new Array<number>(counts.length);
        for (let axis = counts.length - 1, left = index; axis >= 0; axis--) {
          parts[axis] = left % counts[axis];
          left = Math.floor(left / counts[axis]);
        }
        return parts;
      };
      const wantedParts = wanted.map(partsOf);
      const reads = counts.map((_, axis) =>
        [...new Set(wantedParts.map((parts) => parts[axis]))].sort((a, b) => a - b),
      );
      names.forEach((name, axis) => {
        select.set(name, reads[axis]);
      });
      const block = await cube.read({ ...window, select }, signal);
      const pixels = planeLength(window);
      const own = layers.map((layer) => select.get(layer.name)?.length ?? labelCount(layer));
      const places = (name: string) => layers.findIndex((layer) => layer.name === name);
      const order = layerDimensions(result).flatMap(({ name }) =>
        name === target ? names.map(places) : [places(name)],
      );
      const moved = transposeLayers(block, own, order, pixels);
      const position = layerDimensions(result).findIndex(({ name }) => name === target);
      const found = wantedParts.map((parts) =>
        parts.reduce((sum, part, axis) => sum * reads[axis].length + reads[axis].indexOf(part), 0),
      );
      const picked = pickAlong(
        moved,
        product(lengths.slice(0, position)),
        product(reads.map(({ length }) => length)),
        product(lengths.slice(position + 1)) * pixels,
        found,
      );
      return {
        grid: window.grid,
        shape: blockShape(lengths, window),
        data: picked.data,
        valid: picked.valid,
      };
    },
  });
  return result;
}
