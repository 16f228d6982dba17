/** The periods of the calendar that `aggregate_temporal_period` and its kin know, in UTC. */
export type Period =
  | 'hour'
  | 'day'
  | 'week'
  | 'dekad'
  | 'month'
  | 'season'
  | 'tropical-season'
  | 'year'
  | 'decade'
  | 'decade-ad';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const seasons = ['djf', 'mam', 'jja', 'son'] as const;
const tropicalSeasons = ['ndjfma', 'mjjaso'] as const;

const pad = (value: number, digits: number) => String(value).padStart(digits, '0');

/** Months since January of the year 0. */
function monthsOf(date: Date): number {
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

function dayOfYear(date: Date): number {
  const start = new Date(date);
  start.setUTCMonth(0, 1);
  return Math.floor((date.getTime() - start.getTime()) / dayMs) + 1;
}

/** Which period an instant lies in, counted on: neighbours differ by one. */
export function periodNumber(period: Period, instant: number): number {
  const date = new Date(instant);
  switch (period) {
    case 'hour':
      return Math.floor(instant / hourMs);
    case 'day':
      return Math.floor(instant / dayMs);
    case 'week':
      // Weeks begin on Mondays; 1970 began on a Thursday.
      return Math.floor((Math.floor(instant / dayMs) + 3) / 7);
    case 'dekad':
      return monthsOf(date) * 3 + Math.min(2, Math.floor((date.getUTCDate() - 1) / 10));
    case 'month':
      return monthsOf(date);
    case 'season':
      return Math.floor((monthsOf(date) + 1) / 3);
    case 'tropical-season':
      return Math.floor((monthsOf(date) + 2) / 6);
    case 'year':
      return date.getUTCFullYear();
    case 'decade':
      return Math.floor(date.getUTCFullYear() / 10);
    case 'decade-ad':
      return Math.floor((date.getUTCFullYear() - 1) / 10);
  }
}

/** The year and the time of the year that a period's label is made of; years of several years have no second part. */
function labelParts(period: Period, number: number): [year: number, time?: string] {
  switch (period) {
    case 'hour':
    case 'day': {
      const date = new Date(number * dayMs);
      return [date.getUTCFullYear(), pad(dayOfYear(date), 3)];
    }
    case 'week': {
      // A week belongs to the year of its Thursday.
      const thursday = new Date(number * 7 * dayMs);
      return [thursday.getUTCFullYear(), pad(Math.floor((dayOfYear(thursday) - 1) / 7) + 1, 2)];
    }
    case 'dekad':
      return [Math.floor(number / 36), pad((number % 36) + 1, 2)];
    case 'month':
      return [Math.floor(number / 12), pad((number % 12) + 1, 2)];
    case 'season':
      return [Math.floor((number - 1) / 4), seasons[number % 4]];
    case 'tropical-season':
      return [Math.floor((number - 1) / 2), tropicalSeasons[number % 2]];
    case 'year':
      return [number];
    case 'decade':
      return [number * 10];
    case 'decade-ad':
      return [number * 10 + 1];
  }
}

/**
 * The label of a period, by its number: `2024-02-29-23` (hour), `2024-060` (day), `2024-09` (week, dekad, month),
 * `2023-djf` (seasons, in the year that they begin in), `2024` (years; decades by their first year).
 */
export function periodLabel(period: Period, number: number): string {
  if (period === 'hour') {
    const iso = new Date(number * hourMs).toISOString();
    return `${iso.slice(0, 10)}-${iso.slice(11, 13)}`;
  }
  const [year, time] = labelParts(period, number);
  return time === undefined ? pad(year, 4) : `${pad(year, 4)}-${time}`;
}

/** The part of a period's label that returns every day or year: `23`, `060`, `09`, `djf`; years stay whole. */
export function recurringLabel(period: Period, number: number): string {
  const label = periodLabel(period, number);
  if (period === 'year' || period === 'decade' || period === 'decade-ad') return label;
  return period === 'hour' ? label.slice(11) : label.slice(5);
}

/** The same of a label that {@link periodLabel} made; undefined for others. */
export function recurringPart(period: Period, label: string): string | undefined {
  const patterns: Record<Period, RegExp> = {
    hour: /^\d{4}-\d\d-\d\d-(\d\d)$/,
    day: /^\d{4}-(\d{3})$/,
    week: /^\d{4}-(\d\d)$/,
    dekad: /^\d{4}-(\d\d)$/,
    month: /^\d{4}-(\d\d)$/,
    season: /^\d{4}-(djf|mam|jja|son)$/,
    'tropical-season': /^\d{4}-(ndjfma|mjjaso)$/,
    year: /^(\d{4})$/,
    decade: /^(\d{3}0)$/,
    'decade-ad': /^(\d{3}1)$/,
  };
  return patterns[period].exec(label)?.[1];
}
