import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';
import type { Logger } from '../../base/logger';
import { reasonOf } from './postgres-errors';

interface Subscription {
  readonly channel: string;
  onPayload(payload: string): void;
  onGap(): void;
}

/** How often the connection is asked whether it still lives: a silent one would go unnoticed otherwise. */
const heartbeatMs = 5000;

/** One connection that LISTENs for all subscriptions, made anew whenever it breaks. */
export class PostgresListener {
  readonly #subscriptions = new Set<Subscription>();
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #client: Client | undefined;

  constructor(
    readonly connectionString: string,
    readonly logger: Logger,
  ) {}

  add(subscription: Subscription): () => void {
    this.#subscriptions.add(subscription);
    if (!this.#running) this.#running = this.#run();
    // A connection that stands already must learn the new channel. Failing, it is made anew with all channels.
    else this.#listen(this.#client, subscription).catch(() => {});
    return () => {
      this.#subscriptions.delete(subscription);
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #listen(client: Client | undefined, subscription: Subscription): Promise<void> {
    if (!client) return;
    await client.query(`listen ${escapeIdentifier(subscription.channel)}`);
    if (this.#subscriptions.has(subscription)) subscription.onGap();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let pauseMs = 100; !signal.aborted; pauseMs = Math.min(2000, pauseMs * 2)) {
      try {
        await this.#session(() => {
          pauseMs = 50;
        });
      } catch (error) {
        if (!signal.aborted)
          this.logger.debug('Not listening for changes in PostgreSQL', { reason: reasonOf(error) });
      }
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** From connecting to the end of the connection, which is always an error or our own closing. */
  async #session(onConnected: () => void): Promise<void> {
    const client = new Client({
      connectionString: this.connectionString,
      connectionTimeoutMillis: 5000,
      query_timeout: 5000,
      keepAlive: true,
      application_name: 'tilegraph listener',
    });
    const over = new AbortController();
    const { signal } = over;
    client.on('error', (error) => over.abort(error));
    client.on('end', () => over.abort(new Error('The connection ended')));
    this.#closing.signal.addEventListener('abort', () => over.abort(), { once: true, signal });
    client.on('notification', ({ channel, payload }) => {
      for (const subscription of this.#subscriptions)
        if (subscription.channel === channel) subscription.onPayload(payload ?? '');
    });
    try {
      const aborted = once(signal, 'abort').then(() => signal.throwIfAborted());
      await Promise.race([client.connect(), aborted]);
      this.#client = client;
      for (const subscription of this.#subscriptions) await this.#listen(client, subscription);
      onConnected();
      for (;;) {
        await delay(heartbeatMs, undefined, { signal, ref: false });
        await client.query('select 1');
      }
    } finally {
      this.#client = undefined;
      over.abort();
      // A server that hangs does not answer a goodbye either.
      await Promise.race([client.end().catch(() => {}), delay(1000, undefined, { ref: false })]);
    }
  }
}
