import { ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import { type Block, type Cube, deriveCube, layerDimensions, type Window } from '../../raster/cube';
import { blockShape, layerLengths, missingBlock, planeLength, product } from '../../raster/layers';
import { addSingleLabel } from '../../raster/single-label';
import { type BandsDimension, findBands } from './band-lookup';
import { computedType } from './callback-result-type';
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

/** (nir − red) / (nir + red) for each piece before the bands; near-infrared comes first. */
function compute(
  block: Block,
  before: number,
  after: number,
  bands: 1 | 2,
  target: Float32Array | Float64Array,
): Uint8Array | undefined {
  const values = block.data as Float64Array;
  const valid = block.valid && new Uint8Array(target.length);
  for (let piece = 0; piece < before; piece++) {
    const nirAt = piece * bands * after;
    const redAt = nirAt + (bands - 1) * after;
    const to = piece * after;
    for (let i = 0; i < after; i++) {
      const nir = values[nirAt + i];
      const red = values[redAt + i];
      target[to + i] = (nir - red) / (nir + red);
    }
    if (valid)
      for (let i = 0; i < after; i++) valid[to + i] = block.valid![nirAt + i] & block.valid![redAt + i];
  }
  return valid;
}

function index(cube: Cube, dimension: BandsDimension, nir: number, red: number): Cube {
  const layers = layerDimensions(cube);
  const position = layers.findIndex((layer) => layer.name === dimension.name);
  const dataType = computedType(cube.dataType);
  const result: Cube = deriveCube(cube, {
    dimensions: cube.dimensions.filter((other) => other.name !== dimension.name),
    dataType,
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const lengths = layerLengths(result, window);
      const before = product(lengths.slice(0, position));
      const after = product(lengths.slice(position)) * planeLength(window);
      if (before * after === 0) return missingBlock(result, window);
      const select = new Map(window.select).set(dimension.name, nir === red ? [nir] : [nir, red]);
      const block = await cube.read({ ...window, select }, signal);
      const data = new (dataType === 'float64' ? Float64Array : Float32Array)(before * after);
      const valid = compute(block, before, after, nir === red ? 1 : 2, data);
      return { grid: window.grid, shape: blockShape(lengths, window), data, valid };
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
