import { OpenEOError } from '../base/errors';
import type { JobRecord, JobStore } from '../store/records/jobs/types';

type Listener = (job: JobRecord | undefined) => void;

interface Watch {
  readonly listeners: Set<Listener>;
  readonly timer: NodeJS.Timeout;
  isLooking: boolean;
  /** What was told last, to tell changes only. */
  told?: string;
  last?: JobRecord;
}

/** Tells about changes of jobs, which any process may make. Each job is looked at once for all who watch it. */
export class JobWatcher {
  readonly #watches = new Map<string, Watch>();
  readonly #closing = new AbortController();

  constructor(
    private readonly jobs: Pick<JobStore, 'get'>,
    private readonly everyMs = 500,
  ) {}

  /** Fires when nobody can be told anything any more. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * Tells how a job is now, and whenever it changes; undefined once it is removed.
   * @returns the way to stop
   */
  watch(id: string, listener: Listener): () => void {
    let watch = this.#watches.get(id);
    if (!watch) {
      const timer = setInterval(() => void this.#look(id), this.everyMs).unref();
      watch = { listeners: new Set(), timer, isLooking: false };
      this.#watches.set(id, watch);
      void this.#look(id);
    } else if (watch.last) listener(watch.last);
    const entry: Listener = (job) => listener(job);
    watch.listeners.add(entry);
    return () => {
      watch.listeners.delete(entry);
      if (watch.listeners.size === 0 && this.#watches.get(id) === watch) this.#drop(id, watch);
    };
  }

  close(): void {
    this.#closing.abort();
    for (const [id, watch] of this.#watches) this.#drop(id, watch);
  }

  #drop(id: string, watch: Watch): void {
    clearInterval(watch.timer);
    this.#watches.delete(id);
  }

  async #look(id: string): Promise<void> {
    const watch = this.#watches.get(id);
    if (!watch || watch.isLooking) return;
    watch.isLooking = true;
    try {
      const job = await this.jobs.get(id);
      const state = job && JSON.stringify([job.status, job.progress, job.message, job.run, job.updatedAt]);
      if (job && state === watch.told) return;
      [watch.told, watch.last] = [state, job];
      for (const listener of [...watch.listeners]) listener(job);
    } catch (error) {
      // The database is away: the next look will tell.
      if (!(error instanceof OpenEOError)) throw error;
    } finally {
      watch.isLooking = false;
    }
  }
}
