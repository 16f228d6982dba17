/** An ISO 8601 duration. */
export interface Duration {
  readonly months: number;
  readonly milliseconds: number;
}

const pattern =
  /^(-?)P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)([DW]))?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

const hourMs = 3_600_000;

/** Reads `P1Y2M3DT4H5M6S`, `P1W` and the like; undefined for anything else. */
export function parseDuration(text: string): Duration | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const sign = match[1] === '-' ? -1 : 1;
  const number = (index: number) => Number(match[index] ?? 0);
  const days = number(4) * (match[5] === 'W' ? 7 : 1);
  return {
    months: sign * (number(2) * 12 + number(3)),
    milliseconds: sign * ((days * 24 + number(6)) * hourMs + number(7) * 60_000 + number(8) * 1000),
  };
}

/** The instant `times` durations later. Days that a month lacks become its last day. */
export function addDuration(instant: number, { months, milliseconds }: Duration, times = 1): number {
  if (months === 0) return instant + times * milliseconds;
  const date = new Date(instant);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + times * months + 1, 0);
  date.setUTCDate(Math.min(day, date.getUTCDate()));
  return date.getTime() + times * milliseconds;
}
