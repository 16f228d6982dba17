/** A day, or an instant in the way it was written. */
export interface DateTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly time?: TimeOfDay;
}

export interface TimeOfDay {
  /** Since midnight at that offset; leap seconds count as what follows them. */
  readonly milliseconds: number;
  /** Digits after the decimal point of the seconds, as they were written. */
  readonly fraction: string;
  /** "Z" or "+hh:mm", as it was written; empty for none, which means UTC. */
  readonly zone: string;
  /** What stands between date and time. */
  readonly separator: string;
  readonly isLeapSecond: boolean;
}

export const dayMs = 86_400_000;

const pattern = /^(\d{4})-(\d\d)-(\d\d)(?:([Tt ])(\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:?\d\d))?$/;

/** A date or date-time of RFC 3339; undefined for anything else. */
export function parseDateTime(text: unknown): DateTime | undefined {
  const match = typeof text === 'string' ? pattern.exec(text) : null;
  if (!match) return undefined;
  const [year, month, day] = match.slice(1, 4).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined;
  if (match[4] === undefined) return { year, month, day };
  const [hour, minute, second] = match.slice(5, 8).map(Number);
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const fraction = match[8] ?? '';
  const milliseconds = ((hour * 60 + minute) * 60 + second) * 1000 + Number(`0.${fraction}0`) * 1000;
  return {
    ...{ year, month, day },
    time: { milliseconds, fraction, zone: match[9] ?? '', separator: match[4], isLeapSecond: second === 60 },
  };
}

/** Milliseconds from the beginning of 1970 to midnight of a day; `month` may lie outside of 1 to 12. */
export function midnight(year: number, month: number, day: number): number {
  // Date.UTC takes years below 100 for those of the last century.
  return new Date(0).setUTCFullYear(year, month - 1, day);
}

/** How many days a month has. */
export function daysOf(year: number, month: number): number {
  return new Date(midnight(year, month + 1, 0)).getUTCDate();
}

/** Minutes that the clocks of a zone are ahead of UTC. */
function offsetMinutes(zone: string): number {
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (!match) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === '-' ? -minutes : minutes;
}

/** Milliseconds since 1970 in UTC. */
export function toInstant({ year, month, day, time }: DateTime): number {
  const start = midnight(year, month, day);
  return time ? start + time.milliseconds - offsetMinutes(time.zone) * 60_000 : start;
}
