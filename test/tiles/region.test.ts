import fc from 'fast-check';
import { tileCentre } from '../../src/tiles/identity';
import { cellsAround } from '../../src/tiles/region';
import { randomTiles } from './support/cells';

const refused = expect.objectContaining({ code: 'TileInvalid' });

test('4.3 a region of no size is the cell of its point', () => {
  for (const tile of randomTiles(500, 3)) {
    const { latitude, longitude } = tileCentre(tile);
    const window = cellsAround({ latitude, longitude, sizeMeters: 0, zoom: tile.z });
    expect(window).toEqual({ zoom: tile.z, columns: [[tile.x, tile.x]], rows: [tile.y, tile.y] });
  }
});

test('4.3 regions cross the antimeridian and end at the poles', () => {
  const size = 40075016.68557849 / 4;
  expect(cellsAround({ latitude: 0, longitude: 180, sizeMeters: size, zoom: 3 })).toEqual({
    zoom: 3,
    columns: [
      [7, 7],
      [0, 1],
    ],
    rows: [2, 5],
  });
  expect(cellsAround({ latitude: 90, longitude: 0, sizeMeters: 1, zoom: 3 }).rows).toEqual([0, 0]);
  expect(cellsAround({ latitude: -90, longitude: 0, sizeMeters: 1, zoom: 3 }).rows).toEqual([7, 7]);
  expect(cellsAround({ latitude: 0, longitude: 0, sizeMeters: 1e9, zoom: 2 })).toEqual({
    zoom: 2,
    columns: [[0, 3]],
    rows: [0, 3],
  });
});

test('4.3 every window lies within its zoom', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -90, max: 90, noNaN: true }),
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.double({ min: 0, max: 1e8, noNaN: true }),
      fc.integer({ min: 0, max: 6 }),
      (latitude, longitude, sizeMeters, zoom) => {
        const { columns, rows } = cellsAround({ latitude, longitude, sizeMeters, zoom });
        for (const [first, last] of [...columns, rows]) {
          expect(first).toBeGreaterThanOrEqual(0);
          expect(last).toBeLessThan(2 ** zoom);
          expect(first).toBeLessThanOrEqual(last);
        }
      },
    ),
  );
});

test.each([
  { latitude: 91 },
  { longitude: -181 },
  { sizeMeters: -1 },
  { sizeMeters: Number.POSITIVE_INFINITY },
  { zoom: 31 },
  { zoom: 1.5 },
  { latitude: Number.NaN },
  { sizeMeters: 1e6 },
])('4.3 refused: %j', (changes) => {
  const region = { latitude: 46.5, longitude: 11.3, sizeMeters: 100, zoom: 18, ...changes };
  expect(() => cellsAround(region)).toThrow(refused);
});
