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
  'jobs',
];

/** Follows the counters that the database keeps of the changes of each topic. */
export class Revisions {
  readonly #select: Prepared;
  readonly #seen = new Map<ChangeTopic, number>();

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

  /** The topics whose counters moved since they were last seen; those seen for the first time are no news. */
  async changed(): Promise<readonly ChangeTopic[]> {
    const { rows } = await this.statements.run(this.#select);
    return topics.filter((topic) => {
      const row = rows.find((each) => each['topic'] === topic);
      const isFirst = !this.#seen.has(topic);
      return row !== undefined && this.note(topic, Number(row['revision'])) !== undefined && !isFirst;
    });
  }

  /** A counter that somebody told: its topic where that is news, undefined where it was seen before. */
  note(name: string, revision: number): ChangeTopic | undefined {
    const topic = topics.find((each) => each === name);
    if (!topic || revision <= (this.#seen.get(topic) ?? -1)) return undefined;
    this.#seen.set(topic, revision);
    return topic;
  }

  /** Begins anew: the database was away, and may have come back from a backup with lower counters. */
  forget(): void {
    this.#seen.clear();
  }
}
