import { setImmediate as nextTurn } from 'node:timers/promises';
import { OpenEOError } from '../../../base/errors';
import type { SqliteSql } from '../../sql/types';

interface Pending {
  /** Runs the work inside the transaction and keeps what came of it. */
  run(): void;
  /** Hands it over when the transaction is committed. */
  settle(): void;
  fail(error: unknown): void;
}

/** So long that a commit hardly counts, so short that neither the event loop nor other processes wait. */
const largestGroup = 64;

/**
 * Transactions that callers of the same moment share, because taking the lock and committing cost more than what
 * each of them does. Nobody learns of a result before it is committed. A domain error is the affair of its caller
 * alone, so it must be thrown before anything is written; any other error undoes the whole group.
 */
export class SharedTransactions {
  readonly #pending: Pending[] = [];
  #isRunning = false;

  constructor(readonly sql: SqliteSql) {}

  run<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let settle: () => void;
      this.#pending.push({
        run: () => {
          try {
            const result = work();
            settle = () => resolve(result);
          } catch (error) {
            if (!(error instanceof OpenEOError)) throw error;
            settle = () => reject(error);
          }
        },
        settle: () => settle(),
        fail: reject,
      });
      if (!this.#isRunning) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#isRunning = true;
    while (this.#pending.length > 0) {
      // Callers that were just answered ask again within this turn of the event loop.
      await nextTurn();
      const group = this.#pending.splice(0, largestGroup);
      try {
        await this.sql.transaction(() => {
          for (const { run } of group) run();
        });
        for (const { settle } of group) settle();
      } catch (error) {
        for (const { fail } of group) fail(error);
      }
    }
    this.#isRunning = false;
  }
}
