import { dayMs } from './date-time';

/** Units of time whose length is always the same. */
export const millisecondsPer: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: dayMs,
  week: 7 * dayMs,
};

/** Units that are as long as the calendar has them. */
export const monthsPer: Readonly<Record<string, number>> = { month: 1, year: 12 };
