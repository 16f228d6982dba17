import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import {
  type Block,
  type Cube,
  deriveCube,
  isHorizontal,
  layerDimensions,
  type Window,
} from '../../raster/cube';
import { joinVersions } from '../../raster/data-version';
import { forEachIndex, layerLengths, missingBlock, planeLength, product, strides } from '../../raster/layers';
import { isMissingAt, toMaskForm } from '../../raster/missing-values';
import { requireGrid } from './cube-dimensions';
import { uniteLabels } from './label-union';
import { missingWith, type Replacement, replaceValues, typeWith } from './replace-values';

/** @throws ProcessException `IncompatibleDataCubes` */
function checkCompatible(data: Cube, mask: Cube): void {
  const fail = (reason: string) =>
    new ProcessException('IncompatibleDataCubes', `The mask does not fit the data: ${reason}.`);
  for (const dimension of mask.dimensions) {
    const { name } = dimension;
    const own = data.dimensions.find((other) => other.name === name);
    if (!own) throw fail(`the data has no dimension "${name}"`);
    if (own.type !== dimension.type)
      throw fail(`"${name}" is ${own.type} there and ${dimension.type} in the mask`);
    if (isHorizontal(mask, dimension)) continue;
    const { first, second } = uniteLabels(own, dimension);
    if (first.includes(-1) || second.includes(-1)) throw fail(`the labels of "${name}" differ`);
  }
}

/** Whether a mask value masks: numbers that are not zero, and `true`; never what has no data. */
function truth(block: Block, missing: Cube['missing']): Uint8Array {
  const result = new Uint8Array(block.data.length);
  for (let i = 0; i < result.length; i++) {
    const value = block.data[i];
    const isTrue = typeof value === 'number' ? value !== 0 : value === true;
    result[i] = isTrue && !isMissingAt(block, missing, i) ? 1 : 0;
  }
  return result;
}

/** Both cubes are read on the window's grid; a dimension that the mask lacks repeats it. */
export function run(args: Arguments): Cube {
  const data = args.data as Cube;
  const mask = args.mask as Cube;
  const replacement = args.replacement as Replacement;
  requireGrid(data, 'mask', 'data');
  requireGrid(mask, 'mask', 'mask');
  checkCompatible(data, mask);
  const missing = missingWith(data.missing, replacement);
  const maskLayers = layerDimensions(mask);
  // The mask may have the labels of a dimension in another order.
  const orders = new Map(
    maskLayers.map((layer) => {
      const own = data.dimensions.find(({ name }) => name === layer.name)!;
      return [layer.name, uniteLabels(own, layer)] as const;
    }),
  );

  const result: Cube = deriveCube(data, {
    missing,
    dataType: typeWith(data.dataType, replacement),
    locality: data.locality === 'whole' || mask.locality === 'whole' ? 'whole' : 'local',
    dataVersion: joinVersions(data.dataVersion, mask.dataVersion),
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const lengths = layerLengths(data, window);
      const pixels = planeLength(window);
      if (product(lengths) * pixels === 0) return missingBlock(result, window);
      const select = new Map(
        maskLayers.map(({ name }) => {
          const union = orders.get(name)!;
          const own = data.dimensions.find((dimension) => dimension.name === name)!;
          const wanted = window.select?.get(name) ?? (own.labels ?? []).map((_, index) => index);
          return [name, wanted.map((index) => union.second[union.first.indexOf(index)])] as const;
        }),
      );
      const [block, maskBlock] = await Promise.all([
        data.read(window, signal),
        mask.read({ grid: window.grid, select }, signal),
      ]);
      const truths = truth(maskBlock, mask.missing);
      const masked = spread(
        truths,
        data,
        maskLayers.map(({ name }) => name),
        lengths,
        pixels,
      );
      if (!masked.includes(1)) return missing === data.missing ? block : toMaskForm(block, data.missing);
      const input = missing === data.missing ? block : toMaskForm(block, data.missing);
      return replaceValues(input, missing, replacement, masked);
    },
  });
  return result;
}

/** The mask for every plane of the data. */
function spread(
  truths: Uint8Array,
  data: Cube,
  maskNames: readonly string[],
  lengths: readonly number[],
  pixels: number,
): Uint8Array {
  if (truths.length === product(lengths) * pixels && maskNames.length === lengths.length) {
    const names = layerDimensions(data).map(({ name }) => name);
    if (names.every((name, index) => name === maskNames[index])) return truths;
  }
  const layers = layerDimensions(data);
  const steps = strides(maskNames.map((name) => lengths[layers.findIndex((layer) => layer.name === name)]));
  const stepOf = layers.map(({ name }) => (maskNames.includes(name) ? steps[maskNames.indexOf(name)] : 0));
  const masked = new Uint8Array(product(lengths) * pixels);
  let position = 0;
  forEachIndex(lengths, (index) => {
    const plane = index.reduce((sum, at, axis) => sum + at * stepOf[axis], 0);
    masked.set(truths.subarray(plane * pixels, (plane + 1) * pixels), position);
    position += pixels;
  });
  return masked;
}
