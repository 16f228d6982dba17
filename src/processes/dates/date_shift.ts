import { OpenEOError } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import { type DateTime, midnight, parseDateTime, type TimeOfDay } from './date-time';
import { shiftMonths } from './month-shift';
import { millisecondsPer, monthsPer } from './units';

export function run(args: Arguments): string | null {
  const { date: text, value, unit } = args as { date: string | null; value: number; unit: string };
  if ((text ?? null) === null) return null;
  const date = parseDateTime(text);
  if (!date) throw invalid('date', 'it must be a date or a date-time with a time zone.');
  const { year, month, day } = date;
  // Whole milliseconds; what is finer than these stays in the digits that follow them.
  const clock = date.time ? Math.floor(date.time.milliseconds) - (date.time.isLeapSecond ? 1000 : 0) : 0;
  const shifted = Object.hasOwn(monthsPer, unit)
    ? shiftMonths(year, month, day, value * monthsPer[unit]) + clock
    : midnight(year, month, day) + clock + value * millisecondsPer[unit];
  const moved = new Date(shifted);
  if (
    Number.isNaN(shifted) ||
    Number.isNaN(moved.getTime()) ||
    moved.getUTCFullYear() < 0 ||
    moved.getUTCFullYear() > 9999
  )
    throw invalid('value', 'it leads out of the years 0000 to 9999.');
  return write(moved, date);
}

function invalid(parameter: string, reason: string): OpenEOError {
  return new OpenEOError('ProcessParameterInvalid', { process: 'date_shift', parameter, reason });
}

/** In the form of the original. */
function write(moved: Date, { time }: DateTime): string {
  const iso = moved.toISOString();
  if (!time) return iso.slice(0, 10);
  return `${iso.slice(0, 10)}${time.separator}${iso.slice(11, 19)}${fractionOf(moved, time)}${time.zone}`;
}

/** As many digits as there were; with the milliseconds where these are no longer what was written. */
function fractionOf(moved: Date, { fraction }: TimeOfDay): string {
  const milliseconds = String(moved.getUTCMilliseconds()).padStart(3, '0');
  if (fraction.length > 3) return `.${milliseconds}${fraction.slice(3)}`;
  const isExact = Number(milliseconds.slice(fraction.length)) === 0;
  const digits = isExact ? milliseconds.slice(0, fraction.length) : milliseconds;
  return digits === '' ? '' : `.${digits}`;
}
