import { sql } from 'drizzle-orm';
import type { Prepared, Statements } from '../sql/statements';
import type { RecordTables } from './database';
import type { ChangeTopic } from './types';

export const topics: readonly ChangeTopic[] = [
  'users',
  'tokens',
  'services',
  'stored_processes',
  'registered_processes',
  'signing_keys',
];

/** Follows the counters that the database keeps of the changes of each topic. */
export class Revisions {
  readonly #select: Prepared;
  #seen: Map<string, number> | undefined;

  constructor(
    readonly statements: Statements,
    tables: RecordTables,
  ) {
    const { topic, revision } = tables.recordChanges;
    this.#select = statements.prepare(
      sql`select ${topic}, ${revision} from ${tables.recordChanges}`,
      'revisions',
    );
  }

  /** The topics whose counters moved since the last call; undefined on the first one. */
  async changed(): Promise<readonly ChangeTopic[] | undefined> {
    const { rows } = await this.statements.run(this.#select);
    const seen = this.#seen;
    this.#seen = new Map(rows.map((row) => [String(row['topic']), Number(row['revision'])]));
    return seen && topics.filter((topic) => this.#seen?.get(topic) !== seen.get(topic));
  }
}
