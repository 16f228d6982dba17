import type { SQL } from 'drizzle-orm';
import type { RowsGiven } from '../sql/rows';
import type { Prepared, Statements } from '../sql/statements';
import type * as postgresTables from './postgres/tables';
import type * as sqliteTables from './sqlite/tables';
import type { ChangeTopic } from './types';

export type RecordTables = typeof sqliteTables | typeof postgresTables;

/** How changes that other processes made become known. */
export interface ChangeSource {
  /**
   * @param changed these topics have changed; undefined: any of them may have.
   * @returns the way to stop
   */
  watch(changed: (topic: ChangeTopic | undefined) => void): () => void;
}

/** What the repositories need of a database: the same statements in both dialects, and what differs by name. */
export interface RecordDatabase {
  readonly tables: RecordTables;
  readonly statements: Statements;
  readonly source: ChangeSource;
  /**
   * A first step for a transaction that gives out log ids: holds back others that write to the same `subject`, so
   * that ids become visible in their order. Undefined where there is one writer at a time anyway.
   */
  readonly lockSubject: Prepared | undefined;
  /** The same for all that rows name: a condition of the statement that writes them. Always true. */
  readonly lockSubjectsOf: (given: SQL) => SQL;
  /** Rows that are given to a statement as one parameter. */
  readonly rowsGiven: RowsGiven;
  /** The database's clock: leases are compared by one clock, whatever those of the machines say. */
  readonly clock: {
    readonly now: SQL;
    /** So many milliseconds from now. */
    after(ms: SQL): SQL;
  };
}
