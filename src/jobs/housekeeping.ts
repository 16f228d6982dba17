import type { Logger } from '../base/logger';
import { type JobParts, type JobType, jobFolder } from './job-type';
import { removeOrphans } from './orphans';

export interface HousekeepingOptions {
  readonly parts: JobParts;
  readonly types: ReadonlyMap<string, JobType>;
  readonly logger: Logger;
  /** How long results of jobs are kept after their end; 0: for ever. */
  readonly resultMs: number;
  /** How long entries of their logs are kept; 0: for ever. */
  readonly logMs: number;
  /** Files that nobody refers to are removed once they are so old: until then a run may be about to refer to them. */
  readonly orphanMs: number;
}

export interface Swept {
  readonly results: number;
  readonly logs: number;
  readonly orphans: number;
}

const everyMs = 60 * 60_000;
const pageSize = 500;

/** Removes what has expired, and files that nobody refers to. Any number of processes may do so at once. */
export class Housekeeping {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(private readonly options: HousekeepingOptions) {}

  /** Sweeps now and then; the first time soon, but not all processes at the same moment. */
  start(): void {
    const schedule = (afterMs: number) => {
      this.#timer = setTimeout(() => {
        this.#running = this.sweep()
          .catch((error) => this.options.logger.warning('The results of jobs were not swept', { error }))
          .finally(() => {
            if (!this.#isClosed) schedule(everyMs);
          });
      }, afterMs).unref();
    };
    schedule(60_000 + Math.random() * 120_000);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async sweep(): Promise<Swept> {
    const { parts, resultMs, logMs, orphanMs, logger } = this.options;
    const before = (ms: number) => new Date(Date.now() - ms);
    await parts.records.webhooks.expire();
    const swept = {
      results: resultMs > 0 ? await this.#expireResults(before(resultMs)) : 0,
      logs: logMs > 0 ? await parts.records.logs.removeBefore('job', before(logMs)) : 0,
      orphans: await removeOrphans({
        ...{ objects: parts.objects, records: parts.records, before: before(orphanMs) },
        failedBefore: resultMs > 0 ? before(resultMs) : undefined,
        isStopped: () => this.#isClosed,
      }),
    };
    if (swept.results + swept.logs + swept.orphans > 0) logger.info('Removed what jobs left', { ...swept });
    return swept;
  }

  async #expireResults(before: Date): Promise<number> {
    const { parts, types } = this.options;
    let count = 0;
    while (!this.#isClosed) {
      const jobs = await parts.records.jobs.endedBefore(before, pageSize);
      const countBefore = count;
      for (const job of jobs) {
        // First the row: a file that is gone before would be a dead link.
        if (!(await parts.records.jobs.forgetResult(job.id))) continue;
        await parts.objects.removeAll(jobFolder(job.id));
        await types.get(job.type)?.discard?.(job, parts);
        count++;
      }
      if (jobs.length < pageSize || count === countBefore) break;
    }
    return count;
  }
}
