import { locationHash } from '../../src/tiles/identity';
import { type TestTileStore, testTileStore } from '../support/tile-stores';
import { catalogueContract } from './tile-catalogue.contract';

describe('tile catalogue on SQLite', () => {
  catalogueContract('sqlite');

  describe('2.10 plans', () => {
    let store: TestTileStore;
    beforeAll(async () => {
      store = await testTileStore('sqlite');
    });
    afterAll(() => store.close());

    test('4.6 the hot query reads one covering index and sorts nothing', async () => {
      const plan = await store.rows<{ detail: string }>(
        `explain query plan select t.id, t.file_path, t.source, t.updated_at from tiles t
         where t.location_hash = '${locationHash({ z: 0, x: 0, y: 0 })}'
         order by t.captured_at desc, t.updated_at desc, t.id desc limit 1`,
      );
      expect(plan.map(({ detail }) => detail)).toEqual([
        'SEARCH t USING COVERING INDEX tiles_leaflet_path (location_hash=?)',
      ]);
    });
  });
});
