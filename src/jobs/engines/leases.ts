import { OpenEOError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import type { JobRecord, JobStore } from '../../store/records/jobs/types';
import { Interruption } from '../interruption';
import type { RunJob } from './engine';

/** Soon after a word of a change: canceled work must end within two seconds, and words come in swarms. */
const lookMs = 100;

/** The jobs that run in this process: renews their leases, and ends those that are no longer its own. */
export class Leases {
  readonly #running = new Map<
    string,
    { readonly run: number; readonly interruption: AbortController; readonly done: Promise<unknown> }
  >();
  readonly #heartbeat: NodeJS.Timeout;
  #look: NodeJS.Timeout | undefined;

  constructor(
    private readonly parts: {
      readonly jobs: Pick<JobStore, 'renew'>;
      readonly worker: string;
      readonly leaseMs: number;
      readonly run: RunJob;
      readonly logger: Logger;
    },
  ) {
    this.#heartbeat = setInterval(() => void this.renew(), parts.leaseMs / 3);
    this.#heartbeat.unref();
  }

  get size(): number {
    return this.#running.size;
  }

  /** Runs a job that was leased just now. Resolves when it has ended, to what `run` said. */
  async start(job: JobRecord): Promise<unknown> {
    const interruption = new AbortController();
    // A lease of this process that ended without its noticing: the older run must not go on beside the new one.
    this.#running.get(job.id)?.interruption.abort(new Interruption('taken'));
    const entry = { run: job.run, interruption, done: this.parts.run(job, interruption) };
    this.#running.set(job.id, entry);
    try {
      return await entry.done;
    } catch (error) {
      this.parts.logger.error('The run of a job could not be ended in order', { job: job.id, error });
      return undefined;
    } finally {
      if (this.#running.get(job.id) === entry) this.#running.delete(job.id);
    }
  }

  /** Looks soon whether all leases are still held. */
  lookSoon(): void {
    if (this.#running.size > 0) this.#look ??= setTimeout(() => void this.renew(), lookMs).unref();
  }

  async renew(): Promise<void> {
    clearTimeout(this.#look);
    this.#look = undefined;
    if (this.#running.size === 0) return;
    const before = [...this.#running];
    try {
      const held = await this.parts.jobs.renew(this.parts.worker, this.parts.leaseMs);
      const runs = new Map(held.map(({ id, run }) => [id, run]));
      for (const [id, { run, interruption }] of before)
        if (runs.get(id) !== run) interruption.abort(new Interruption('taken'));
    } catch (error) {
      // The database is away: the work goes on, and whoever holds the lease then may write its end.
      if (!(error instanceof OpenEOError))
        this.parts.logger.error('Leases of jobs were not renewed', { error });
    }
  }

  /** Ends all runs, which go back to the line. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#look);
    const entries = [...this.#running.values()];
    for (const { interruption } of entries) interruption.abort(new Interruption('stopping'));
    await Promise.allSettled(entries.map(({ done }) => done));
  }
}
