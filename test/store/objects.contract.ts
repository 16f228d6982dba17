import type { ObjectStore } from '../../src/store/objects/types';
import { describeBodies } from './objects/bodies';
import type { ObjectFixture } from './objects/fixture';
import { describeKeys } from './objects/keys';
import { describeWrites } from './objects/writes';

/**
 * What every back-end of the object store does.
 * @param openNew opens an empty store
 * @param letters of keys that are listed; a server whose order is another beyond ASCII gets fewer
 * @param rounds of listings; slow servers get fewer
 */
export function describeObjectStore(
  openNew: () => Promise<ObjectStore>,
  { letters = 'a-c.!0🛰é', rounds = 25 } = {},
): void {
  let store: ObjectStore;
  const given: ObjectFixture = {
    get store() {
      return store;
    },
    letters,
    rounds,
  };
  beforeEach(async () => {
    store = await openNew();
  });
  afterEach(() => store.close());

  describeBodies(given);
  describeWrites(given);
  describeKeys(given);
}
