import { v7 as uuid } from 'uuid';
import { OpenEOError } from '../base/errors';
import type { LogLevel } from '../base/logger';
import type { JobChange, JobFilter, JobRecord, JobResult, NewJob } from '../store/records/jobs/types';
import type { SubjectLogs } from '../store/records/subject-logs';
import type { LogRecord, Page, PageRequest, User } from '../store/records/types';
import type { JobEngine } from './engines/engine';
import { type JobParts, jobFolder } from './job-type';
import type { JobRunner } from './run-job';

/** The life of jobs. Every method that takes a user checks that this user may do it. */
export class JobManager {
  constructor(
    private readonly options: {
      readonly parts: JobParts;
      readonly runner: JobRunner;
      readonly engine: JobEngine;
      readonly logs: SubjectLogs;
      /** Hears that a job was canceled here. */
      readonly onEnd?: () => void;
    },
  ) {}

  list(user: User, filter: Omit<JobFilter, 'ownerId'>): Promise<Page<JobRecord>> {
    return this.#jobs.list({ ...filter, ownerId: user.id });
  }

  /** @throws OpenEOError `JobNotFound`, also for jobs of others, whose ids are nobody's business */
  async get(user: User, id: string): Promise<JobRecord> {
    const job = await this.#jobs.get(id);
    if (!job || !(job.ownerId === user.id || user.roles.includes('admin')))
      throw new OpenEOError('JobNotFound', { identifier: id });
    return job;
  }

  /** For callers whose right to it was checked already. @throws OpenEOError `JobNotFound` */
  async find(id: string): Promise<JobRecord> {
    const job = await this.#jobs.get(id);
    if (!job) throw new OpenEOError('JobNotFound', { identifier: id });
    return job;
  }

  /**
   * Makes a job that waits to be started; the same idempotency key leads to the same job.
   * @throws OpenEOError `RequestInvalid` for a payload that the type does not take
   */
  async create(
    user: User,
    job: Omit<NewJob, 'id' | 'ownerId'> & { readonly id?: string },
  ): Promise<JobRecord> {
    this.options.runner.check(job.type, job.payload ?? {});
    const made = await this.#jobs.create({ ...job, id: job.id ?? uuid(), ownerId: user.id });
    if (made.isNew) await this.#log(made.job, 'The job was created');
    return made.job;
  }

  /** @throws OpenEOError `JobNotFound`, `JobLocked` */
  async update(user: User, id: string, change: JobChange): Promise<void> {
    await this.get(user, id);
    if (!(await this.#jobs.update(id, change))) throw new OpenEOError('JobLocked');
  }

  /** Puts a job in line; does nothing for one that is there, or at work. @throws OpenEOError `JobNotFound`; as its type's `admit` */
  async start(user: User, id: string): Promise<JobRecord> {
    const before = await this.get(user, id);
    if (before.status === 'queued' || before.status === 'running') return before;
    const { parts, runner } = this.options;
    await runner.types.get(before.type)?.admit?.(before, parts);
    // Before anybody can take it, so that its log begins with this.
    await this.#log(before, 'The job was put in line');
    const job = await this.#jobs.queue(id);
    if (!job) return this.get(user, id);
    await this.options.engine.enqueue(job);
    if (before.run > 0) await this.#removeRuns(before);
    return job;
  }

  /** Ends a job that is in line or at work; does nothing for others. @throws OpenEOError `JobNotFound` */
  async cancel(user: User, id: string): Promise<void> {
    const before = await this.get(user, id);
    const job = await this.#jobs.cancel(id);
    if (!job) return;
    await this.#log(job, 'The job was canceled');
    this.options.onEnd?.();
    // Where it runs its runner tidies up; where nobody runs it nobody would.
    if (before.status === 'queued') await this.#discard(before, job.result);
  }

  /** With its results and logs; ends it where it runs. @throws OpenEOError `JobNotFound` */
  async remove(user: User, id: string): Promise<void> {
    const job = await this.get(user, id);
    // What is written after the job is gone would stay.
    await this.options.logs.flush();
    await this.#jobs.remove(id);
    await this.#discard(job);
  }

  /** @throws OpenEOError `JobNotFound` */
  async logs(
    user: User,
    id: string,
    filter: { readonly level?: LogLevel } & PageRequest,
  ): Promise<Page<LogRecord>> {
    await this.get(user, id);
    await this.options.logs.flush();
    return this.options.parts.records.logs.list(`job:${id}`, filter);
  }

  /** The last thing that went wrong. */
  async lastError(job: JobRecord): Promise<LogRecord | undefined> {
    await this.options.logs.flush();
    const { items } = await this.options.parts.records.logs.list(`job:${job.id}`, { level: 'error' });
    return items[items.length - 1];
  }

  get #jobs() {
    return this.options.parts.records.jobs;
  }

  #tell(job: JobRecord, message: string): void {
    this.options.logs.loggerFor('job', job.id, job.logLevel).info(message);
  }

  async #log(job: JobRecord, message: string): Promise<void> {
    this.#tell(job, message);
    await this.options.logs.flush();
  }

  /** Removes the files of a job's runs so far; the next one may be writing already. */
  async #removeRuns({ id, run }: JobRecord): Promise<void> {
    const { objects } = this.options.parts;
    for (const { key } of (await objects.list(jobFolder(id))).items)
      if (Number(key.slice(jobFolder(id).length).split('/')[0]) <= run) await objects.remove(key);
  }

  /** Removes what a job stored. @param kept results that stay; files beside them are swept later */
  async #discard(job: JobRecord, kept?: JobResult): Promise<void> {
    const { parts, runner } = this.options;
    const keys = new Set(kept?.assets.map(({ key }) => key));
    if (keys.size === 0) await parts.objects.removeAll(jobFolder(job.id));
    await runner.types.get(job.type)?.discard?.(job, parts, keys);
  }
}
