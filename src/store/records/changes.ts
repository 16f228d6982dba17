import type { Logger } from '../../base/logger';
import type { Outcome } from '../sql/statements';
import type { ChangeSource } from './database';
import { topics } from './revisions';
import type { ChangeTopic, RecordStore } from './types';

/** Tells listeners about changes: those of this process at once, those of others as the source learns of them. */
export class Changes {
  readonly #listeners = new Set<(topic: ChangeTopic) => void>();
  #stopWatching: (() => void) | undefined;

  constructor(
    readonly source: ChangeSource,
    readonly logger: Logger,
  ) {}

  readonly onChange: RecordStore['onChange'] = (listener) => {
    // A function of its own, so that a listener given twice is called twice and stopped once.
    const entry = (topic: ChangeTopic) => listener(topic);
    this.#listeners.add(entry);
    this.#stopWatching ??= this.source.watch((topic) => {
      for (const each of topic ? [topic] : topics) this.tell(each);
    });
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size === 0) this.close();
    };
  };

  tell(topic: ChangeTopic): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(topic);
      } catch (error) {
        this.logger.error('A listener for changed records failed', { topic, error });
      }
    }
  }

  /**
   * Does the work of a change and tells about it when rows changed, and also when it failed: a connection that
   * broke at the end leaves open whether the change was made.
   */
  async after<T extends Outcome | readonly Outcome[]>(
    changed: readonly ChangeTopic[],
    work: () => Promise<T>,
  ): Promise<T> {
    let didChange = true;
    try {
      const result = await work();
      didChange = [result].flat().some((outcome) => outcome.changes > 0);
      return result;
    } finally {
      if (didChange) for (const topic of changed) this.tell(topic);
    }
  }

  close(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }
}
