import type { JobRecord } from '../store/records/jobs/types';

/** Only the last while tells how fast it goes now. */
const windowMs = 60_000;
const barWidth = 24;

/** How fast a number from 0 to 100 grows. */
export class ProgressRate {
  readonly #seen: { readonly percent: number; readonly atMs: number }[] = [];

  add(percent: number, atMs: number): void {
    const last = this.#seen[this.#seen.length - 1];
    // A job that was started anew begins anew.
    if (last && percent < last.percent) this.#seen.length = 0;
    this.#seen.push({ percent, atMs });
    while (this.#seen.length > 2 && this.#seen[0].atMs < atMs - windowMs) this.#seen.shift();
  }

  /** Percent per second; undefined as long as nothing has moved. */
  get perSecond(): number | undefined {
    const [first, last] = [this.#seen[0], this.#seen[this.#seen.length - 1]];
    if (!first || last.percent <= first.percent || last.atMs <= first.atMs) return undefined;
    return ((last.percent - first.percent) / (last.atMs - first.atMs)) * 1000;
  }

  /** Seconds until 100. */
  get remaining(): number | undefined {
    const last = this.#seen[this.#seen.length - 1];
    const { perSecond } = this;
    return perSecond === undefined ? undefined : (100 - last.percent) / perSecond;
  }
}

/** `1:02:03`, `2:03`. */
export function clockTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/**
 * One line: a bar, the number, the rate, what is left, and the message.
 * @param columns of the terminal; absent: no bar, for logs and pipes
 */
export function drawProgress(job: JobRecord, rate: ProgressRate, columns: number | undefined): string {
  const percent = `${job.progress.toFixed(1).padStart(5)} %`;
  const isMoving = job.status === 'running';
  const { perSecond, remaining } = rate;
  const speed =
    isMoving && perSecond !== undefined && remaining !== undefined
      ? [`${perSecond.toPrecision(2)} %/s`, `ETA ${clockTime(remaining)}`]
      : [];
  if (columns === undefined) {
    // Rows without news of their own have their status for a message.
    const message = job.message === job.status ? [] : [job.message];
    return [percent, job.status, ...speed, ...message].join('  ');
  }
  const filled = Math.round((job.progress / 100) * barWidth);
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}]`;
  return [bar, percent, ...speed, job.message].join('  ').slice(0, Math.max(20, columns - 1));
}
