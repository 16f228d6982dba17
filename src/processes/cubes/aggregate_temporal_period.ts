import { OpenEOError } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { type Period, periodLabel, periodNumber } from './calendar-periods';
import { asCallback } from './cube-callbacks';
import { reduceGroups } from './label-groups';
import { instantsOf, temporalDimension } from './temporal-dimension';

/** More periods than any reader could want; every one is a layer. */
const maxPeriods = 1_000_000;

export function run(args: Arguments): Cube {
  const process = 'aggregate_temporal_period';
  const cube = args.data as Cube;
  const period = args.period as Period;
  const dimension = temporalDimension(cube, args.dimension as string | null);
  const numbers = instantsOf(dimension, process, 'data').map((instant) => periodNumber(period, instant));
  const first = numbers.reduce((least, number) => Math.min(least, number), Infinity);
  const last = numbers.reduce((most, number) => Math.max(most, number), -Infinity);
  const count = numbers.length === 0 ? 0 : last - first + 1;
  if (count > maxPeriods)
    throw new OpenEOError('ProcessGraphComplexity', {
      reason: `the dates span ${count} periods of one ${period}, more than ${maxPeriods}`,
    });
  const groups = Array.from({ length: count }, (_, offset) => ({
    label: periodLabel(period, first + offset),
    indices: [] as number[],
  }));
  for (const [index, number] of numbers.entries()) groups[number - first].indices.push(index);
  return reduceGroups(cube, dimension.name, groups, {
    callback: asCallback(args.reducer),
    context: args.context,
    process,
  });
}
