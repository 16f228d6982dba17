import { type Cube, defineCube } from '../../../src/raster/cube';
import type { Geometry, GeometryDimension } from '../../../src/raster/vector/geometry';
import { codeOf, cubeOf, gridOf, readAll, runCube, runProcess, x, y } from './kit';

const ring = (...positions: number[][]) => [...positions, positions[0]];
const square = (left: number, bottom: number, size: number) => ({
  type: 'Polygon',
  coordinates: [
    ring([left, bottom], [left + size, bottom], [left + size, bottom + size], [left, bottom + size]),
  ],
});
const point = (...coordinates: number[]) => ({ type: 'Point', coordinates });
const path = (...coordinates: number[][]) => ({ type: 'LineString', coordinates });

/** A vector cube with the values 0, 1, 2, … of a property. */
async function vectors(list: (object | null)[], crs: number | string = 32632): Promise<Cube> {
  const features = list.map((geometry, n) => ({ type: 'Feature', id: `g${n}`, geometry, properties: { n } }));
  const cube = await runCube('load_geojson', {
    data: { type: 'FeatureCollection', features },
    properties: ['n'],
  });
  const [dimension, ...rest] = cube.dimensions;
  return defineCube({
    ...cube,
    dimensions: [{ ...(dimension as GeometryDimension), referenceSystem: crs }, ...rest],
  });
}

const shapes = (cube: Cube) => (cube.dimensions[0] as GeometryDimension).labels as (Geometry | null)[];
const ids = (cube: Cube) => (cube.dimensions[0] as GeometryDimension).features?.map(({ id }) => id);

function area(geometry: Geometry | null): number {
  const polygons =
    geometry?.type === 'Polygon'
      ? [geometry.coordinates]
      : geometry?.type === 'MultiPolygon'
        ? geometry.coordinates
        : [];
  let sum = 0;
  for (const polygon of polygons)
    for (const line of polygon)
      for (let i = 1; i < line.length; i++)
        sum += (line[i - 1][0] * line[i][1] - line[i][0] * line[i - 1][1]) / 2;
  return sum;
}

describe('filter_vector', () => {
  const data = [
    square(0, 0, 10), // 0: the base itself
    square(2, 2, 2), // 1: inside
    square(-5, -5, 30), // 2: around
    square(10, 0, 5), // 3: beside, touching
    square(8, 8, 5), // 4: overlapping
    square(20, 20, 2), // 5: apart
    path([-5, 5], [15, 5]), // 6: crossing
    point(5, 5), // 7: inside
    point(0, 5), // 8: on the border
    null, // 9: empty
    { type: 'MultiPoint', coordinates: [] }, // 10: empty
    {
      type: 'MultiPoint',
      coordinates: [
        [5, 5],
        [50, 50],
      ],
    }, // 11: inside and outside
  ];
  const kept = {
    intersects: [0, 1, 2, 3, 4, 6, 7, 8, 11],
    disjoint: [5],
    equals: [0],
    touches: [3, 8],
    crosses: [6, 11],
    overlaps: [4],
    contains: [0, 1, 7],
    within: [0, 2],
  };

  test.each(Object.entries(kept))('%s', async (relation, expected) => {
    const geometries = await vectors([square(0, 0, 10)]);
    const result = await runCube('filter_vector', { data: await vectors(data), geometries, relation });
    expect(ids(result)).toEqual(expected.map((n) => `g${n}`));
    expect(await readAll(result)).toEqual(expected);
  });

  test('several geometries count as their union', async () => {
    const halves = await vectors([
      square(0, 0, 5),
      null,
      { type: 'Polygon', coordinates: [ring([5, 0], [10, 0], [10, 5], [5, 5])] },
    ]);
    const candidates = await vectors([
      { type: 'Polygon', coordinates: [ring([3, 1], [7, 1], [7, 4], [3, 4])] },
      square(4, 4, 4),
    ]);
    const filter = async (relation: string) =>
      ids(await runCube('filter_vector', { data: candidates, geometries: halves, relation }));
    expect(await filter('contains')).toEqual(['g0']);
    expect(await filter('intersects')).toEqual(['g0', 'g1']);
    expect(await filter('overlaps')).toEqual(['g1']);
    const mixed = await vectors([square(0, 0, 5), point(7, 7), path([20, 0], [30, 0])]);
    expect(ids(await runCube('filter_vector', { data: candidates, geometries: mixed }))).toEqual([
      'g0',
      'g1',
    ]);
  });

  test('coordinates are brought together, and intersecting is the default', async () => {
    const data = await vectors([point(11.0, 46.5), point(12.5, 46.5)], 4326);
    const geometries = await vectors([square(650_000, 5_145_000, 10_000)]);
    expect(ids(await runCube('filter_vector', { data, geometries }))).toEqual(['g0']);
  });

  test('nothing to compare with, and shapes that are none', async () => {
    const data = await vectors([square(0, 0, 1)]);
    expect(await codeOf(runProcess('filter_vector', { data, geometries: await vectors([null]) }))).toBe(
      'ProcessParameterInvalid',
    );
    const broken = await vectors([
      {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [1, 1],
            [0, 0],
          ],
        ],
      },
    ]);
    expect(await codeOf(runProcess('filter_vector', { data: broken, geometries: data }))).toBe(
      'ProcessParameterInvalid',
    );
    expect(await codeOf(runProcess('filter_vector', { data, geometries: data, relation: 'near' }))).toBe(
      'ProcessParameterInvalid',
    );
  });
});

describe('vector_buffer', () => {
  const buffer = async (list: (object | null)[], distance: number, crs: number | string = 32632) =>
    await runCube('vector_buffer', { geometries: await vectors(list, crs), distance });

  test('points, lines and polygons grow into polygons', async () => {
    const result = await buffer([point(5, 5, 100), path([0, 0], [100, 0]), square(0, 0, 10), null], 10);
    const [circle, sausage, rounded, none] = shapes(result);
    expect(circle?.type).toBe('Polygon');
    // 64 corners: 0.16 % less than a circle.
    expect(area(circle)).toBeCloseTo(32 * 100 * Math.sin(Math.PI / 32), 6);
    expect(area(sausage)).toBeCloseTo(100 * 20 + 32 * 100 * Math.sin(Math.PI / 32), 6);
    expect(area(rounded)).toBeCloseTo(100 + 4 * 10 * 10 + 32 * 100 * Math.sin(Math.PI / 32), 6);
    expect(none).toBeNull();
    expect(ids(result)).toEqual(['g0', 'g1', 'g2', 'g3']);
    expect(await readAll(result)).toEqual([0, 1, 2, 3]);
  });

  test('polygons shrink, fall apart and vanish', async () => {
    const dumbbell = {
      type: 'Polygon',
      coordinates: [
        ring(
          [0, 0],
          [10, 0],
          [10, 4],
          [20, 4],
          [20, 0],
          [30, 0],
          [30, 10],
          [20, 10],
          [20, 6],
          [10, 6],
          [10, 10],
          [0, 10],
        ),
      ],
    };
    const result = await buffer([square(0, 0, 10), dumbbell, square(0, 0, 2), point(1, 1)], -2);
    const [smaller, parts, gone, point0] = shapes(result);
    expect(area(smaller)).toBeCloseTo(36, 9);
    expect(parts?.type).toBe('MultiPolygon');
    // A little reaches into the corridor, whose ends have no walls.
    expect(Math.floor(area(parts ?? null))).toBe(72);
    expect(gone).toEqual({ type: 'Polygon', coordinates: [] });
    expect(point0).toEqual({ type: 'Polygon', coordinates: [] });
  });

  test('parts that meet become one, holes close', async () => {
    const holed = {
      type: 'Polygon',
      coordinates: [ring([0, 0], [10, 0], [10, 10], [0, 10]), ring([4, 4], [4, 6], [6, 6], [6, 4])],
    };
    const [merged, apart, filled, still] = shapes(
      await buffer(
        [
          {
            type: 'MultiPoint',
            coordinates: [
              [0, 0],
              [1, 0],
            ],
          },
          {
            type: 'MultiPoint',
            coordinates: [
              [0, 0],
              [9, 0],
            ],
          },
          holed,
          { ...holed, coordinates: [holed.coordinates[0], ring([1, 1], [1, 9], [9, 9], [9, 1])] },
        ],
        2,
      ),
    );
    expect(merged?.type).toBe('Polygon');
    expect(apart?.type).toBe('MultiPolygon');
    expect(filled?.coordinates).toHaveLength(1);
    expect(still?.coordinates).toHaveLength(2);
    expect(area(still)).toBeLessThan(area(filled));
  });

  test('units other than meters are refused', async () => {
    const geometries = await vectors([point(11, 46)], 4326);
    expect(await codeOf(runProcess('vector_buffer', { geometries, distance: 10 }))).toBe('UnitMismatch');
    const feet = await vectors([point(11, 46)], 2263);
    expect(await codeOf(runProcess('vector_buffer', { geometries: feet, distance: 10 }))).toBe(
      'UnitMismatch',
    );
    const meters = await vectors([point(11, 46)]);
    expect(await codeOf(runProcess('vector_buffer', { geometries: meters, distance: 0 }))).toBe(
      'ProcessParameterInvalid',
    );
  });
});

describe('merge_cubes', () => {
  const merge = (cube1: Cube, cube2: Cube, rest: object = {}) =>
    runCube('merge_cubes', { cube1, cube2, ...rest });
  const sum = {
    overlap_resolver: {
      process_graph: {
        s: {
          process_id: 'add',
          arguments: { x: { from_parameter: 'x' }, y: { from_parameter: 'y' } },
          result: true,
        },
      },
    },
  };

  test('geometries that cover the same points are one label', async () => {
    const [a, b, c] = [square(0, 0, 4), square(10, 0, 4), square(20, 0, 4)];
    // Begins elsewhere, goes the other way round, with a point more.
    const again = { type: 'Polygon', coordinates: [ring([14, 4], [14, 0], [12, 0], [10, 0], [10, 4])] };
    const multi = { type: 'MultiPolygon', coordinates: [a.coordinates] };
    const merged = await merge(await vectors([a, b]), await vectors([again, c, multi]), sum);
    expect(shapes(merged)).toEqual([a, b, c]);
    expect(await readAll(merged)).toEqual([0 + 2, 1 + 0, 1]);
  });

  test('labels of one place stay apart', async () => {
    const merged = await merge(await vectors([point(0, 0), point(0, 0)]), await vectors([point(1, 1)]));
    expect(await readAll(merged)).toEqual([0, 1, 0]);
  });

  test('kinds of geometries, reference systems, and pixels do not mix', async () => {
    const points = await vectors([point(0, 0), null]);
    const merging = (cube1: Cube, cube2: Cube) => codeOf(merge(cube1, cube2, sum));
    expect(await merging(points, await vectors([square(0, 0, 1)]))).toBe('IncompatibleGeometryTypes');
    expect(await merging(points, await vectors([path([0, 0], [1, 1])]))).toBe('IncompatibleGeometryTypes');
    expect(await merging(points, await vectors([{ type: 'MultiPoint', coordinates: [[3, 3]] }]))).toBe(
      'no error',
    );
    expect(await merging(points, await vectors([null]))).toBe('no error');
    expect(await merging(points, await vectors([point(0, 0)], 4326))).toBe('IncompatibleDataCubes');
    const pixels = cubeOf([y, x], [1, 2, 3, 4], { grid: gridOf(2, 2) });
    expect(await merging(points, pixels)).toBe('IncompatibleDataCubes');
    expect(await merging(pixels, points)).toBe('IncompatibleDataCubes');
  });
});
