import { type SQL, sql } from 'drizzle-orm';
import { OpenEOError } from '../../base/errors';
import { bind, type Outcome, type Prepared, type Values } from '../sql/statements';
import type { RecordDatabase } from './database';

/** How many rows each owner may keep. */
export interface RecordLimit {
  /** What users call the rows. */
  readonly records: string;
  /** Absent: as many as wanted. */
  readonly most: number | undefined;
  /** Where an operator says so. */
  readonly setting: string;
}

/** Inserts that keep a limit, exactly: those of an owner follow each other, whatever server they come from. */
export class Kept {
  /** That the owner has room for one more; nothing without a limit. */
  readonly hasRoom: SQL | undefined;
  readonly #count: Prepared | undefined;

  constructor(
    readonly database: RecordDatabase,
    table: RecordDatabase['tables']['jobs' | 'services' | 'storedProcesses'],
    readonly limit: RecordLimit,
  ) {
    if (limit.most === undefined) return;
    const count = sql`(select count(*) from ${table} where ${table.ownerId} = ${bind(table.ownerId, 'ownerId')})`;
    this.hasRoom = sql`${count} < ${limit.most}`;
    this.#count = database.statements.prepare(sql`select ${this.hasRoom} as has_room`);
  }

  /** Runs a statement that inserts where there is room. */
  async insert(statement: Prepared, values: Values & { readonly ownerId: string }): Promise<Outcome> {
    const { statements, lockSubject } = this.database;
    if (!this.hasRoom || !lockSubject) return statements.run(statement, values);
    const subject = `${this.limit.records} of ${values.ownerId}`;
    const [, outcome] = await statements.batch([
      [lockSubject, { subject }],
      [statement, values],
    ]);
    return outcome;
  }

  /** Whether there is none now. */
  async isFull(ownerId: string): Promise<boolean> {
    if (!this.#count) return false;
    const { rows } = await this.database.statements.run(this.#count, { ownerId });
    return !rows[0]['has_room'];
  }

  error(): OpenEOError {
    const { records, most: limit, setting } = this.limit;
    return new OpenEOError('RecordLimitExceeded', { records, limit, setting });
  }
}
