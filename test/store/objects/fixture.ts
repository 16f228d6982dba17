import { text } from 'node:stream/consumers';
import type { ObjectStore } from '../../../src/store/objects/types';

/** What the tests of an object store share. */
export interface ObjectFixture {
  /** A new, empty store for each test. */
  readonly store: ObjectStore;
  /** Of keys that are listed. */
  readonly letters: string;
  /** Of listings. */
  readonly rounds: number;
}

export async function read(
  store: ObjectStore,
  key: string,
  range?: { start: number; end: number },
): Promise<string | undefined> {
  const object = await store.get(key, range);
  return object && text(object.body);
}

export async function keys(store: ObjectStore, prefix: string): Promise<string[]> {
  return (await store.list(prefix)).items.map((item) => item.key);
}
