import { type Cube, defineCube } from '../../../src/raster/cube';
import type { Geometry, GeometryDimension } from '../../../src/raster/vector/geometry';
import { codeOf, readAll, runCube, runProcess } from './kit';

const square = (left: number, bottom: number, size: number) => ({
  type: 'Polygon',
  coordinates: [
    [
      [left, bottom],
      [left + size, bottom],
      [left + size, bottom + size],
      [left, bottom + size],
      [left, bottom],
    ],
  ],
});

/** A vector cube with the values 0, 1, 2, … of a property, in meters. */
async function geometries(...list: (object | null)[]): Promise<Cube> {
  const features = list.map((geometry, n) => ({ type: 'Feature', id: `g${n}`, geometry, properties: { n } }));
  const data = { type: 'FeatureCollection', features };
  const cube = await runCube('load_geojson', { data, properties: ['n'] });
  const [dimension, ...rest] = cube.dimensions;
  return defineCube({
    ...cube,
    dimensions: [{ ...(dimension as GeometryDimension), referenceSystem: 32632 }, ...rest],
  });
}

const zonesOf = (cube: Cube) => cube.dimensions[0] as GeometryDimension;
const positions = (cube: Cube) =>
  (zonesOf(cube).labels as (Geometry | null)[]).map((geometry) => geometry?.coordinates ?? null);

describe('vector_to_regular_points', () => {
  const line = {
    type: 'LineString',
    coordinates: [
      [0, 0],
      [25, 0],
      [25, 20],
    ],
  };

  test('the middles of cells, steps along lines, and points', async () => {
    const data = await geometries(
      square(0, 0, 20),
      line,
      { type: 'Point', coordinates: [7, 8] },
      null,
      square(0, 0, 4),
    );
    const result = await runCube('vector_to_regular_points', { data, distance: 10 });
    expect(positions(result)).toEqual([
      [
        [5, 15],
        [15, 15],
        [5, 5],
        [15, 5],
      ],
      [
        [0, 0],
        [10, 0],
        [20, 0],
        [25, 5],
        [25, 15],
      ],
      [[7, 8]],
      null,
      [[0, 0]],
    ]);
    expect(zonesOf(result).features?.map(({ id }) => id)).toEqual(['g0', 'g1', 'g2', 'g3', 'g4']);
    expect(await readAll(result)).toEqual([0, 1, 2, 3, 4]);
  });

  test('points of their own repeat values and properties, without identifiers', async () => {
    const data = await geometries(line, null);
    const result = await runCube('vector_to_regular_points', { data, distance: 20, group: false });
    expect(positions(result)).toEqual([[0, 0], [20, 0], [25, 15], null]);
    expect(zonesOf(result).features).toEqual([0, 0, 0, 1].map((n) => ({ properties: { n } })));
    expect(await readAll(result)).toEqual([0, 0, 0, 1]);
  });

  test('needs meters and a distance', async () => {
    const degrees = await runCube('load_geojson', { data: { type: 'Point', coordinates: [1, 2] } });
    expect(await codeOf(runCube('vector_to_regular_points', { data: degrees, distance: 1 }))).toBe(
      'UnitMismatch',
    );
    const data = await geometries(square(0, 0, 1e6));
    expect(await codeOf(runCube('vector_to_regular_points', { data, distance: 0 }))).toBe(
      'ProcessParameterInvalid',
    );
    expect(await codeOf(runCube('vector_to_regular_points', { data, distance: 1 }))).toBe(
      'ProcessGraphComplexity',
    );
  });
});

describe('vector_to_random_points', () => {
  const hollow = {
    type: 'Polygon',
    coordinates: [...square(0, 0, 9).coordinates, ...square(3, 3, 3).coordinates],
  };
  const data = () =>
    geometries(
      hollow,
      {
        type: 'MultiPoint',
        coordinates: [
          [1, 1],
          [2, 2],
        ],
      },
      {
        type: 'LineString',
        coordinates: [
          [0, 5],
          [10, 5],
        ],
      },
      null,
    );
  const sample = async (rest: object) =>
    positions(await runCube('vector_to_random_points', { data: await data(), ...rest })) as number[][][];

  test('lie in their geometries, and points are taken once', async () => {
    const [polygon, points, line, empty] = await sample({ geometry_count: 50, seed: 3 });
    expect([polygon.length, points.length, line.length, empty]).toEqual([50, 2, 50, null]);
    for (const [px, py] of polygon) {
      expect(px >= 0 && px <= 9 && py >= 0 && py <= 9).toBe(true);
      expect(px > 3 && px < 6 && py > 3 && py < 6).toBe(false);
    }
    expect([...points].sort()).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(line.every(([px, py]) => px >= 0 && px <= 10 && py === 5)).toBe(true);
  });

  test('the same seed gives the same points; the numbers are limits', async () => {
    expect(await sample({ seed: 1, geometry_count: 3 })).toEqual(
      await sample({ seed: 1, geometry_count: 3 }),
    );
    expect(await sample({ seed: 1 })).not.toEqual(await sample({ seed: 2 }));
    const counts = async (rest: object) => (await sample(rest)).map((own) => own?.length ?? 0);
    expect(await counts({})).toEqual([1, 1, 1, 0]);
    expect(await counts({ total_count: 10 })).toEqual([4, 2, 4, 0]);
    expect(await counts({ total_count: 100, geometry_count: 3 })).toEqual([3, 2, 3, 0]);
    expect(await codeOf(sample({ total_count: 3 }))).toBe('CountMismatch');
  });
});

test('stac_modify merges, removes and replaces', async () => {
  const data = { id: 'a', properties: { one: 1, two: [2, 3], __proto: 0 }, stac_version: '1.0.0' };
  const changes = { id: 'b', properties: { one: null, two: [4] }, extra: { x: null, y: 1 } };
  expect(await runProcess('stac_modify', { data, changes })).toEqual({
    id: 'b',
    properties: { two: [4], __proto: 0 },
    stac_version: '1.0.0',
    extra: { y: 1 },
  });
  const hostile = JSON.parse('{"__proto__": {"polluted": true}}') as object;
  await runProcess('stac_modify', { data, changes: hostile });
  expect({}).not.toHaveProperty('polluted');
});
