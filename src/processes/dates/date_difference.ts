import type { Arguments } from '../../graph/types';
import { instantOf } from './instant';
import { shiftMonths } from './month-shift';
import { millisecondsPer, monthsPer } from './units';

export function run({ date1, date2, unit = 'second' }: Arguments): number | null {
  if ((date1 ?? null) === null || (date2 ?? null) === null) return null;
  const from = instantOf(date1);
  const to = instantOf(date2);
  const name = unit as string;
  if (!Object.hasOwn(monthsPer, name)) return (to - from) / millisecondsPer[name] || 0;
  // From the earlier date on, so that swapping the dates only changes the sign.
  const count = calendarUnits(Math.min(from, to), Math.max(from, to), monthsPer[name]);
  return to < from ? -count : count;
}

/** Whole units from one instant to another, and the part of the next one. */
function calendarUnits(from: number, to: number, months: number): number {
  const start = new Date(from);
  const clock = from - start.setUTCHours(0, 0, 0, 0);
  const day = start.getUTCDate();
  const after = (units: number) =>
    shiftMonths(start.getUTCFullYear(), start.getUTCMonth() + 1, day, units * months) + clock;
  const end = new Date(to);
  const distance =
    (end.getUTCFullYear() - start.getUTCFullYear()) * 12 + end.getUTCMonth() - start.getUTCMonth();
  let units = Math.floor(distance / months);
  if (after(units) > to) units--;
  const begin = after(units);
  return units + (to - begin) / (after(units + 1) - begin);
}
