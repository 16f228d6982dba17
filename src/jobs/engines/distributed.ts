import { v4 as uuid } from 'uuid';
import { OpenEOError } from '../../base/errors';
import type { JobRecord } from '../../store/records/jobs/types';
import { PostgresListener } from '../../store/sql/postgres-listener';
import { Deliveries, type Delivery, sentChannel } from './deliveries';
import { claimLimits, type EngineOptions, type JobEngine } from './engine';
import { Leases } from './leases';

/** pg-boss wants to hear of running work at least this often. */
const touchMs = 4000;
/** A job that could not be taken, since its user or its type has no room, is offered again so much later. */
const noRoomMs = 1000;
/** Rows that have waited so long without anybody's taking them are sent once more: their word was lost. */
const overdueMs = 10_000;
const mostAtOnce = 16;
const mostOverdue = 500;

/**
 * Runs jobs of a queue that any number of machines share. pg-boss carries ids; what is done is decided by leases on the
 * rows, so that what is delivered twice is run once, and what is never delivered is found.
 */
export class DistributedEngine implements JobEngine {
  readonly #worker = uuid();
  readonly #leases: Leases;
  readonly #deliveries: Deliveries;
  readonly #listener: PostgresListener;
  readonly #held = new Set<Delivery>();
  /** Users who had no room when this worker looked last, and when to look again. */
  readonly #full = new Map<string, number>();
  readonly #timers: NodeJS.Timeout[] = [];
  #stopListening = () => {};
  #taking: Promise<void> | undefined;
  #isAskedAgain = false;
  #isClosed = false;

  constructor(
    private readonly options: EngineOptions & {
      readonly connectionString: string;
      readonly isWorker: boolean;
    },
  ) {
    const { jobs, run, logger, settings, connectionString, isWorker } = options;
    const { leaseMs } = settings;
    this.#leases = new Leases({ jobs, worker: this.#worker, leaseMs, run, logger });
    this.#deliveries = new Deliveries({ connectionString, logger, leaseMs, isWorker });
    this.#listener = new PostgresListener(connectionString, logger);
  }

  get running(): number {
    return this.#leases.size;
  }

  async start(): Promise<void> {
    const { settings, onChange, isWorker } = this.options;
    await this.#deliveries.connect();
    if (!isWorker || settings.concurrency === 0) return;
    this.#stopListening = onChange((topic) => {
      if (topic === 'jobs') this.#leases.lookSoon();
    });
    const take = () => this.#take();
    this.#listener.add({ channel: sentChannel, onPayload: take, onGap: take });
    const every = (ms: number, work: () => void) => void this.#timers.push(setInterval(work, ms).unref());
    every(settings.pollMs, take);
    every(settings.pollMs, () => void this.#quietly(() => this.#recover()));
    every(overdueMs / 2, () => void this.#quietly(() => this.#sendOverdue()));
    every(touchMs, () => void this.#quietly(() => this.#touch()));
    void this.#quietly(() => this.#sendOverdue());
    take();
  }

  async enqueue(job: JobRecord): Promise<void> {
    await this.#quietly(() => this.#deliveries.send(job));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopListening();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#taking;
    await this.#leases.close();
    await this.#quietly(() => this.#settleAll());
    await this.#listener.close();
    await this.#deliveries.close();
  }

  get #room(): number {
    return this.options.settings.concurrency - this.#leases.size;
  }

  #take(): void {
    if (this.#isClosed || !this.#deliveries.isOpen) return;
    this.#isAskedAgain = true;
    this.#taking ??= this.#quietly(() => this.#takeAll()).finally(() => {
      this.#taking = undefined;
      if (this.#isAskedAgain && this.#room > 0) this.#take();
    });
  }

  async #takeAll(): Promise<void> {
    while (this.#isAskedAgain && this.#room > 0 && !this.#isClosed) {
      this.#isAskedAgain = false;
      const deliveries = await this.#deliveries.take(Math.min(this.#room, mostAtOnce), this.#fullUsers());
      if (deliveries.length === 0) return;
      for (const delivery of deliveries) this.#held.add(delivery);
      await this.#claim(deliveries);
      this.#isAskedAgain = true;
    }
  }

  /** Leases what was delivered; what cannot be leased is settled at once. */
  async #claim(deliveries: readonly Delivery[]): Promise<void> {
    const { jobs } = this.options;
    const byJob = new Map(deliveries.map((delivery) => [delivery.data.id, delivery]));
    const ids = [...byJob.keys()];
    const request = {
      worker: this.#worker,
      ...claimLimits(this.options),
      limit: ids.length,
      ids,
      isQuick: true,
    };
    let taken: readonly JobRecord[];
    try {
      taken = await jobs.claim(request);
    } catch (error) {
      await Promise.allSettled(
        deliveries.map((delivery) => this.#settle(delivery, this.#deliveries.again(delivery))),
      );
      throw error;
    }
    for (const job of taken) {
      const delivery = byJob.get(job.id)!;
      byJob.delete(job.id);
      void this.#leases.start(job).then((outcome) => {
        this.#full.delete(job.ownerId);
        this.#take();
        void this.#quietly(() => (outcome === 'completed' ? this.#done(delivery) : this.#conclude(delivery)));
      });
    }
    await Promise.all([...byJob.values()].map((delivery) => this.#conclude(delivery)));
  }

  /** What becomes of a delivery, as the row says by now. */
  async #conclude(delivery: Delivery): Promise<void> {
    const job = await this.options.jobs.get(delivery.data.id);
    if (job?.status === 'queued') {
      // Both by the clock of the database: that of this machine may be wrong.
      const waitMs = (job.nextAt?.getTime() ?? 0) - job.updatedAt.getTime();
      if (waitMs <= 0) this.#full.set(job.ownerId, performance.now() + noRoomMs);
      await this.#deliveries.send(job, waitMs > 0 ? waitMs : this.#isClosed ? 0 : noRoomMs);
    } else if (job?.status === 'failed') await this.#deliveries.bury(job);
    await this.#done(delivery);
  }

  #done(delivery: Delivery): Promise<void> {
    return this.#settle(delivery, this.#deliveries.done(delivery));
  }

  #fullUsers(): readonly string[] {
    const now = performance.now();
    for (const [user, until] of this.#full) if (until < now) this.#full.delete(user);
    return [...this.#full.keys()];
  }

  async #settle(delivery: Delivery, settling: Promise<void>): Promise<void> {
    try {
      await settling;
    } finally {
      this.#held.delete(delivery);
    }
  }

  async #settleAll(): Promise<void> {
    await Promise.allSettled([...this.#held].map((delivery) => this.#conclude(delivery)));
  }

  async #touch(): Promise<void> {
    if (this.#held.size > 0) await this.#deliveries.touch([...this.#held]);
  }

  /** Sends again what workers left that died. */
  async #recover(): Promise<void> {
    const { jobs } = this.options;
    await this.#leases.renew();
    for (const id of await jobs.recover()) {
      const job = await jobs.get(id);
      if (job?.status === 'queued') await this.#deliveries.send(job);
    }
  }

  async #sendOverdue(): Promise<void> {
    for (const job of await this.options.jobs.overdue(overdueMs, mostOverdue))
      await this.#deliveries.send(job);
  }

  /** What fails for want of the database is made up for by the next look. */
  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { logger } = this.options;
      if (error instanceof OpenEOError) return;
      logger.warning('The queue of jobs cannot be used now', { reason: (error as Error).message });
    }
  }
}
