import { createPace } from '../base/pace';
import { gridsEqual } from '../geo/grid';
import type { Grid } from '../geo/types';
import type { Plane } from './codecs/planes';
import type { Block, Cube, NumericArray } from './cube';
import type { Resampling } from './source';
import { createMapping } from './warp/mapping';
import { nearIndex } from './warp/near';
import { resamplePlane } from './warp/resample-plane';

/** Positions may be off by this part of a pixel. */
const tolerance = 0.001;

function isPlain(data: Block['data']): data is unknown[] {
  return Array.isArray(data);
}

/** Arrays that the resampling loops know; others become doubles. */
function asPlane(data: NumericArray): Plane {
  return data instanceof Float32Array ||
    data instanceof Float64Array ||
    data instanceof Uint8Array ||
    data instanceof Uint16Array ||
    data instanceof Int16Array
    ? data
    : Float64Array.from(data);
}

interface WarpOptions {
  readonly resampling: Resampling;
  readonly missing: Cube['missing'];
}

interface Warping {
  readonly result: Block;
  readonly count: number;
  /** Fills one layer of the result. */
  layer(index: number): void;
}

function prepare(block: Block, target: Grid, options: WarpOptions): Warping {
  const source = block.grid;
  if (!source) throw new TypeError('A block without a grid cannot be warped');
  if (gridsEqual(source, target)) return { result: { ...block, grid: target }, count: 0, layer: () => {} };
  const layers = block.shape.slice(0, -2);
  const count = layers.reduce((product, length) => product * length, 1);
  const shape = [...layers, target.height, target.width];
  const from = source.width * source.height;
  const to = target.width * target.height;
  const mapping = createMapping(target, source, tolerance);
  const geometry = { stride: source.width, x0: 0, y0: 0, width: source.width, height: source.height };
  const hasMask = options.missing === 'mask';
  const valid = hasMask ? new Uint8Array(count * to) : undefined;

  if (isPlain(block.data)) {
    const { data: texts } = block;
    const index = nearIndex(mapping, geometry);
    const data: unknown[] = new Array(count * to).fill(null);
    const layer = (number: number) => {
      for (let i = 0; i < to; i++) {
        if (index[i] < 0 || block.valid?.[number * from + index[i]] === 0) continue;
        data[number * to + i] = texts[number * from + index[i]];
        if (valid) valid[number * to + i] = 1;
      }
    };
    return { result: { grid: target, shape, data, ...(valid && { valid }) }, count, layer };
  }

  const input = asPlane(block.data);
  const isWide = input instanceof Float64Array;
  const data = isWide ? new Float64Array(count * to) : new Float32Array(count * to);
  data.fill(Number.NaN);
  const layer = (number: number) =>
    resamplePlane(
      options.resampling,
      mapping,
      {
        ...geometry,
        data: input.subarray(number * from, (number + 1) * from) as Plane,
        ...(block.valid && { valid: block.valid.subarray(number * from, (number + 1) * from) }),
      },
      { nodata: Number.NaN, isNan: !hasMask },
      {
        data: data.subarray(number * to, (number + 1) * to),
        ...(valid && { valid: valid.subarray(number * to, (number + 1) * to) }),
        width: target.width,
      },
    );
  return { result: { grid: target, shape, data, ...(valid && { valid }) }, count, layer };
}

/**
 * A block on another grid: every layer is resampled. Output pixels outside of the block are missing.
 * In the `nan` form NaN is what is missing, in the `mask` form what `valid` says.
 * @returns numbers as Float32Array where the input's fit in (else Float64Array); text stays text, taken by nearest pixel.
 */
export function warpBlock(block: Block, target: Grid, options: WarpOptions): Block {
  const { result, count, layer } = prepare(block, target, options);
  for (let index = 0; index < count; index++) layer(index);
  return result;
}

/** As {@link warpBlock}, with turns for others between the layers. @throws the signal's reason when it is aborted */
export async function warpBlockInTurns(
  block: Block,
  target: Grid,
  options: WarpOptions,
  signal: AbortSignal,
): Promise<Block> {
  const { result, count, layer } = prepare(block, target, options);
  const rest = createPace(signal);
  for (let index = 0; index < count; index++) {
    layer(index);
    await rest();
  }
  return result;
}
