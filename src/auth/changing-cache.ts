import { LRUCache } from 'lru-cache';

/**
 * A cache of what the store says, emptied by every change of it. What was read before a change and arrives
 * after it is not kept. Entries end after `maxAgeMs` too, in case a message about a change is lost.
 */
export class ChangingCache<V extends object> {
  readonly #entries: LRUCache<string, V>;
  #generation = 0;

  constructor(options: { readonly max: number; readonly maxAgeMs: number }) {
    this.#entries = new LRUCache({ max: options.max, ttl: options.maxAgeMs });
  }

  /** @param load undefined: there is no such thing; that is not remembered */
  async get(key: string, load: () => Promise<V | undefined>): Promise<V | undefined> {
    const known = this.#entries.get(key);
    if (known) return known;
    const generation = this.#generation;
    const value = await load();
    if (value && generation === this.#generation) this.#entries.set(key, value);
    return value;
  }

  clear(): void {
    this.#generation++;
    this.#entries.clear();
  }
}
