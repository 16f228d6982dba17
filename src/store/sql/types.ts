import type { Database, Statement } from 'better-sqlite3';

/** A statement for PostgreSQL; with a name it is planned once per connection. */
export interface PgQuery {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
  /** How long to wait for the answer; 30 s unless told. */
  readonly timeoutMs?: number;
}

export interface PgResult<Row> {
  readonly rows: Row[];
  /** Rows returned or changed. */
  readonly rowCount: number;
}

/** A connection, or the pool that lends one per statement. */
export interface PgSession {
  query<Row extends object = Record<string, unknown>>(query: PgQuery): Promise<PgResult<Row>>;
}

export interface PostgresSql extends PgSession {
  readonly dialect: 'postgres';
  /**
   * BEGIN … COMMIT on one connection; rolled back when `work` throws. Repeated when the server reports
   * a deadlock or a serialization failure, so `work` must do nothing but talk to its session.
   */
  transaction<T>(work: (session: PgSession) => Promise<T>): Promise<T>;
  /**
   * Statements that need nothing of each other's results, as one transaction: they are sent together, so that they
   * cost two round trips however many they are. Repeated as `transaction` is.
   */
  batch(queries: readonly PgQuery[]): Promise<PgResult<Record<string, unknown>>[]>;
  /**
   * Receives the payloads of NOTIFY on a channel. `onGap` is called whenever notifications may have been
   * lost: after the connection was made anew. Returns the way to stop.
   */
  listen(channel: string, onPayload: (payload: string) => void, onGap: () => void): () => void;
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface SqliteSql {
  readonly dialect: 'sqlite';
  /** An absolute path, or `:memory:`: such a store lives in this process only. */
  readonly file: string;
  /** The connection, for work inside `run`, `snapshot` and `transaction`. */
  readonly database: Database;
  /** A statement, compiled once per text. */
  prepare(text: string): Statement<unknown[], Record<string, unknown>>;
  /** Runs synchronous work; while another process holds the lock it is tried again without blocking this one. */
  run<T>(work: (database: Database) => T): Promise<T>;
  /** The same inside BEGIN … COMMIT: all that is read is as of the same instant. For reading only. */
  snapshot<T>(work: (database: Database) => T): Promise<T>;
  /** The same inside BEGIN IMMEDIATE … COMMIT; rolled back when `work` throws. */
  transaction<T>(work: (database: Database) => T): Promise<T>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * An open and migrated database. Every method throws OpenEOError `StoreUnavailable` while it cannot be
 * reached or used, and `StorageFailure` where the disk refuses; other errors of the driver pass through.
 */
export type Sql = PostgresSql | SqliteSql;
