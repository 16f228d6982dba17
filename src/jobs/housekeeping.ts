import type { Logger } from '../base/logger';
import type { ObjectInfo } from '../store/objects/types';
import type { JobRecord } from '../store/records/jobs/types';
import { type JobParts, type JobType, jobFolder } from './job-type';

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

/** Removes what has expired, and files that no job refers to. Any number of processes may do so at once. */
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
    const { parts, resultMs, logMs, logger } = this.options;
    const before = (ms: number) => new Date(Date.now() - ms);
    await parts.records.webhooks.expire();
    const swept = {
      results: resultMs > 0 ? await this.#expireResults(before(resultMs)) : 0,
      logs: logMs > 0 ? await parts.records.logs.removeBefore('job', before(logMs)) : 0,
      orphans: await this.#removeOrphans(before(this.options.orphanMs)),
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

  async #removeOrphans(before: Date): Promise<number> {
    const { objects } = this.options.parts;
    let count = 0;
    let after: string | undefined;
    // Files of one job follow each other.
    let current: { readonly id: string; readonly job: JobRecord | undefined } | undefined;
    do {
      const page = await objects.list('jobs/', { limit: pageSize, ...(after !== undefined && { after }) });
      for (const file of page.items) {
        if (file.modified > before || this.#isClosed) continue;
        const id = file.key.split('/')[1];
        if (current?.id !== id) current = { id, job: await this.options.parts.records.jobs.get(id) };
        if (isOrphan(file, current.job) && (await objects.remove(file.key))) count++;
      }
      after = page.next;
    } while (after !== undefined);
    return count;
  }
}

/** Files of jobs that are in line or at work belong to a run, now or soon. */
function isOrphan({ key }: ObjectInfo, job: JobRecord | undefined): boolean {
  if (!job) return true;
  if (job.status === 'queued' || job.status === 'running') return false;
  return !job.result?.assets.some((asset) => asset.key === key);
}
