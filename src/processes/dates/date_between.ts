import type { Arguments } from '../../graph/types';
import { instantOf } from './instant';

const timePattern = /^(\d\d):(\d\d):(\d\d)$/;

interface Moment {
  readonly isTime: boolean;
  readonly value: number;
}

/** Seconds of the day for times, milliseconds since 1970 for dates; NaN for what is neither. */
function momentOf(text: unknown): Moment {
  const match = typeof text === 'string' ? timePattern.exec(text) : null;
  if (!match) return { isTime: false, value: instantOf(text) };
  const [hour, minute, second] = match.slice(1).map(Number);
  return { isTime: true, value: (hour * 60 + minute) * 60 + second };
}

export function run({ x, min, max, exclude_max }: Arguments): boolean | null {
  if ((x ?? null) === null) return null;
  const [moment, low, high] = [x, min, max].map(momentOf);
  if (moment.isTime !== low.isTime || moment.isTime !== high.isTime) return false;
  const isBefore = exclude_max === true ? moment.value < high.value : moment.value <= high.value;
  // Swapped bounds leave nothing between them, also not the bounds.
  return low.value <= moment.value && isBefore;
}
