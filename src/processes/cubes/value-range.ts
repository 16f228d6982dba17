import type { Callback, PlanArgument } from '../../graph/types';
import type { Cube, Dimension } from '../../raster/cube';

/** Processes whose values lie between the least and the greatest of those that they are given. */
const keepers = new Set(
  'first last min max mean median quantiles extrema array_element sort rearrange array_filter'.split(' '),
);

/** Whether an argument is made of values that the callback is given, or of what it made of them. */
function isGiven(argument: PlanArgument | undefined): boolean {
  if (argument?.kind === 'array') return argument.items.every(isGiven);
  return argument?.kind === 'parameter' || argument?.kind === 'node';
}

/** Whether what a callback makes of values lies in their range, as far as its processes tell. */
export function keepsRange({ plan }: Callback): boolean {
  return plan.nodes.every(({ process, body, arguments: args }) => {
    return !body && keepers.has(process.id) && isGiven(args.get('data'));
  });
}

/** The dimensions without the range of their bands' values, for cubes of other values. */
export function withoutRange(dimensions: Cube['dimensions']): readonly Dimension[] {
  return dimensions.map((dimension) =>
    dimension.type === 'bands' && dimension.bands?.some(({ statistics }) => statistics !== undefined)
      ? { ...dimension, bands: dimension.bands.map((band) => ({ ...band, statistics: undefined })) }
      : dimension,
  );
}

/** The dimensions of what a callback makes. */
export function rangesAfter(dimensions: Cube['dimensions'], callback: Callback): readonly Dimension[] {
  return keepsRange(callback) ? dimensions : withoutRange(dimensions);
}

/** The dimensions, with the ranges that those of the same names have in what a process made. */
export function rangesLike(dimensions: Cube['dimensions'], made: Cube['dimensions']): readonly Dimension[] {
  return dimensions.map((dimension) => {
    const other = made.find(({ name }) => name === dimension.name);
    if (dimension.type !== 'bands' || other?.type !== 'bands') return dimension;
    const bands = dimension.bands?.map((band, index) => ({
      ...band,
      statistics: other.bands?.[index]?.statistics,
    }));
    return { ...dimension, bands };
  });
}
