import type { Attributes } from './model';

const instant = /^[+-]?\d{4,6}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Milliseconds since 1970 of a label that is a date or a date and time (UTC where it has no zone); else undefined. */
export function instantOf(label: unknown): number | undefined {
  if (typeof label !== 'string') return undefined;
  const match = instant.exec(label);
  if (!match) return undefined;
  const text = label.length <= 10 || match[1] ? label : `${label.replace(' ', 'T')}Z`;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** Labels as CF times; undefined where one of them is no date. */
export function timeValues(
  labels: readonly unknown[],
): { readonly values: Float64Array; readonly attributes: Attributes } | undefined {
  const times = labels.map(instantOf);
  if (times.length === 0 || times.includes(undefined)) return undefined;
  return {
    values: Float64Array.from(times as number[], (time) => time / 1000),
    attributes: {
      standard_name: 'time',
      units: 'seconds since 1970-01-01 00:00:00',
      calendar: 'proleptic_gregorian',
    },
  };
}
