import { tileMatrixSet } from '../../src/geo/tile-matrix-set';
import type { ServiceTiling } from '../../src/services/prepared-services';
import { includes, rangesOf, tileAt, tileCount, tilesOf } from '../../src/services/seed-area';

const tiling = {
  matrixSet: tileMatrixSet('WebMercatorQuad')!,
  settings: { minzoom: 0, maxzoom: 3 },
} as unknown as ServiceTiling;

test('tiles that both sides of the antimeridian share are drawn once', () => {
  const ranges = rangesOf(
    tiling,
    { minzoom: 0, maxzoom: 9, bbox: [100, 10, -100, 20] },
    [-180, -85, 180, 85],
  );
  const tiles = [...tilesOf(ranges)];
  expect(tiles.map(({ z, x, y }) => `${z}/${x}/${y}`)).toEqual([
    ...['0/0/0', '1/0/0', '1/1/0', '2/0/1', '2/3/1'],
    ...['3/0/3', '3/1/3', '3/6/3', '3/7/3'],
  ]);
  expect(tileCount(ranges)).toBe(tiles.length);
  expect(tiles.map((_, index) => tileAt(ranges, index))).toEqual(tiles);
  expect(() => tileAt(ranges, tiles.length)).toThrow(RangeError);
  expect(tiles.every((tile) => includes(ranges, tile))).toBe(true);
  expect(includes(ranges, { z: 3, x: 2, y: 3 })).toBe(false);
});

test('an area beside the data, and zooms beside the service, have no tiles', () => {
  const own = [0, 0, 10, 10] as const;
  expect(rangesOf(tiling, { minzoom: 0, maxzoom: 3, bbox: [20, 0, 30, 10] }, own)).toEqual([]);
  expect(rangesOf(tiling, { minzoom: 4, maxzoom: 9 }, own)).toEqual([]);
});
