import { parseDateTime, toInstant } from './date-time';

/** Milliseconds since 1970 of a date (midnight in UTC) or date-time; NaN for anything else. */
export function instantOf(text: unknown): number {
  const date = parseDateTime(text);
  return date ? toInstant(date) : Number.NaN;
}
