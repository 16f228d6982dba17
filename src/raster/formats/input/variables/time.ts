const units: Readonly<Record<string, number>> = {
  day: 86_400_000,
  d: 86_400_000,
  hour: 3_600_000,
  hr: 3_600_000,
  h: 3_600_000,
  minute: 60_000,
  min: 60_000,
  second: 1000,
  sec: 1000,
  s: 1000,
  millisecond: 1,
  microsecond: 1e-3,
  nanosecond: 1e-6,
};
/** Calendars that agree with ours since 1582. */
const calendars = new Set(['standard', 'gregorian', 'proleptic_gregorian']);

/**
 * Numbers as instants by their unit, such as `days since 1970-01-01` (CF 4.4).
 * @returns undefined for other units and calendars
 */
export function timesOf(
  labels: readonly (number | string)[],
  unit: string | undefined,
  calendar = 'standard',
): string[] | undefined {
  const [, name, date, clock = '00:00:00', zone = 'Z'] =
    /^\s*([a-z]+?)s?\s+since\s+(\d{1,4}-\d{1,2}-\d{1,2})(?:[T ]+(\d{1,2}(?::\d{1,2}(?::\d{1,2}(?:\.\d*)?)?)?))?\s*(Z|UTC|[+-]\d\d:?\d\d)?\s*$/i.exec(
      unit ?? '',
    ) ?? [];
  if (name === undefined || !calendars.has(calendar.toLowerCase())) return undefined;
  const length = Object.hasOwn(units, name.toLowerCase()) ? units[name.toLowerCase()] : undefined;
  const [year, month, day] = date.split('-').map(Number);
  const [hour, minute = 0, second = 0] = clock.split(':').map(Number);
  const start = new Date(0);
  start.setUTCFullYear(year, month - 1, day);
  start.setUTCHours(hour, minute, 0, second * 1000);
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  const shift = sign ? (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000) : 0;
  if (length === undefined) return undefined;
  const times = labels.map((label) => new Date(Math.round(start.getTime() - shift + Number(label) * length)));
  if (times.some((time) => Number.isNaN(time.getTime()))) return undefined;
  return times.map((time) => time.toISOString().replace('.000Z', 'Z'));
}
