import { OpenEOError } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { Cube } from '../../raster/cube';
import { aggregateLabels } from './aggregated-labels';
import { type Period, periodNumber, recurringLabel } from './calendar-periods';
import { instantsOf, onlyTemporalDimension } from './temporal-dimension';
import { meanOf } from './value-callbacks';

const process = 'climatological_normal';

type NormalPeriod = 'day' | 'month' | 'season' | 'tropical-season' | 'climatology-period';

const count = (length: number, digits: number) =>
  Array.from({ length }, (_, index) => String(index + 1).padStart(digits, '0'));

const labelsOf: Readonly<Record<NormalPeriod, readonly string[]>> = {
  day: count(365, 3),
  month: count(12, 2),
  season: ['djf', 'mam', 'jja', 'son'],
  'tropical-season': ['ndjfma', 'mjjaso'],
  'climatology-period': ['climatology-period'],
};

/** The months at the end of a year, from 0, that belong to the winter season of the next year. */
const earlyMonths = { season: [11], 'tropical-season': [10, 11] } as const;

function invalid(parameter: string, reason: string): OpenEOError {
  return new OpenEOError('ProcessParameterInvalid', { process, parameter, reason });
}

/**
 * Whether dates count: those of whole years do, and of seasons over the turn of a year those that end in one of
 * the years; the first one only where the data have all of its months before that year.
 */
function dateFilter(period: NormalPeriod, first: number, last: number, dates: readonly Date[]) {
  const isIn = (year: number) => year >= first && year <= last;
  if (period !== 'season' && period !== 'tropical-season') return (date: Date) => isIn(date.getUTCFullYear());
  const months: readonly number[] = earlyMonths[period];
  const isComplete = months.every((month) =>
    dates.some((date) => date.getUTCFullYear() === first - 1 && date.getUTCMonth() === month),
  );
  const winterEnd = period === 'season' ? 1 : 3;
  return (date: Date) => {
    const isEarly = months.includes(date.getUTCMonth());
    const year = date.getUTCFullYear() + (isEarly ? 1 : 0);
    const isWinter = isEarly || date.getUTCMonth() <= winterEnd;
    return isIn(year) && !(isWinter && year === first && !isComplete);
  };
}

export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  const period = args.period as NormalPeriod;
  const [first, last] = args.climatology_period as [number, number];
  if (first > last) throw invalid('climatology_period', `${first} is later than ${last}`);
  const dimension = onlyTemporalDimension(cube, process, 'data');
  const dates = instantsOf(dimension, process, 'data').map((instant) => new Date(instant));
  const years = dates.map((date) => date.getUTCFullYear());
  if (!(Math.min(...years, Infinity) <= first && Math.max(...years, -Infinity) >= last))
    throw invalid(
      'data',
      `its dates (${dimension.labels[0] ?? 'none'} to ${dimension.labels.at(-1) ?? 'none'}) do not span the years ${first} to ${last}`,
    );
  const counts = dateFilter(period, first, last, dates);
  const indices = new Map(labelsOf[period].map((label) => [label, [] as number[]]));
  dates.forEach((date, index) => {
    if (!counts(date)) return;
    const label =
      period === 'climatology-period'
        ? period
        : recurringLabel(period as Period, periodNumber(period as Period, date.getTime()));
    indices.get(label)?.push(index);
  });
  const reducer = meanOf(cube);
  const groups = [...indices].map(([label, group]) => ({ label, indices: group, reducer }));
  return aggregateLabels(cube, dimension.name, groups, process);
}
