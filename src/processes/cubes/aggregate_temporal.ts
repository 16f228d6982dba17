import { OpenEOError, ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { allIndices } from '../../raster/layers';
import { asCallback } from './cube-callbacks';
import { reduceGroups } from './label-groups';
import { instantsOf, temporalDimension } from './temporal-dimension';
import { parseTimeInterval, type TimeInterval } from './temporal-intervals';

const process = 'aggregate_temporal';

function invalidLabels(reason: string): OpenEOError {
  return new OpenEOError('ProcessParameterInvalid', { process, parameter: 'labels', reason });
}

/** The given labels, or the starts of the intervals. */
function labelsFor(
  intervals: readonly TimeInterval[],
  given: readonly (number | string)[],
): readonly (number | string)[] {
  if (given.length > 0) {
    if (given.length !== intervals.length)
      throw invalidLabels(`there are ${intervals.length} intervals, but ${given.length} labels`);
    return given;
  }
  if (new Set(intervals.map(({ key }) => key)).size < intervals.length)
    throw new ProcessException(
      'DistinctDimensionLabelsRequired',
      'Several intervals begin at the same time; give a label for each interval in "labels".',
    );
  return intervals.map(({ start }) => {
    if (start === null) throw invalidLabels('an interval without a start needs a label');
    return start;
  });
}

export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  const dimension = temporalDimension(cube, args.dimension as string | null);
  const intervals = (args.intervals as readonly unknown[]).map((value) => parseTimeInterval(value, process));
  const labels = labelsFor(intervals, args.labels as readonly (number | string)[]);
  instantsOf(dimension, process, 'data');
  const groups = intervals.map((interval, position) => ({
    label: labels[position],
    indices: allIndices(dimension.labels.length).filter((index) =>
      interval.contains(dimension.labels[index]),
    ),
  }));
  return reduceGroups(cube, dimension.name, groups, {
    callback: asCallback(args.reducer),
    context: args.context,
    process,
  });
}
