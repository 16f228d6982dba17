import { OpenEOError } from '../base/errors';

/** Microseconds since 1970 in UTC: what PostgreSQL keeps, as an integer that a number holds exactly. */
export type Microseconds = number;

const shape =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):?(\d\d))$/;

function refuse(text: unknown, reason: string): never {
  throw new OpenEOError('TileInvalid', { reason: `the time ${JSON.stringify(text)} ${reason}.` });
}

/**
 * Reads a date and time with a time zone (RFC 3339). Digits after the microseconds are cut.
 * @throws OpenEOError `TileInvalid`, above all where the zone is missing
 */
export function parseInstant(text: unknown): Microseconds {
  if (typeof text !== 'string') refuse(text, 'is not text');
  const match = shape.exec(text);
  if (!match)
    refuse(text, 'must be a date and time with a zone, such as 2024-05-01T12:00:00Z or …T14:00:00+02:00');
  const [, year, month, day, hour, minute, second, fraction = '', , sign, zoneHour = '0', zoneMinute = '0'] =
    match;
  const parts = [Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)];
  const date = new Date(Date.UTC(2000, 0, 1));
  date.setUTCFullYear(parts[0], parts[1], parts[2]);
  date.setUTCHours(parts[3], parts[4], parts[5]);
  const isReal =
    date.getUTCMonth() === parts[1] &&
    date.getUTCDate() === parts[2] &&
    date.getUTCHours() === parts[3] &&
    date.getUTCMinutes() === parts[4] &&
    date.getUTCSeconds() === parts[5];
  if (!isReal || Number(zoneHour) > 23 || Number(zoneMinute) > 59) refuse(text, 'does not exist');
  const offsetMs = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000 * (sign === '-' ? -1 : 1);
  const micros = (date.getTime() - offsetMs) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
  if (micros < 0 || !Number.isSafeInteger(micros)) refuse(text, 'is not between 1970 and 2255');
  return micros;
}

/** `2024-05-01T12:00:00.123456Z`: six decimals always. */
export function formatInstant(micros: Microseconds): string {
  const ms = Math.floor(micros / 1000);
  const rest = String(micros - ms * 1000).padStart(3, '0');
  return `${new Date(ms).toISOString().slice(0, -1)}${rest}Z`;
}
