import fc from 'fast-check';
import { webMercator, wgs84 } from '../../../src/geo/crs';
import { gridForBounds } from '../../../src/geo/grid';
import { tileMatrixSet } from '../../../src/geo/tile-matrix-set';
import type { Bounds } from '../../../src/geo/types';
import { tileArea } from '../../../src/pyramid/area';
import { planMap } from '../../../src/pyramid/map/plan';
import { plannedTiles } from '../../../src/pyramid/types';
import { geometryBounds, reprojectGeometry } from '../../../src/raster/vector/geometry';

const map = tileMatrixSet('WebMercatorQuad')!;
type Ring = [number, number][];
const polygon = (...coordinates: Ring[]) => ({ type: 'Polygon' as const, coordinates });
const world = gridForBounds(
  { west: -20037508, south: -20037508, east: 20037508, north: 20037508 },
  webMercator,
  10_000,
);
const tilesIn = (area: ReturnType<typeof polygon>, z: number) =>
  [
    ...plannedTiles(
      planMap({ grid: world, tileSizePx: 256, minzoom: z, maxzoom: z, area: tileArea([area]) }),
    ),
  ].map(({ x, y }) => `${x}/${y}`);

/** Whether a rectangle and a ring have a point in common: corners in each other, or edges that cross. */
function meets(ring: readonly (readonly number[])[], { west, south, east, north }: Bounds): boolean {
  const corners = [
    [west, north],
    [east, north],
    [east, south],
    [west, south],
  ];
  const isInside = ([x, y]: readonly number[]) => {
    let inside = false;
    for (const [i, [x1, y1]] of ring.entries()) {
      const [x2, y2] = ring[(i + 1) % ring.length];
      if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
    }
    return inside;
  };
  const side = ([ax, ay]: readonly number[], [bx, by]: readonly number[], [cx, cy]: readonly number[]) =>
    Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));
  const cross = (a: readonly number[], b: readonly number[], c: readonly number[], d: readonly number[]) =>
    side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
  return (
    corners.some(isInside) ||
    ring.some(([x, y]) => x > west && x < east && y > south && y < north) ||
    ring.some((point, i) =>
      corners.some((corner, k) => cross(point, ring[(i + 1) % ring.length], corner, corners[(k + 1) % 4])),
    )
  );
}

test('the tiles of any polygon are those that it has a point in common with', () => {
  const position = fc.tuple(
    fc.double({ min: -179, max: 179, noNaN: true }),
    fc.double({ min: -80, max: 80, noNaN: true }),
  );
  fc.assert(
    fc.property(
      fc.array(position, { minLength: 3, maxLength: 8 }),
      fc.integer({ min: 0, max: 6 }),
      (ring, z) => {
        const area = polygon(ring as Ring);
        const { coordinates } = reprojectGeometry(area, wgs84, webMercator) as typeof area;
        const known = new Set(tilesIn(area, z));
        const bounds = geometryBounds(area)!;
        const { x, y } = map.cover(bounds, z);
        for (let row = y[0]; row <= y[1]; row++)
          for (let column = x[0]; column <= x[1]; column++) {
            const [name, tile] = [`${column}/${row}`, map.bounds({ z, x: column, y: row })];
            const shrink = (part: number) => {
              const by = (tile.east - tile.west) * part;
              return {
                west: tile.west + by,
                south: tile.south + by,
                east: tile.east - by,
                north: tile.north - by,
              };
            };
            // What only just touches may be either way.
            if (meets(coordinates[0], shrink(1e-5))) expect([name, known.has(name)]).toEqual([name, true]);
            else if (!meets(coordinates[0], shrink(-1e-5)))
              expect([name, known.has(name)]).toEqual([name, false]);
          }
      },
    ),
    { numRuns: 200 },
  );
});

test('an area along the borders of tiles has no neighbours, a hole has no tiles, and a point of it has one', () => {
  const box = (west: number, south: number, east: number, north: number): Ring => [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  expect(tilesIn(polygon(box(0, 0, 90, 66.51326044311186)), 2)).toEqual(['2/1']);
  const holed = polygon(box(-180, -90, 180, 90), box(1, 1, 89, 66));
  expect(tilesIn(holed, 4).sort()).not.toContain('9/6');
  expect(tilesIn(holed, 4)).toContain('8/7');
  // Beyond the map there is nothing; the poles are beyond it.
  expect(tilesIn(polygon(box(-180, -90, 180, 90)), 3)).toHaveLength(64);
  expect(tilesIn(polygon(box(-1e-9, -1e-9, 1e-9, 1e-9)), 1)).toHaveLength(1);
  const two = tileArea([polygon(box(-100, 10, -99, 11)), polygon(box(100, 10, 101, 11))]);
  expect(two.cover(5, { x: [0, 31], y: [0, 31] }).count).toBe(2);
});

test('what no run could look through is refused at once', () => {
  const refused = (message: RegExp) =>
    expect.objectContaining({ code: 'RequestInvalid', message: expect.stringMatching(message) });
  const everywhere = polygon([
    [-180, -85],
    [180, -85],
    [180, 85],
    [-180, 85],
  ]);
  const plan = (maxzoom: number, area?: ReturnType<typeof tileArea>) =>
    planMap({ grid: world, tileSizePx: 256, minzoom: 0, maxzoom, area });
  expect(() => plan(24)).toThrow(refused(/smaller maxzoom/) as never);
  expect(() => plan(24, tileArea([everywhere]))).toThrow(refused(/smaller maxzoom/) as never);
  expect(plan(11, tileArea([everywhere])).total).toBeGreaterThan(5_000_000);
  const zigzag = polygon(Array.from({ length: 4000 }, (_, i) => [i / 100, i % 2 === 0 ? -80 : 80]));
  expect(() => plan(11, tileArea([zigzag]))).toThrow(refused(/simplify it/) as never);
  expect(() => tileArea([polygon([])])).toThrow(refused(/no positions/) as never);
  expect(() =>
    tileArea([
      polygon([
        [0, 91],
        [1, 1],
        [2, 2],
      ]),
    ]),
  ).toThrow(refused(/latitude 91/) as never);
});
