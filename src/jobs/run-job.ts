import { setTimeout as delay } from 'node:timers/promises';
import { Batches } from '../base/batches';
import { OpenEOError } from '../base/errors';
import { createSchemaCompiler, describeErrors, type ValidateFunction } from '../base/schema';
import { untilAborted } from '../base/until-aborted';
import type { JobError, JobRecord, JobResult } from '../store/records/jobs/types';
import type { SubjectLogs } from '../store/records/subject-logs';
import type { UserRecord } from '../store/records/types';
import { describeFailure, isOutOfRoom, isPassing, retryDelayMs } from './failure';
import { Interruption } from './interruption';
import { type JobContext, type JobParts, type JobType, jobFolder } from './job-type';
import { Reporter } from './report';

export interface JobRunnerOptions {
  readonly parts: JobParts;
  readonly types: readonly JobType[];
  readonly logs: SubjectLogs;
  /** How long a job waits for room in the storage before it tries again. */
  readonly pauseMs: number;
  /** Hears that a job completed or failed here. */
  onEnd?(): void;
}

/** How a run ended: `taken` and `stopped` are not this process's business any more. */
export type RunOutcome = 'completed' | 'failed' | 'postponed' | 'taken';

/** Runs leased jobs. Engines lease; what a type does and what its end means for the row is decided here. */
export class JobRunner {
  readonly types: ReadonlyMap<string, JobType>;
  readonly #checks = new Map<string, ValidateFunction>();
  /** Jobs begin in swarms, often of one owner. */
  readonly #owners = new Batches((ids: readonly string[]) => this.#findOwners(ids), 100);

  constructor(private readonly options: JobRunnerOptions) {
    this.types = new Map(options.types.map((type) => [type.id, type]));
    const compiler = createSchemaCompiler();
    for (const type of options.types) this.#checks.set(type.id, compiler.compile(type.payload));
  }

  /** @throws OpenEOError `RequestInvalid` for a payload that the type does not take */
  check(typeId: string, payload: unknown): void {
    const check = this.#checks.get(typeId);
    if (!check) throw new Error(`There is no job type ${typeId}`);
    if (!check(payload)) throw new OpenEOError('RequestInvalid', { reason: describeErrors(check.errors) });
  }

  /**
   * Runs a job to its end and writes that end to its row. Never throws.
   * @param interruption aborts the run; see {@link Interruption}
   */
  async run(job: JobRecord, interruption: AbortController): Promise<RunOutcome> {
    const { parts, logs } = this.options;
    const { jobs } = parts.records;
    const { signal } = interruption;
    const logger = logs.loggerFor('job', job.id, job.logLevel);
    const report = new Reporter(jobs, job, job.result?.assets ?? [], () =>
      interruption.abort(new Interruption('taken')),
    );
    const afterwards: (() => Promise<void>)[] = [];
    let metadata: Readonly<Record<string, unknown>> | undefined;
    try {
      metadata = await untilAborted(this.#work(job, report, afterwards, signal), signal);
      await report.flush();
      signal.throwIfAborted();
    } catch (error) {
      report.close();
      return await this.#fail(job, report, error, signal);
    }
    report.close();
    logger.info('The job is complete');
    await logs.flush();
    const result = { assets: report.assets, ...(metadata && { metadata }) };
    const isWritten = await this.#untilWritten(signal, () =>
      jobs.complete(job, { status: 'completed', message: 'completed', result, costs: 0 }),
    );
    await this.#tidy(job, isWritten, result);
    if (isWritten) for (const work of afterwards) await work().catch((error) => this.#left(job, error));
    if (isWritten) this.options.onEnd?.();
    return isWritten ? 'completed' : 'taken';
  }

  async #findOwners(ids: readonly string[]): Promise<(UserRecord | undefined)[]> {
    const { users } = this.options.parts.records;
    const owners = new Map<string, UserRecord | undefined>();
    await Promise.all([...new Set(ids)].map(async (id) => owners.set(id, await users.get(id))));
    return ids.map((id) => owners.get(id));
  }

  async #work(job: JobRecord, report: Reporter, afterwards: (() => Promise<void>)[], signal: AbortSignal) {
    const { parts, logs } = this.options;
    const type = this.types.get(job.type)!;
    const owner = await this.#owners.do(job.ownerId);
    if (!owner) throw new OpenEOError('JobNotFound', { identifier: job.id });
    const context: JobContext = {
      ...parts,
      ...{ job, signal },
      user: { id: owner.id, name: owner.name, email: owner.email, roles: owner.roles },
      logger: logs.loggerFor('job', job.id, job.logLevel),
      prefix: `${jobFolder(job.id)}${job.run}/`,
      progress: (percent, message) => report.progress(percent, message),
      addAsset: async (asset) => {
        await report.addAsset(asset);
        signal.throwIfAborted();
      },
      whenComplete: (work) => void afterwards.push(work),
    };
    this.check(job.type, job.payload);
    context.logger.info(job.attempts > 0 ? `Try ${job.attempts + 1}` : 'The job runs');
    return type.run(job.payload, context);
  }

  /** What an error or an interruption means for the row. */
  async #fail(job: JobRecord, report: Reporter, error: unknown, signal: AbortSignal): Promise<RunOutcome> {
    const { parts, logs, pauseMs } = this.options;
    const { jobs } = parts.records;
    const logger = logs.loggerFor('job', job.id, job.logLevel);
    const reason: unknown = signal.aborted ? signal.reason : undefined;
    if (reason instanceof Interruption) {
      if (reason.kind === 'taken') {
        await this.#tidy(job, false);
        return 'taken';
      }
      const outcome = { delayMs: 0, message: 'queued', isFailure: false };
      await jobs.postpone(job, outcome).catch(() => {});
      return 'postponed';
    }
    if (isOutOfRoom(error)) {
      const message = 'Paused: the storage is full. The job goes on when there is room.';
      logger.warning(message);
      await this.#untilWritten(signal, () =>
        jobs.postpone(job, { delayMs: pauseMs, message, isFailure: false }),
      );
      return 'postponed';
    }
    const delayMs = isPassing(error)
      ? retryDelayMs(this.types.get(job.type)!.retry, job.attempts)
      : undefined;
    if (delayMs !== undefined) {
      const message = `Trying again: ${(error as Error).message}`;
      logger.warning(message);
      await this.#untilWritten(signal, () => jobs.postpone(job, { delayMs, message, isFailure: true }));
      return 'postponed';
    }
    return this.#end(job, report, describeFailure(error, logger), signal);
  }

  async #end(job: JobRecord, report: Reporter, error: JobError, signal: AbortSignal): Promise<RunOutcome> {
    const { parts, logs } = this.options;
    const logger = logs.loggerFor('job', job.id, job.logLevel);
    logger.error(error.message, { code: error.code });
    await logs.flush();
    const { assets } = report;
    const isWritten = await this.#untilWritten(signal, () =>
      parts.records.jobs.complete(job, {
        ...{ status: 'failed', message: 'failed', error, costs: 0 },
        ...(assets.length > 0 && { result: { assets } }),
      }),
    );
    await this.#tidy(job, isWritten, { assets });
    if (isWritten) this.options.onEnd?.();
    return isWritten ? 'failed' : 'taken';
  }

  /** Says it to the row as soon as the database is there; false where the row is no longer this run's. */
  async #untilWritten(signal: AbortSignal, write: () => Promise<boolean>): Promise<boolean> {
    for (let pauseMs = 100; ; pauseMs = Math.min(2000, pauseMs * 2)) {
      try {
        return await write();
      } catch (error) {
        if (!(error instanceof OpenEOError)) throw error;
        if (signal.aborted) return false;
        await delay(pauseMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Removes files of the job that no row refers to. What cannot be removed now is swept later. */
  async #tidy(job: JobRecord, isOwn: boolean, result?: JobResult): Promise<void> {
    const { parts } = this.options;
    try {
      const now = isOwn ? { ...job, result } : await parts.records.jobs.get(job.id);
      const kept = new Set(now?.result?.assets.map(({ key }) => key));
      // A run that lost its job may only remove what it wrote itself.
      const folder = isOwn ? jobFolder(job.id) : `${jobFolder(job.id)}${job.run}/`;
      for (const { key } of (await parts.objects.list(folder)).items)
        if (!kept.has(key)) await parts.objects.remove(key);
      const isCanceled = now?.status === 'created' || now?.status === 'canceled';
      const isDiscarded = !isOwn && (!now || (isCanceled && now.run === job.run));
      if (isDiscarded) await this.types.get(job.type)?.discard?.(job, parts, kept);
    } catch (error) {
      this.#left(job, error);
    }
  }

  #left(job: JobRecord, error: unknown): void {
    this.options.logs.loggerFor('job', job.id, 'error').debug('Files of a job are left for later', { error });
  }
}
