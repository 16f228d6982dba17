import fc from 'fast-check';
import { mercatorHalf, tileMatrixSet, tileMatrixSetIds } from '../../src/geo/tile-matrix-set';
import { gridBounds } from '../../src/raster/cube';

const mercator = tileMatrixSet('WebMercatorQuad')!;

const anyTile = fc
  .integer({ min: 0, max: 24 })
  .chain((z) => fc.record({ z: fc.constant(z), x: fc.nat(2 ** z - 1), y: fc.nat(2 ** z - 1) }));

describe('tile matrix sets', () => {
  test('are known by id', () => {
    expect(tileMatrixSetIds).toEqual(['WebMercatorQuad', 'WorldCRS84Quad']);
    for (const id of ['webmercatorquad', '__proto__', '']) expect(tileMatrixSet(id)).toBeUndefined();
  });

  test('the root tile is the whole square', () => {
    expect(mercator.bounds({ z: 0, x: 0, y: 0 })).toEqual({
      west: -mercatorHalf,
      south: -mercatorHalf,
      east: mercatorHalf,
      north: mercatorHalf,
    });
    expect(tileMatrixSet('WorldCRS84Quad')!.bounds({ z: 0, x: 1, y: 0 })).toEqual({
      west: 0,
      south: -90,
      east: 180,
      north: 90,
    });
  });

  test('a known place lies in a known tile', () => {
    expect(mercator.tileAt(11.35, 46.49, 12)).toEqual({ z: 12, x: 2177, y: 1449 });
    expect(mercator.tileAt(0, 90, 3)).toEqual({ z: 3, x: 4, y: 0 });
    expect(mercator.tileAt(200, -95, 3)).toEqual({ z: 3, x: 7, y: 7 });
  });

  test('contains only what exists', () => {
    for (const tile of [
      { z: -1, x: 0, y: 0 },
      { z: 25, x: 0, y: 0 },
      { z: 2, x: 4, y: 0 },
      { z: 2, x: 0, y: -1 },
      { z: 2, x: 0.5, y: 0 },
      { z: Number.NaN, x: 0, y: 0 },
    ])
      expect(mercator.contains(tile)).toBe(false);
    fc.assert(fc.property(anyTile, (tile) => expect(mercator.contains(tile)).toBe(true)));
  });

  test.each(tileMatrixSetIds)('%s: the middle of a tile leads back to it', (id) => {
    const set = tileMatrixSet(id)!;
    fc.assert(
      fc.property(anyTile, (tile) => {
        const { west, east, south, north } = set.bounds(tile);
        const x = (west + east) / 2;
        const y = (south + north) / 2;
        const longitude = id === 'WebMercatorQuad' ? (x / mercatorHalf) * 180 : x;
        const latitude =
          id === 'WebMercatorQuad' ? (Math.atan(Math.sinh((y / mercatorHalf) * Math.PI)) * 180) / Math.PI : y;
        expect(set.tileAt(longitude, latitude, tile.z)).toEqual(tile);
      }),
    );
  });

  test('a tile is covered by itself, and by its four children', () => {
    const set = tileMatrixSet('WorldCRS84Quad')!;
    fc.assert(
      fc.property(
        fc
          .integer({ min: 0, max: 20 })
          .chain((z) => fc.record({ z: fc.constant(z), x: fc.nat(2 ** z - 1), y: fc.nat(2 ** z - 1) })),
        (tile) => {
          expect(set.cover(set.bounds(tile), tile.z)).toEqual({ x: [tile.x, tile.x], y: [tile.y, tile.y] });
          expect(set.cover(set.bounds(tile), tile.z + 1)).toEqual({
            x: [tile.x * 2, tile.x * 2 + 1],
            y: [tile.y * 2, tile.y * 2 + 1],
          });
        },
      ),
    );
  });

  test('bounds across the antimeridian are covered over the whole width', () => {
    expect(mercator.cover({ west: 179, south: -1, east: -179, north: 1 }, 4)).toEqual({
      x: [0, 15],
      y: [7, 8],
    });
  });

  test('the grid of a tile fills its bounds', () => {
    fc.assert(
      fc.property(anyTile, fc.constantFrom(256, 512), (tile, size) => {
        const bounds = mercator.bounds(tile);
        const filled = gridBounds(mercator.grid(tile, size));
        for (const side of ['west', 'south', 'east', 'north'] as const)
          expect(Math.abs(filled[side] - bounds[side])).toBeLessThan(1e-6);
      }),
    );
  });

  test("the document has the OGC's scale denominators", () => {
    const document = mercator.document() as {
      tileMatrices: { scaleDenominator: number; matrixWidth: number }[];
    };
    expect(document.tileMatrices[0].scaleDenominator).toBeCloseTo(559082264.0287178, 4);
    expect(document.tileMatrices[3].matrixWidth).toBe(8);
    const geographic = tileMatrixSet('WorldCRS84Quad')!.document() as typeof document;
    expect(geographic.tileMatrices[0].scaleDenominator).toBeCloseTo(279541132.0143589, 4);
    expect(geographic.tileMatrices[0].matrixWidth).toBe(2);
  });
});
