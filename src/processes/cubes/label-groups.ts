import type { Callback } from '../../graph/types';
import { type Cube, deriveCube } from '../../raster/cube';
import { aggregateLabels, type LabelGroup } from './aggregated-labels';
import { arrayInput, type PixelCallback, preparePixels } from './cube-callbacks';
import { requireDimension } from './cube-dimensions';
import { keepsRange, withoutRange } from './value-range';

/** Processes that see nothing of an array but its values: two arrays of one length are the same to them. */
const labelBlind = new Set(
  (
    'mean median min max sum product sd variance count first last quantiles extrema all any ' +
    'absolute add subtract multiply divide power sqrt ln log exp round floor ceil int clip linear_scale_range ' +
    'eq neq gt gte lt lte between and or not xor is_nodata is_nan is_valid is_infinite if constant'
  ).split(' '),
);

/** Whether a callback gives the same for arrays that differ in nothing but their labels. */
export function isLabelBlind({ plan }: Callback): boolean {
  return plan.nodes.every(
    ({ process, body, arguments: args }) =>
      !body &&
      labelBlind.has(process.id) &&
      [...args.values()].every((argument) => argument.kind !== 'callback'),
  );
}

/**
 * The cube with groups of labels of one dimension reduced by a callback, which gets the labels of its group.
 * @param groups positions on the dimension, for each new label.
 */
export function reduceGroups(
  cube: Cube,
  name: string,
  groups: readonly Pick<LabelGroup, 'label' | 'indices'>[],
  { callback, context, process }: { callback: Callback; context: unknown; process: string },
): Cube {
  const labels = requireDimension(cube, name).labels ?? [];
  const isBlind = isLabelBlind(callback);
  const known = new Map<number, PixelCallback>();
  const reducerOf = (indices: readonly number[]): PixelCallback => {
    const found = isBlind ? known.get(indices.length) : undefined;
    if (found) return found;
    const data = arrayInput(indices.map((index) => labels[index]));
    const reducer = preparePixels(callback, { data }, context, cube);
    known.set(indices.length, reducer);
    return reducer;
  };
  return aggregateLabels(
    keepsRange(callback) ? cube : deriveCube(cube, { dimensions: withoutRange(cube.dimensions) }),
    name,
    groups.map((group) => ({ ...group, reducer: reducerOf(group.indices) })),
    process,
  );
}
