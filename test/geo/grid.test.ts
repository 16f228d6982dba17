import fc from 'fast-check';
import { parseCrs, wgs84 } from '../../src/geo/crs';
import {
  gridForBounds,
  gridsAligned,
  gridsEqual,
  intersectBounds,
  padGrid,
  snapBounds,
  snappedGrid,
  subGrid,
  unionBounds,
} from '../../src/geo/grid';
import type { Grid } from '../../src/geo/types';

const utm = parseCrs(32632);
const grid: Grid = {
  crs: utm,
  originX: 674990,
  originY: 5154960,
  resX: 10,
  resY: 10,
  width: 935,
  height: 705,
};

describe('grids', () => {
  test('parts of parts are parts', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), fc.nat(200), fc.nat(200), (a, b, c, d) => {
        const twice = subGrid(subGrid(grid, a, b, 100, 90), c, d, 10, 20);
        expect(gridsEqual(twice, subGrid(grid, a + c, b + d, 10, 20))).toBe(true);
        expect(gridsAligned(twice, grid)).toBe(true);
      }),
    );
  });

  test('equality looks at pixels, not at names', () => {
    expect(gridsEqual(grid, { ...grid, originX: grid.originX + 1e-9 })).toBe(true);
    expect(gridsEqual(grid, { ...grid, originX: grid.originX + 5 })).toBe(false);
    expect(gridsEqual(grid, { ...grid, crs: wgs84 })).toBe(false);
    expect(gridsEqual(grid, { ...grid, resX: 10.001 })).toBe(false);
    expect(gridsAligned(grid, { ...grid, originX: grid.originX + 5 })).toBe(false);
    expect(gridsAligned(grid, { ...grid, originX: grid.originX + 50, width: 3 })).toBe(true);
  });

  test('padding widens on all sides', () => {
    expect(padGrid(grid, 2)).toMatchObject({ originX: 674970, originY: 5154980, width: 939, height: 709 });
  });

  test('snapping goes outward and leaves edges on pixels alone', () => {
    const exact = { west: 675000, south: 5154000, east: 675100, north: 5154100 };
    expect(snapBounds(exact, grid)).toEqual(exact);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 9.99, noNaN: true }),
        fc.double({ min: 0.01, max: 99, noNaN: true }),
        (shift, size) => {
          const bounds = {
            west: 675000 + shift,
            south: 5154000 + shift,
            east: 675000 + shift + size,
            north: 5154000 + shift + size,
          };
          const snapped = snappedGrid(bounds, grid);
          expect(gridsAligned(snapped, grid)).toBe(true);
          expect(snapped.originX).toBeLessThanOrEqual(bounds.west + 1e-5);
          expect(snapped.originX + snapped.width * 10).toBeGreaterThanOrEqual(bounds.east - 1e-5);
          expect(snapped.originY).toBeGreaterThanOrEqual(bounds.north - 1e-5);
          expect(snapped.originY - snapped.height * 10).toBeLessThanOrEqual(bounds.south + 1e-5);
        },
      ),
    );
  });

  test('a grid over bounds covers them with whole pixels', () => {
    const bounds = { west: 0, south: 0, east: 0.3, north: 0.1 };
    expect(gridForBounds(bounds, wgs84, 0.1)).toMatchObject({ width: 3, height: 1 });
    expect(gridForBounds({ ...bounds, east: 0.31 }, wgs84, 0.1)).toMatchObject({ width: 4, height: 1 });
    expect(gridForBounds({ ...bounds, east: 0 }, wgs84, 0.1)).toMatchObject({ width: 1 });
  });

  test('common and joined areas', () => {
    const one = { west: 0, south: 0, east: 2, north: 2 };
    expect(intersectBounds(one, { west: 1, south: 1, east: 3, north: 3 })).toEqual({
      west: 1,
      south: 1,
      east: 2,
      north: 2,
    });
    expect(intersectBounds(one, { west: 2, south: 0, east: 3, north: 2 })).toBeUndefined();
    expect(unionBounds(one, { west: 1, south: -1, east: 3, north: 1 })).toEqual({
      west: 0,
      south: -1,
      east: 3,
      north: 2,
    });
  });
});
