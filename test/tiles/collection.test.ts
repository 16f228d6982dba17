import { OpenEOError } from '../../src/base/errors';
import type { Catalog } from '../../src/store/catalog/types';
import { withImagery } from '../../src/tiles/collection';
import type { CatalogueExtent } from '../../src/tiles/types';

const scenes = { id: 'scenes' };
const shadow = { id: 'tiles', title: 'somebody else’s' };
const catalog: Catalog = {
  list: async () => [scenes, shadow],
  get: async (id) => (id === 'scenes' ? scenes : undefined),
  items: async () => [],
  queryables: async () => ({ of: 'scenes' }),
  version: async () => 'scenes 1',
};
const extent: CatalogueExtent = {
  version: '7',
  zooms: [{ zoom: 1, rowCount: 1, columns: [1, 1], rows: [0, 0], captured: [0, 1_000_000], sizePixels: 256 }],
};

test('the catalogue is the collection of its id, and leaves the others as they are', async () => {
  const all = withImagery(catalog, { extent: async () => extent, flights: async () => [] });
  expect((await all.list()).map(({ id, title }) => [id, title])).toEqual([
    ['scenes', undefined],
    ['tiles', 'Imagery tiles'],
  ]);
  expect([await all.version('tiles'), await all.version('scenes')]).toEqual(['7', 'scenes 1']);
  expect([await all.get('scenes'), await all.get('none')]).toEqual([scenes, undefined]);
  expect(await all.queryables('scenes')).toEqual({ of: 'scenes' });
  expect(await all.get('tiles')).toMatchObject({
    extent: {
      spatial: { bbox: [[0, 0, 180, expect.closeTo(85.0511287798, 9)]] },
      temporal: { interval: [['1970-01-01T00:00:00.000000Z', '1970-01-01T00:00:01.000000Z']] },
    },
  });
});

test('while its database is away the list stays, with what was known last', async () => {
  let isAway = false;
  const all = withImagery(catalog, {
    extent: async () => {
      if (isAway) throw new OpenEOError('StoreUnavailable');
      return extent;
    },
    flights: async () => [],
  });
  const before = await all.list();
  isAway = true;
  expect(await all.list()).toEqual(before);
  await expect(all.get('tiles')).rejects.toMatchObject({ code: 'StoreUnavailable' });
});
