import { crsFromEpsg } from '../../src/geo/crs';
import type { Grid } from '../../src/geo/types';
import { memoryCube } from '../../src/raster/memory-cube';
import { xyzSettings } from '../../src/services/configuration';
import type { Evaluated } from '../../src/services/evaluate';
import type { PreparedService } from '../../src/services/prepared-services';
import { serviceBounds } from '../../src/services/tilejson';

function boundsOf(epsg: number, west: number, north: number, resX: number, resY = resX): readonly number[] {
  const grid: Grid = {
    crs: crsFromEpsg(epsg),
    originX: west,
    originY: north,
    resX,
    resY,
    width: 10,
    height: 10,
  };
  const cube = memoryCube({
    dimensions: [
      { type: 'spatial', name: 'y', axis: 'y' },
      { type: 'spatial', name: 'x', axis: 'x' },
    ],
    grid,
    data: new Float32Array(100),
  });
  const prepared = { settings: xyzSettings({}) } as PreparedService;
  return serviceBounds(prepared, { value: cube, cube, key: '' } satisfies Evaluated);
}

test.each([
  ['within a turn', boundsOf(4326, 10, 50, 1), [10, 40, 20, 50]],
  ['the whole world', boundsOf(4326, -180, 90, 36, 18), [-180, -90, 180, 90]],
  ['the whole world from 0 to 360', boundsOf(4326, 0, 90, 36, 18), [-180, -90, 180, 90]],
  ['counted eastwards over 180', boundsOf(4326, 200, 10, 1), [-160, 0, -150, 10]],
  ['over the antimeridian', boundsOf(4326, 175, 10, 1), [175, 0, -175, 10]],
  ['up to the antimeridian', boundsOf(4326, 170, 10, 1), [170, 0, 180, 10]],
  ['from the antimeridian', boundsOf(4326, 180, 10, 1), [-180, 0, -170, 10]],
])('bounds of data %s', (_, bounds, expected) => {
  expect(bounds).toEqual(expected.map((value) => expect.closeTo(value, 5)));
});

test('projected data over the antimeridian cross it', () => {
  const [west, , east] = boundsOf(32601, 250_000, 5_000_000, 10_000);
  expect(west).toBeGreaterThan(170);
  expect(east).toBeLessThan(-170);
});

test('where the place on Earth is unknown it is the world', () => {
  expect(boundsOf(32632, 1e12, 1e12, 10)).toEqual([-180, -85.0511287798066, 180, 85.0511287798066]);
});
