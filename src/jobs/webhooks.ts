import { createHash, createHmac } from 'node:crypto';
import { printableUrl } from '../base/addresses';
import { OpenEOError } from '../base/errors';
import type { Logger } from '../base/logger';
import type { HttpClient } from '../base/net';
import type { RecordStore, WebhookDelivery } from '../store/records/types';

export interface WebhookOptions {
  readonly records: Pick<RecordStore, 'webhooks'>;
  readonly http: HttpClient;
  readonly logger: Logger;
  readonly urls: readonly string[];
  /** Signs what is sent; without it nothing is signed. */
  readonly secret?: string;
  /** Before each further try. */
  readonly pausesMs?: readonly number[];
  /** How often is looked for what other processes ended, and for what is to be tried again. */
  readonly pollMs?: number;
}

const usualPausesMs = [1000, 5000, 30_000, 120_000, 600_000];
const usualPollMs = 1000;
const timeoutMs = 10_000;
/** A process that took a delivery and has not said by then how it went has ended. */
const leaseMs = 3 * timeoutMs;
/** Tries of one receiver at once: one that hangs does not hold up others. */
const atOnce = 8;
/** How often the receivers are named anew. */
const registerMs = 60 * 60_000;

/**
 * The value of `X-Tilegraph-Signature`: HMAC-SHA-256 of time and body. Receivers compare it, and refuse old times, so
 * that nobody can repeat what he overheard.
 */
export function webhookSignature(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

interface Receiver {
  readonly url: string;
  /** Its name in the database: addresses may hold secrets. */
  readonly id: string;
  /** Tries under way. */
  busy: number;
  isLooking: boolean;
  isAskedAgain: boolean;
}

function createReceiver(url: string): Receiver {
  const id = createHash('sha256').update(url).digest('hex');
  return { url, id, busy: 0, isLooking: false, isAskedAgain: false };
}

/**
 * Tells other systems that jobs have ended. What is to be told is in the database from the moment that the job ends;
 * any process that knows the receiver tells it, at least once.
 */
export class Webhooks {
  readonly #closing = new AbortController();
  readonly #receivers: readonly Receiver[];
  readonly #working = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #registeredAt: number | undefined;

  constructor(private readonly options: WebhookOptions) {
    this.#receivers = [...new Set(options.urls)].map(createReceiver);
  }

  /** Begins to tell. Jobs that ended before the first start are nobody's news. */
  async start(): Promise<void> {
    await this.#quietly(() => this.#register());
    this.#timer = setInterval(() => this.look(), this.options.pollMs ?? usualPollMs).unref();
    this.look();
  }

  /** Looks for what is to be told. */
  look(): void {
    if (this.#closing.signal.aborted) return;
    if (this.#registeredAt === undefined || performance.now() - this.#registeredAt > registerMs)
      this.#do(() => this.#register());
    for (const receiver of this.#receivers) this.#lookFor(receiver);
  }

  /** Ends the client. What is under way is told again by others, or after the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#timer);
    await Promise.all(this.#working);
    await this.options.http.close();
  }

  #do(work: () => Promise<void>): void {
    const working = this.#quietly(work).finally(() => this.#working.delete(working));
    this.#working.add(working);
  }

  async #register(): Promise<void> {
    await this.options.records.webhooks.register(this.#receivers.map(({ id }) => id));
    this.#registeredAt = performance.now();
  }

  #lookFor(receiver: Receiver): void {
    receiver.isAskedAgain = true;
    if (receiver.isLooking) return;
    receiver.isLooking = true;
    this.#do(() =>
      this.#takeAll(receiver).finally(() => {
        receiver.isLooking = false;
      }),
    );
  }

  /** Takes what is due, as long as there is room. */
  async #takeAll(receiver: Receiver): Promise<void> {
    while (receiver.isAskedAgain && receiver.busy < atOnce && !this.#closing.signal.aborted) {
      receiver.isAskedAgain = false;
      const room = atOnce - receiver.busy;
      const taken = await this.options.records.webhooks.claim(receiver.id, room, leaseMs);
      for (const delivery of taken) {
        receiver.busy++;
        this.#do(() =>
          this.#tell(receiver.url, delivery).finally(() => {
            receiver.busy--;
            this.#lookFor(receiver);
          }),
        );
      }
    }
  }

  async #tell(url: string, delivery: WebhookDelivery): Promise<void> {
    const { records, logger, pausesMs = usualPausesMs } = this.options;
    const reason = await this.#try(url, delivery);
    const pauseMs = this.#closing.signal.aborted ? 0 : pausesMs[delivery.attempts - 1];
    if (reason !== undefined && pauseMs !== undefined) {
      await records.webhooks.postpone(delivery, pauseMs);
      return;
    }
    if (reason !== undefined)
      logger.warning('A webhook could not be told about a job', {
        ...{ job: delivery.jobId, url: printableUrl(url), reason },
      });
    await records.webhooks.remove(delivery.id);
  }

  /** Why it failed; undefined: it did not. */
  async #try(url: string, delivery: WebhookDelivery): Promise<string | undefined> {
    const { http, secret } = this.options;
    const { id, event, jobId, jobType, status, ownerId, message, error, endedAt } = delivery;
    const timestamp = String(Math.floor(Date.now() / 1000));
    const body = JSON.stringify({
      ...{ id, event, job_id: jobId, job_type: jobType, status, created_by: ownerId, message },
      error: error?.message ?? null,
      completed_at: endedAt.toISOString(),
    });
    try {
      const { status, body: answer } = await http.request(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-tilegraph-delivery': id,
          'x-tilegraph-timestamp': timestamp,
          ...(secret !== undefined && {
            'x-tilegraph-signature': webhookSignature(secret, timestamp, body),
          }),
        },
        ...{ body, timeoutMs, signal: this.#closing.signal },
      });
      answer.on('error', () => {}).destroy();
      return status < 300 ? undefined : `it answers ${status}`;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** With the database away there is nothing to tell; the next look makes up for it. */
  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof OpenEOError))
        this.options.logger.error('What webhooks are to be told cannot be read', { error });
    }
  }
}
