import { ProcessException } from '../../base/errors';
import { someAtOnce } from '../../base/some-at-once';
import type { Arguments } from '../../graph/types';
import { createKernel } from '../../kernel/evaluator';
import { type Kernel, scalarOf } from '../../kernel/operands';
import type { Planes } from '../../kernel/types';
import {
  type Block,
  type Cube,
  deriveCube,
  layerDimensions,
  type NumericArray,
  type Window,
} from '../../raster/cube';
import { blockShape, layerLengths, missingBlock, product, selectedIndices } from '../../raster/layers';
import { readPart } from '../../raster/memory/reads';
import { recycle, uncleared } from '../../raster/recycled';
import { addSingleLabel } from '../../raster/single-label';
import { kernel as normalizedDifference } from '../math/normalized_difference';
import { type BandsDimension, findBands } from './band-lookup';
import { computedType } from './callback-result-type';
import { fusedCube, type ValueCallback, withStep } from './cube-callbacks';
import { dimensionsOfType } from './cube-dimensions';
import { planMerge } from './merge-plan';
import { mergedCube } from './merged-cube';

function oneBand(
  dimension: BandsDimension,
  name: string,
  code: 'NirBandAmbiguous' | 'RedBandAmbiguous',
): number {
  const found = findBands(dimension, name);
  if (found.length === 1) return found[0];
  throw new ProcessException(
    code,
    `${found.length === 0 ? 'No band is' : 'Several bands are'} named "${name}"; there are ${dimension.labels.join(', ') || 'none'}.`,
  );
}

/** What values are kept in; bytes are never missing. */
const arrays = { float32: Float32Array, float64: Float64Array, uint8: Uint8Array } as const;

/** A step on values that have been rounded to float32, as those are that are kept. */
function ofSingles(kernel: Kernel): Kernel {
  return (args, build) => {
    const x = scalarOf(args.get('x'));
    return kernel(new Map([['x', { ...x, node: build.node('Math.fround($0)', 'number', [x.node]) }]]), build);
  };
}

/** Labels of the first other dimension, such as dates, that are read at one time. */
const labelsAtOnce = 4;

interface Target {
  readonly data: NumericArray;
  readonly valid?: Uint8Array;
}

/** (nir − red) / (nir + red) for each piece before the bands; near-infrared comes first. */
async function compute(
  callback: ValueCallback,
  block: Block,
  { before, after, bands }: { readonly before: number; readonly after: number; readonly bands: 1 | 2 },
  { data, valid }: Target,
  signal: AbortSignal,
): Promise<void> {
  const values = Array.isArray(block.data) ? Float64Array.from(block.data, asNumber) : block.data;
  const plane = (start: number): Planes => ({
    data: [values.subarray(start, start + after)],
    valid: [block.valid?.subarray(start, start + after)],
  });
  for (let piece = 0; piece < before; piece++) {
    const nirAt = piece * bands * after;
    const inputs = new Map([
      ['x', plane(nirAt)],
      ['y', plane(nirAt + (bands - 1) * after)],
    ]);
    const result = await callback.run(inputs, after, signal);
    data.set(result.data[0] as NumericArray, piece * after);
    const validity = result.valid?.[0];
    if (validity) valid?.set(validity, piece * after);
    else valid?.fill(1, piece * after, (piece + 1) * after);
    recycle(result.data[0]);
    recycle(validity);
  }
}

function asNumber(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}

function index(cube: Cube, dimension: BandsDimension, nir: number, red: number): Cube {
  const dataType = cube.dataType === 'text' ? 'float64' : computedType(cube.dataType);
  // Sums and differences of numbers of 16 bits are exact in float32, so that kernels may compute in it.
  const input = { kind: 'plane', dataType } as const;
  const inputs = new Map([
    ['x', input],
    ['y', input],
  ]);
  const { missing } = cube;
  const evaluator = createKernel(normalizedDifference, { inputs, missing });
  const callback: ValueCallback = {
    ...{ dataType, missing },
    run: async (planes, count, signal) => evaluator.run(planes, count, signal),
    followedBy: ({ kernel }) =>
      withStep(evaluator, { kernel: dataType === 'float32' ? ofSingles(kernel as Kernel) : kernel }),
  };
  const bands = nir === red ? [nir] : [nir, red];
  return fusedCube(callback, (each) => computedCube(cube, dimension, bands, each));
}

function computedCube(
  cube: Cube,
  dimension: BandsDimension,
  bands: readonly number[],
  callback: ValueCallback,
): Cube {
  const layers = layerDimensions(cube);
  const position = layers.findIndex((layer) => layer.name === dimension.name);
  const [other] = layers.filter((layer) => layer !== layers[position]);
  const result: Cube = deriveCube(cube, {
    dimensions: cube.dimensions.filter((each) => each.name !== dimension.name),
    dataType: callback.dataType,
    missing: callback.missing,
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const lengths = layerLengths(result, window);
      const shape = blockShape(lengths, window);
      const total = product(shape);
      if (total === 0) return missingBlock(result, window);
      const data = uncleared<NumericArray>(arrays[callback.dataType as keyof typeof arrays], total);
      const valid =
        callback.missing === 'mask' && callback.dataType !== 'uint8'
          ? uncleared(Uint8Array, total)
          : undefined;
      // Label by label, so that never more than a few dates of all bands are in memory.
      const labels: readonly (number | undefined)[] = other ? selectedIndices(other, window) : [undefined];
      const each = total / labels.length;
      const before = position > 1 ? product(lengths.slice(1, position)) : 1;
      await someAtOnce(labels.length, labelsAtOnce, signal, async (at, partSignal) => {
        const select = new Map(window.select).set(dimension.name, bands);
        if (other) select.set(other.name, [labels[at]!]);
        const [start, end] = [at * each, (at + 1) * each];
        await readPart(async () => {
          const block = await cube.read({ ...window, select }, partSignal);
          const axis = { before, after: each / before, bands: bands.length as 1 | 2 };
          const target = { data: data.subarray(start, end), valid: valid?.subarray(start, end) };
          await compute(callback, block, axis, target, partSignal);
          recycle(block.data);
          recycle(block.valid);
        });
      });
      return { grid: window.grid, shape, data, valid };
    },
  });
  return result;
}

export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  const target = args.target_band as string | null;
  const [dimension, ...others] = dimensionsOfType(cube, 'bands');
  if (!dimension || others.length > 0)
    throw new ProcessException(
      'DimensionAmbiguous',
      `The index needs one dimension of type "bands"; this cube has ${others.length + (dimension ? 1 : 0)}.`,
    );
  const nir = oneBand(dimension, args.nir as string, 'NirBandAmbiguous');
  const red = oneBand(dimension, args.red as string, 'RedBandAmbiguous');
  if (target !== null && dimension.labels.some((label) => String(label) === target))
    throw new ProcessException('BandExists', `There is a band "${target}" already; choose another name.`);
  const computed = index(cube, dimension, nir, red);
  if (target === null) return computed;
  const band: BandsDimension = {
    type: 'bands',
    name: dimension.name,
    labels: [target],
    bands: [{ name: target }],
  };
  return mergedCube(planMerge(cube, addSingleLabel(computed, band)));
}
