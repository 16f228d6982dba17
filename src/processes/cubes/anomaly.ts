import { OpenEOError } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { renameDimension } from '../../raster/single-label';
import { type Period, periodNumber, recurringLabel, recurringPart } from './calendar-periods';
import { planMerge } from './merge-plan';
import { commonValues, mergedCube } from './merged-cube';
import { pickedLabels } from './picked-labels';
import { onlyTemporalDimension } from './temporal-dimension';
import { parseInstant } from './temporal-extent';
import { differenceOf } from './value-callbacks';
import { withoutRange } from './value-range';

const process = 'anomaly';

function invalid(parameter: string, reason: string): OpenEOError {
  return new OpenEOError('ProcessParameterInvalid', { process, parameter, reason });
}

/** What the normal for a label of the data is labelled. */
function normalLabel(label: number | string, period: Period): string | undefined {
  const part = recurringPart(period, String(label));
  if (part !== undefined) return part;
  const instant = parseInstant(label);
  return Number.isNaN(instant) ? undefined : recurringLabel(period, periodNumber(period, instant));
}

export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  const period = args.period as Period | 'climatology-period' | 'single-period';
  const dates = onlyTemporalDimension(cube, process, 'data');
  const given = args.normals as Cube;
  const isSingle = period === 'climatology-period' || period === 'single-period';
  const { name, labels } = onlyTemporalDimension(given, process, 'normals');
  if (isSingle && labels.length !== 1)
    throw invalid('normals', `it has ${labels.length} labels on "${name}"; one is needed for a ${period}`);
  const positions = new Map(labels.map((label, index) => [String(label), index]));
  const sources = dates.labels.map((label) => {
    if (isSingle) return 0;
    const wanted = normalLabel(label, period);
    if (wanted === undefined)
      throw invalid('data', `the label ${JSON.stringify(label)} is neither of a ${period} nor a date`);
    return positions.get(wanted) ?? -1;
  });
  if (sources.length > 0 && sources.every((source) => source < 0))
    throw invalid('normals', `none of its labels (${labels.join(', ')}) is for a ${period} of the data`);
  const normals = name === dates.name ? given : renameDimension(given, name, dates.name);
  const matched = pickedLabels(normals, dates, sources);
  const plan = planMerge(cube, matched);
  const isCovered = [...plan.unions.values()].every(({ labels: all, first, second }) =>
    all.every((_, index) => first[index] >= 0 && second[index] >= 0),
  );
  if (!isCovered || plan.dimensions.length !== cube.dimensions.length)
    throw invalid(
      'normals',
      'apart from the temporal dimension, its dimensions and labels have to be those of the data',
    );
  return mergedCube(
    { ...plan, dimensions: withoutRange(plan.dimensions) },
    differenceOf(commonValues(plan.first, plan.second)),
  );
}
