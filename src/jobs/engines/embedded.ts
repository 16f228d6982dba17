import { v4 as uuid } from 'uuid';
import { OpenEOError } from '../../base/errors';
import type { JobRecord } from '../../store/records/jobs/types';
import { claimLimits, type EngineOptions, type JobEngine } from './engine';
import { Leases } from './leases';

/** Runs jobs in this process. Any number of processes may do so on one database: the rows are the line. */
export class EmbeddedEngine implements JobEngine {
  readonly #worker = uuid();
  readonly #leases: Leases;
  #timer: NodeJS.Timeout | undefined;
  #stopListening = () => {};
  #taking: Promise<void> | undefined;
  #isAskedAgain = false;
  /** Now and then leases that ended are looked for as well; most looks only take what is in line. */
  #isThorough = true;
  #isClosed = false;

  constructor(private readonly options: EngineOptions) {
    const { jobs, run, logger, settings } = options;
    this.#leases = new Leases({ jobs, worker: this.#worker, leaseMs: settings.leaseMs, run, logger });
  }

  get running(): number {
    return this.#leases.size;
  }

  async start(): Promise<void> {
    const { settings, onChange } = this.options;
    if (settings.concurrency === 0) return;
    this.#stopListening = onChange((topic) => {
      if (topic !== 'jobs') return;
      this.#leases.lookSoon();
      this.#take();
    });
    this.#timer = setInterval(() => {
      this.#isThorough = true;
      this.#take();
    }, settings.pollMs).unref();
    this.#take();
  }

  async enqueue(_job: JobRecord): Promise<void> {
    // The store tells about it.
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopListening();
    clearInterval(this.#timer);
    await this.#taking;
    await this.#leases.close();
  }

  /** Takes jobs until there is no room or no work; asked meanwhile, it looks once more afterwards. */
  #take(): void {
    if (this.#isClosed) return;
    this.#isAskedAgain = true;
    this.#taking ??= this.#takeAll().finally(() => {
      this.#taking = undefined;
      // Asked between the last look and now.
      if (this.#isAskedAgain && this.#room > 0) this.#take();
    });
  }

  get #room(): number {
    return this.options.settings.concurrency - this.#leases.size;
  }

  async #takeAll(): Promise<void> {
    const { jobs, logger } = this.options;
    try {
      while (this.#isAskedAgain && this.#room > 0 && !this.#isClosed) {
        this.#isAskedAgain = false;
        const isQuick = !this.#isThorough;
        this.#isThorough = false;
        const limits = claimLimits(this.options);
        const request = { worker: this.#worker, ...limits, isQuick, limit: this.#room };
        const taken = await jobs.claim(request);
        // Whatever ends makes room.
        for (const job of taken) void this.#leases.start(job).then(() => this.#take());
        this.#isAskedAgain ||= taken.length > 0;
      }
    } catch (error) {
      this.#isAskedAgain = false;
      if (!(error instanceof OpenEOError)) logger.error('The line of jobs cannot be read', { error });
    }
  }
}
