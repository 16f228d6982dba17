import { registerTileUuid } from '../../src/store/tiles/sqlite/tile-uuid';
import { type Dialect, type TestTileStore, testTileStore } from '../support/tile-stores';
import type { CatalogueFixture } from './tile-catalogue/fixture';
import { describeInvariants } from './tile-catalogue/invariants';
import { describeLists } from './tile-catalogue/lists';
import { describeSelection } from './tile-catalogue/selection';
import { describeIdentity, describeWriting } from './tile-catalogue/writing';

/** What the tile catalogue promises on every database; the numbers are those of the storage contract. */
export function catalogueContract(dialect: Dialect): void {
  let tiles: TestTileStore;
  const given: CatalogueFixture = {
    dialect,
    get tiles() {
      return tiles;
    },
    catalogue: () => tiles.store.catalogue,
    count: async () => Number((await tiles.rows<{ n: number }>('select count(*) as n from tiles'))[0].n),
  };

  beforeAll(async () => {
    tiles = await testTileStore(dialect);
    if (tiles.sql.dialect === 'sqlite') registerTileUuid(tiles.sql.database);
  });
  beforeEach(async () => {
    await tiles.rows('delete from tiles returning id');
  });
  afterAll(() => tiles.close());

  describeIdentity(given);
  describeWriting(given);
  describeSelection(given);
  describeLists(given);
  describeInvariants(given);
}
