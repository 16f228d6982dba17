import { setTimeout as delay } from 'node:timers/promises';
import type { PgBoss } from 'pg-boss';
import { v4 as uuid } from 'uuid';
import { Batches } from '../../base/batches';
import type { Logger } from '../../base/logger';
import type { JobRecord } from '../../store/records/jobs/types';

/** Where pg-boss keeps its tables: beside ours, in the database of the records. */
const schema = 'tilegraph_pgboss';
const queue = 'jobs';
/** Jobs that failed for good, for operators to look at; theirs are the rows as well. */
const deadQueue = 'jobs-dead';
/** What a notification of ours is called: a word that something was sent. */
export const sentChannel = 'tilegraph_job_sent';
/** Deliveries that go to the database together. */
const mostAtOnce = 100;
/** pg-boss takes none below. */
const leastHeartbeatSeconds = 10;

/** A word that a job is in line; the row says everything else. */
export interface Delivery {
  readonly id: string;
  readonly data: { readonly id: string };
  readonly retryCount: number;
}

/** A delivery to be. */
interface Parcel extends Pick<JobRecord, 'id' | 'priority' | 'ownerId'> {
  /** In seconds from now, by the clock of the database. */
  readonly startAfter: number;
}

/** The queue of pg-boss: carries ids of jobs from those who start them to those who run them. */
export class Deliveries {
  #boss: PgBoss | undefined;
  #connecting: Promise<void> | undefined;
  readonly #closing = new AbortController();
  readonly #sends = new Batches((parcels: readonly Parcel[]) => this.#send(parcels), mostAtOnce);
  readonly #ends = new Batches((deliveries: readonly Delivery[]) => this.#end(deliveries), mostAtOnce);

  constructor(
    private readonly options: {
      readonly connectionString: string;
      readonly logger: Logger;
      readonly leaseMs: number;
      /** Whether this process takes deliveries, and looks after the queue therefore. */
      readonly isWorker: boolean;
    },
  ) {}

  /** Connects, now or as soon as the database is there; everything sent before is found by its row. */
  connect(): Promise<void> {
    const attempt = this.#open().catch((error: Error) => {
      this.options.logger.warning('The queue of jobs cannot be reached now; trying again', {
        reason: error.message,
      });
      this.#connecting = this.#untilOpen();
    });
    return attempt;
  }

  get isOpen(): boolean {
    return this.#boss !== undefined;
  }

  /** Puts a job into the queue, or changes its time where it is there already. */
  async send({ id, priority, ownerId }: JobRecord, afterMs = 0): Promise<void> {
    await this.#sends.do({ id, priority, ownerId, startAfter: afterMs / 1000 });
  }

  /** Takes up to so many deliveries, by priority and age; none of users who have no room. */
  async take(limit: number, fullUsers: readonly string[]): Promise<readonly Delivery[]> {
    const options = { batchSize: limit, ignoreGroups: [...fullUsers] };
    return (await this.#boss?.fetch<{ id: string }>(queue, options)) ?? [];
  }

  /** The work on it goes on: it is not to be delivered to others. */
  async touch(deliveries: readonly Delivery[]): Promise<void> {
    await this.#boss?.touch(queue, deliveries.map(attempt));
  }

  async done(delivery: Delivery): Promise<void> {
    await this.#ends.do(delivery);
  }

  /** To be delivered again, after a pause that grows. */
  async again(delivery: Delivery): Promise<void> {
    await this.#boss?.fail(queue, attempt(delivery));
  }

  async bury(job: JobRecord): Promise<void> {
    await this.#boss?.send(deadQueue, { id: job.id, error: job.error });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#connecting;
    await this.#boss?.stop({ graceful: false });
    this.#boss = undefined;
  }

  async #send(parcels: readonly Parcel[]): Promise<undefined[]> {
    const boss = this.#boss;
    if (!boss) return [];
    const sent = parcels.map(({ id, ownerId, priority, startAfter }) => {
      const options = { singletonKey: id, priority, startAfter, group: { id: ownerId } };
      return { id: uuid(), data: { id }, options };
    });
    const rows = sent.map(({ options, ...row }) => ({ ...row, ...options }));
    const inserted = new Set(await boss.insert(queue, rows, { returnId: true }));
    // Where one waits already, its time is changed.
    for (const { id, data, options } of sent) if (!inserted.has(id)) await boss.upsert(queue, data, options);
    if (parcels.some(({ startAfter }) => startAfter === 0))
      await boss.getDb().executeSql('select pg_notify($1, $2)', [sentChannel, '']);
    return [];
  }

  async #end(deliveries: readonly Delivery[]): Promise<undefined[]> {
    await this.#boss?.complete(queue, deliveries.map(attempt));
    return [];
  }

  async #untilOpen(): Promise<void> {
    const { signal } = this.#closing;
    for (let pauseMs = 200; !signal.aborted && !this.#boss; pauseMs = Math.min(5000, pauseMs * 2)) {
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => {});
      if (!signal.aborted) await this.#open().catch(() => {});
    }
  }

  async #open(): Promise<void> {
    const { connectionString, logger, leaseMs, isWorker } = this.options;
    // Loaded only where it is wanted: most processes do without.
    const { PgBoss } = await import('pg-boss');
    const boss = new PgBoss({
      ...{ connectionString, schema, application_name: 'tilegraph jobs', max: 4 },
      ...{ supervise: isWorker, schedule: false, monitorVacuum: false, reindex: false },
      connectionTimeoutMillis: 5000,
    });
    boss.on('error', (error) => logger.debug('The queue of jobs has a problem', { reason: error.message }));
    try {
      await boss.start();
      await boss.createQueue(deadQueue, { policy: 'standard', retryLimit: 0 });
      // One delivery waits per job, and any number may be at work: that of a worker that died is followed by another.
      await boss.createQueue(queue, {
        ...{ policy: 'short', deadLetter: deadQueue },
        ...{ retryLimit: 20, retryDelay: 1, retryBackoff: true, retryDelayMax: 300 },
        ...{ expireInSeconds: 23 * 3600, deleteAfterSeconds: 3600 },
        heartbeatSeconds: Math.max(leastHeartbeatSeconds, Math.ceil(leaseMs / 1000)),
      });
      this.#boss = boss;
    } catch (error) {
      await boss.stop({ graceful: false }).catch(() => {});
      throw error;
    }
  }
}

/** Only this attempt is settled: once it was given to another worker, nothing is changed. */
function attempt({ id, retryCount }: Delivery) {
  return { id, retryCount };
}
