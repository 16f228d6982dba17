import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { v4 as uuid } from 'uuid';
import { printableUrl } from '../base/addresses';
import type { Logger } from '../base/logger';
import type { HttpClient } from '../base/net';
import type { JobRecord } from '../store/records/jobs/types';

export interface WebhookOptions {
  readonly http: HttpClient;
  readonly logger: Logger;
  readonly urls: readonly string[];
  /** Signs what is sent; without it nothing is signed. */
  readonly secret?: string;
  /** Before each further try. */
  readonly pausesMs?: readonly number[];
}

const usualPausesMs = [1000, 5000, 30_000, 120_000, 600_000];
const timeoutMs = 10_000;

/**
 * The value of `X-Tilegraph-Signature`: HMAC-SHA-256 of time and body. Receivers compare it, and refuse old times, so
 * that nobody can repeat what he overheard.
 */
export function webhookSignature(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

/** Tells other systems that a job has ended. */
export class Webhooks {
  readonly #closing = new AbortController();
  readonly #sending = new Set<Promise<void>>();

  constructor(private readonly options: WebhookOptions) {}

  /** Returns at once; failures are tried again, and told to the log. */
  tell(job: JobRecord): void {
    for (const url of this.options.urls) {
      const sending = this.#send(url, job).finally(() => this.#sending.delete(sending));
      this.#sending.add(sending);
    }
  }

  /** Ends what waits for its next try, and the client. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#sending);
    await this.options.http.close();
  }

  async #send(url: string, job: JobRecord): Promise<void> {
    const { logger, pausesMs = usualPausesMs } = this.options;
    const { signal } = this.#closing;
    const id = uuid();
    const body = JSON.stringify({
      ...{ id, event: `job.${job.status}`, job_id: job.id, job_type: job.type, status: job.status },
      ...{ created_by: job.ownerId, message: job.message, error: job.error?.message ?? null },
      completed_at: job.completedAt?.toISOString() ?? null,
    });
    for (let tries = 0; ; tries++) {
      const reason = await this.#try(url, id, body);
      if (reason === undefined) return;
      if (tries === pausesMs.length || signal.aborted) {
        logger.warning('A webhook could not be told about a job', {
          ...{ job: job.id, url: printableUrl(url), reason },
        });
        return;
      }
      await delay(pausesMs[tries], undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Why it failed; undefined: it did not. */
  async #try(url: string, id: string, body: string): Promise<string | undefined> {
    const { http, secret } = this.options;
    const timestamp = String(Math.floor(Date.now() / 1000));
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
        ...{ body, timeoutMs },
      });
      answer.on('error', () => {}).destroy();
      return status < 300 ? undefined : `it answers ${status}`;
    } catch (error) {
      return (error as Error).message;
    }
  }
}
