import { silentLogger } from '../../src/base/logger';
import { openTileStore } from '../../src/store/tiles/open';
import * as statements from '../../src/store/tiles/sqlite/catalogue-statements';
import { locationHash } from '../../src/tiles/identity';
import { eventually } from '../support/process';
import { type TestTileStore, testTileStore } from '../support/tile-stores';
import { write } from './tile-catalogue/fixture';
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

  test('5.5 another process learns that something was written', async () => {
    const store = await testTileStore('sqlite');
    const other = await openTileStore(store.url, { logger: silentLogger });
    let heard = 0;
    const stop = other.catalogue.watch(() => heard++);
    await eventually(() => expect(heard).toBeGreaterThan(0));
    const before = heard;
    await store.store.catalogue.write(write());
    await eventually(() => expect(heard).toBeGreaterThan(before));
    stop();
    await other.close();
    await store.close();
  });

  test.each([
    ['byHashes', 'tiles_leaflet_path', statements.byHashes, 1],
    ['byHashesFiltered', 'tiles_leaflet_path', statements.byHashesFiltered, 8],
    ['flights', 'idx_tiles_flight_captured', statements.flights, 0],
  ])('4.7 %s looks into %s and through no table', async (_, index, text, parameters) => {
    const store = await testTileStore('sqlite');
    if (store.sql.dialect !== 'sqlite') throw new Error('This needs SQLite');
    const plan = store.sql.database
      .prepare(`explain query plan ${text}`)
      .all(...Array<string>(parameters).fill('[]')) as { detail: string }[];
    const details = plan.map(({ detail }) => detail).join('\n');
    expect(details).toContain(index);
    expect(details).not.toMatch(/SCAN t(iles)?\b/);
    await store.close();
  });
});
