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

/**
 * A block on another grid: every layer is resampled. Output pixels outside of the block are missing.
 * In the `nan` form NaN is what is missing, in the `mask` form what `valid` says.
 * @returns numbers as Float32Array where the input's fit in (else Float64Array); text stays text, taken by nearest pixel.
 */
export function warpBlock(
  block: Block,
  target: Grid,
  options: { readonly resampling: Resampling; readonly missing: Cube['missing'] },
): Block {
  const source = block.grid;
  if (!source) throw new TypeError('A block without a grid cannot be warped');
  if (gridsEqual(source, target)) return { ...block, grid: target };
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
    const index = nearIndex(mapping, geometry);
    const data: unknown[] = new Array(count * to).fill(null);
    for (let layer = 0; layer < count; layer++)
      for (let i = 0; i < to; i++) {
        if (index[i] < 0 || block.valid?.[layer * from + index[i]] === 0) continue;
        data[layer * to + i] = block.data[layer * from + index[i]];
        if (valid) valid[layer * to + i] = 1;
      }
    return { grid: target, shape, data, ...(valid && { valid }) };
  }

  const input = asPlane(block.data);
  const isWide = input instanceof Float64Array;
  const data = isWide ? new Float64Array(count * to) : new Float32Array(count * to);
  data.fill(Number.NaN);
  for (let layer = 0; layer < count; layer++)
    resamplePlane(
      options.resampling,
      mapping,
      {
        ...geometry,
        data: input.subarray(layer * from, (layer + 1) * from) as Plane,
        ...(block.valid && { valid: block.valid.subarray(layer * from, (layer + 1) * from) }),
      },
      { nodata: Number.NaN, isNan: !hasMask },
      {
        data: data.subarray(layer * to, (layer + 1) * to),
        ...(valid && { valid: valid.subarray(layer * to, (layer + 1) * to) }),
        width: target.width,
      },
    );
  return { grid: target, shape, data, ...(valid && { valid }) };
}
