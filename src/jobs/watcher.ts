import { createHash } from 'node:crypto';
import { OpenEOError } from '../base/errors';
import type { JobRecord, JobStore } from '../store/records/jobs/types';

type Listener = (job: JobRecord | undefined) => void;

interface Watch {
  readonly listeners: Set<Listener>;
  /** Those of them who have not been told anything yet. */
  readonly newcomers: Set<Listener>;
  readonly timer: NodeJS.Timeout;
  isLooking: boolean;
  /** The state that was told last, to tell changes only. */
  told?: string;
}

/** Names what a job is like now: the same on every server, and another one after each change. */
export function stateId({ status, progress, message, run, updatedAt }: JobRecord): string {
  const state = JSON.stringify([status, progress, message, run, updatedAt]);
  return createHash('sha256').update(state).digest('base64url').slice(0, 16);
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
   * Tells how a job is now, as it is read after this call, and whenever it changes; undefined once it is removed.
   * @returns the way to stop
   */
  watch(id: string, listener: Listener): () => void {
    const watch = this.#watches.get(id) ?? this.#begin(id);
    const entry: Listener = (job) => listener(job);
    watch.listeners.add(entry);
    watch.newcomers.add(entry);
    void this.#look(id);
    return () => {
      watch.listeners.delete(entry);
      watch.newcomers.delete(entry);
      if (watch.listeners.size === 0 && this.#watches.get(id) === watch) this.#drop(id, watch);
    };
  }

  close(): void {
    this.#closing.abort();
    for (const [id, watch] of this.#watches) this.#drop(id, watch);
  }

  #begin(id: string): Watch {
    const timer = setInterval(() => void this.#look(id), this.everyMs).unref();
    const watch = { listeners: new Set<Listener>(), newcomers: new Set<Listener>(), timer, isLooking: false };
    this.#watches.set(id, watch);
    return watch;
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
      // Who comes while it is read is told what is read after that.
      do await this.#tell(id, watch);
      while (watch.newcomers.size > 0);
    } catch (error) {
      // The database is away: the next look will tell.
      if (!(error instanceof OpenEOError)) throw error;
    } finally {
      watch.isLooking = false;
    }
  }

  async #tell(id: string, watch: Watch): Promise<void> {
    const waiting = new Set(watch.newcomers);
    const job = await this.jobs.get(id);
    const state = job && stateId(job);
    const isNews = !job || state !== watch.told;
    watch.told = state;
    for (const listener of [...watch.listeners]) {
      // Who came meanwhile may know more than this.
      if (!waiting.has(listener) && (!isNews || watch.newcomers.has(listener))) continue;
      watch.newcomers.delete(listener);
      listener(job);
    }
  }
}
