import { daysOf, midnight } from './date-time';

/** Midnight of a day so many months later; a day that the month does not have becomes its last one. */
export function shiftMonths(year: number, month: number, day: number, months: number): number {
  const total = year * 12 + (month - 1) + months;
  const newYear = Math.floor(total / 12);
  const newMonth = total - newYear * 12 + 1;
  return midnight(newYear, newMonth, Math.min(day, daysOf(newYear, newMonth)));
}
