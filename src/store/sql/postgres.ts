import { setTimeout as delay } from 'node:timers/promises';
import { Pool, type PoolClient } from 'pg';
import { SetupError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { type Migrations, UnusableDatabaseError } from './migrations';
import { isConnectionError, isRepeatable, reasonOf, translatePostgresError } from './postgres-errors';
import { PostgresListener } from './postgres-listener';
import { migratePostgres } from './postgres-migrate';
import type { PgQuery, PgResult, PgSession, PostgresSql } from './types';
import { isStoreUnavailable, storeUnavailable } from './unavailable';

type Row = Record<string, unknown>;

/** Settings of the server (as in `SET name = value`) for all statements of a store. */
export type PostgresSettings = Readonly<Record<string, string>>;

/** How often a transaction is run again after a deadlock or a serialization failure. */
const maxRepetitions = 10;

/**
 * Opens and migrates a PostgreSQL database. With the server away it resolves all the same: see openSql.
 * @throws Error for refused credentials, a missing database, missing rights; UnusableDatabaseError.
 */
export async function openPostgres(
  connectionString: string,
  migrations: Migrations,
  logger: Logger,
  settings: PostgresSettings = {},
): Promise<PostgresSql> {
  const sql = new OpenPostgres(connectionString, migrations, logger, settings);
  try {
    await sql.start();
  } catch (error) {
    await sql.close();
    if (error instanceof UnusableDatabaseError) throw error;
    throw new SetupError(`The ${migrations.set} database cannot be used: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  return sql;
}

/** One statement. Only pg's own errors are translated: what else goes wrong around it is not the database's doing. */
async function runOn<Row extends object>(client: PoolClient, query: PgQuery): Promise<PgResult<Row>> {
  try {
    const { name, text, values, timeoutMs } = query;
    // pg copies the values before it changes them, so a readonly array is safe with it.
    const config = { name, text, values: values as unknown[] | undefined, query_timeout: timeoutMs };
    const result = await client.query<Row>(config);
    return { rows: result.rows, rowCount: result.rowCount ?? 0 };
  } catch (error) {
    throw translatePostgresError(error);
  }
}

/** BEGIN, the work, COMMIT; ROLLBACK where any of them throws. */
async function transact<T>(client: PoolClient, work: (session: PgSession) => Promise<T>): Promise<T> {
  const session: PgSession = {
    query: <Row extends object>(query: PgQuery) => runOn<Row>(client, query),
  };
  return withinTransaction(client, async () => {
    await session.query({ text: 'begin' });
    return work(session);
  });
}

async function withinTransaction<T>(client: PoolClient, beginAndWork: () => Promise<T>): Promise<T> {
  try {
    const result = await beginAndWork();
    await runOn(client, { text: 'commit' });
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/**
 * The same for statements that are known beforehand, which pg writes one after the other without waiting. COMMIT waits
 * for all of them: a statement that failed before it was sent would be missing otherwise.
 */
function transactTogether(client: PoolClient, queries: readonly PgQuery[]): Promise<PgResult<Row>[]> {
  return withinTransaction(client, async () => {
    const answers = [{ text: 'begin' }, ...queries].map((query) => runOn<Row>(client, query));
    // The first failure is the reason of the others.
    const outcomes = await Promise.allSettled(answers);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return Promise.all(answers.slice(1));
  });
}

class OpenPostgres implements PostgresSql {
  readonly dialect = 'postgres';
  readonly #pool: Pool;
  readonly #listener: PostgresListener;
  readonly #closing = new AbortController();
  #isReady = false;
  #recovery: Promise<void> | undefined;

  constructor(
    readonly connectionString: string,
    readonly migrations: Migrations,
    readonly logger: Logger,
    settings: PostgresSettings,
  ) {
    this.#pool = new Pool({
      connectionString,
      max: 10,
      connectionTimeoutMillis: 5000,
      query_timeout: 30_000,
      keepAlive: true,
      // Statements on one connection are sent without waiting for the answers of those before them.
      pipeline: true,
      application_name: 'tilegraph',
      // The pool waits for what this returns; a failure counts as one to connect.
      onConnect: async (client) => {
        for (const [name, value] of Object.entries(settings))
          await client.query('select set_config($1, $2, false)', [name, value]);
      },
    });
    // The pool listens to idle connections only; one that breaks in use would end the process.
    this.#pool.on('connect', (client) => client.on('error', () => {}));
    // An idle connection that breaks is no error of anybody's; it tells that the server may be gone.
    this.#pool.on('error', () => this.#recover());
    this.#listener = new PostgresListener(connectionString, logger);
  }

  /** The first attempt: fails where trying again cannot help. */
  async start(): Promise<void> {
    try {
      await migratePostgres(this.connectionString, this.migrations);
      this.#isReady = true;
    } catch (error) {
      if (error instanceof UnusableDatabaseError || !isConnectionError(error)) throw error;
      this.#lose(error);
      this.#recover();
    }
  }

  async query<Row extends object>(query: PgQuery): Promise<PgResult<Row>> {
    return this.#repeatedly((client) => runOn<Row>(client, query));
  }

  transaction<T>(work: (session: PgSession) => Promise<T>): Promise<T> {
    return this.#repeatedly((client) => transact(client, work));
  }

  batch(queries: readonly PgQuery[]): Promise<PgResult<Row>[]> {
    return this.#repeatedly((client) => transactTogether(client, queries));
  }

  /** Once more where others got in its way: then it has changed nothing, be it one statement or a transaction. */
  async #repeatedly<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    for (let repetition = 0; ; repetition++) {
      try {
        return await this.#withClient(work);
      } catch (error) {
        if (!isRepeatable(error) || repetition === maxRepetitions) throw error;
        await delay(Math.random() * 10 * (repetition + 1));
      }
    }
  }

  listen(channel: string, onPayload: (payload: string) => void, onGap: () => void): () => void {
    return this.#listener.add({ channel, onPayload, onGap });
  }

  async ping(): Promise<void> {
    await this.query({ text: 'select 1', timeoutMs: 2000 });
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#isReady = false;
    // An attempt to connect to a server that hangs ends by itself a few seconds later.
    await Promise.race([this.#recovery, delay(1000, undefined, { ref: false })]);
    await this.#listener.close();
    await this.#pool.end();
  }

  async #withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    if (!this.#isReady) throw storeUnavailable();
    let client: PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      this.#recover();
      throw translatePostgresError(error);
    }
    let broken: Error | undefined;
    try {
      return await work(client);
    } catch (error) {
      if (isStoreUnavailable(error)) {
        broken = error;
        this.#recover();
      }
      throw error;
    } finally {
      // The pool closes a connection that is handed back with an error.
      client.release(broken);
    }
  }

  #lose(error: unknown): void {
    if (this.#isReady || !this.#recovery)
      this.logger.warning(`The ${this.migrations.set} database cannot be used now; trying again`, {
        reason: reasonOf(error),
      });
    this.#isReady = false;
  }

  /** Asks whether the server is there, and until it is refuses all work at once instead of letting it wait. */
  #recover(): void {
    if (this.#closing.signal.aborted) return;
    this.#recovery ??= this.#untilReady().finally(() => {
      this.#recovery = undefined;
    });
  }

  async #untilReady(): Promise<void> {
    const { signal } = this.#closing;
    for (let pauseMs = 50; !signal.aborted; pauseMs = Math.min(2000, pauseMs * 2)) {
      try {
        await migratePostgres(this.connectionString, this.migrations);
        if (!this.#isReady && !signal.aborted) {
          this.#isReady = true;
          this.logger.info(`The ${this.migrations.set} database can be used again`);
        }
        return;
      } catch (error) {
        this.#lose(error);
      }
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}
