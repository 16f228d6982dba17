import { OpenEOError, ProcessException } from '../../base/errors';
import { isWithin, parseInstant, parseInterval } from './temporal-extent';

/** An interval of time, as `aggregate_temporal` takes them. */
export interface TimeInterval {
  /** The start as it was given; `null` is open. */
  readonly start: string | null;
  /** Equal for starts at the same time. */
  readonly key: string;
  contains(label: unknown): boolean;
}

const dayMs = 86_400_000;

/** Milliseconds since midnight of a time without a date; undefined for anything else. */
function timeOfDay(value: unknown): number | undefined {
  const match = typeof value === 'string' ? /^(\d\d):(\d\d):(\d\d)$/.exec(value) : null;
  return match ? ((Number(match[1]) * 60 + Number(match[2])) * 60 + Number(match[3])) * 1000 : undefined;
}

/** The start belongs to an interval of times, the end does not; an end before the start is on the next day. */
function timesInterval(start: string | null, end: string | null): TimeInterval {
  const from = timeOfDay(start) ?? 0;
  const to = timeOfDay(end) ?? dayMs;
  if (from === to)
    throw new ProcessException('TemporalExtentEmpty', `The interval from ${start} to ${end} is empty.`);
  return {
    start,
    key: `time ${from}`,
    contains(label) {
      const time = ((parseInstant(label) % dayMs) + dayMs) % dayMs;
      return from < to ? time >= from && time < to : time >= from || time < to;
    },
  };
}

/** @throws ProcessException `TemporalExtentEmpty`; OpenEOError `ProcessParameterInvalid` */
export function parseTimeInterval(value: unknown, process: string): TimeInterval {
  const [start, end] = value as [string | null, string | null];
  const times = [start, end].filter((side) => side !== null).map((side) => timeOfDay(side) !== undefined);
  if (times.includes(true) && times.includes(false))
    throw new OpenEOError('ProcessParameterInvalid', {
      process,
      parameter: 'intervals',
      reason: `${start} and ${end} are a time and a date; an interval needs two of one kind`,
    });
  if (times.includes(true)) return timesInterval(start, end);
  const interval = parseInterval([start, end], process, 'intervals');
  return { start, key: `date ${interval.start}`, contains: (label) => isWithin(label, interval) };
}
