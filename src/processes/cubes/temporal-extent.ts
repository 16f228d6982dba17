import { OpenEOError, ProcessException } from '../../base/errors';

/** Milliseconds since 1970; the infinities are open sides. The start belongs to it, the end does not. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** The months, from 1, that seasons begin with. */
const seasonStarts = new Map<string, number>([
  ['djf', 12],
  ['mam', 3],
  ['jja', 6],
  ['son', 9],
  ['ndjfma', 11],
  ['mjjaso', 5],
]);

/** The start of a period whose label is no date: an hour, a day of the year, a season in the year that it begins in. */
function periodStart(label: string): number {
  const hour = /^(\d{4}-\d\d-\d\d)-(\d\d)$/.exec(label);
  if (hour) return Date.parse(`${hour[1]}T${hour[2]}:00:00Z`);
  const [, year, part] = /^(\d{4})-(\d{3}|[a-z]+)$/.exec(label) ?? [];
  if (year === undefined) return Number.NaN;
  const month = seasonStarts.get(part);
  if (month !== undefined) return Date.parse(`${year}-${String(month).padStart(2, '0')}-01T00:00:00Z`);
  const start = new Date(`${year}-01-01T00:00:00Z`);
  start.setUTCDate(Number(part));
  return start.getUTCFullYear() === Number(year) ? start.getTime() : Number.NaN;
}

/**
 * The first instant that a label or an argument stands for: a date-time, date, month or year, or a period as
 * `aggregate_temporal_period` labels them, where it does not look like a month. NaN for anything else.
 * Leap seconds become the first instant of the next minute.
 */
export function parseInstant(label: unknown): number {
  if (typeof label !== 'string') return Number.NaN;
  const match =
    /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d:\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)?)?)?)?$/.exec(label);
  if (!match) return periodStart(label);
  const [, year, month = '01', day = '01', clock = '00:00', second = '00', fraction = '', zone = 'Z'] = match;
  if (second === '60') return Date.parse(`${year}-${month}-${day}T${clock}:59${zone}`) + 1000;
  const milliseconds = fraction.slice(0, 4);
  return Date.parse(`${year}-${month}-${day}T${clock}:${second}${milliseconds}${zone.toUpperCase()}`);
}

/**
 * An interval from its two boundaries, `null` being open.
 * @throws ProcessException `TemporalExtentEmpty`; OpenEOError `ProcessParameterInvalid`
 */
export function parseInterval(extent: readonly unknown[], process: string, parameter: string): Interval {
  const [start, end] = [extent[0] ?? null, extent[1] ?? null];
  const invalid = (reason: string) =>
    new OpenEOError('ProcessParameterInvalid', { process, parameter, reason });
  if (start === null && end === null) throw invalid('one of the boundaries must be given');
  const interval = {
    start: start === null ? Number.NEGATIVE_INFINITY : parseInstant(start),
    end: end === null ? Number.POSITIVE_INFINITY : parseInstant(end),
  };
  if (Number.isNaN(interval.start)) throw invalid(`${String(start)} is not a date`);
  if (Number.isNaN(interval.end)) throw invalid(`${String(end)} is not a date`);
  if (interval.end <= interval.start)
    throw new ProcessException(
      'TemporalExtentEmpty',
      `The end ${String(end)} of the temporal extent is not later than its start ${String(start)}.`,
    );
  return interval;
}

export function isWithin(label: unknown, { start, end }: Interval): boolean {
  const instant = parseInstant(label);
  return instant >= start && instant < end;
}
