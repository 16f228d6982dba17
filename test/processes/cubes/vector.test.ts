import fc from 'fast-check';
import { type Cube, defineCube, isCube } from '../../../src/raster/cube';
import { geojson } from '../../../src/raster/formats/geojson';
import type { Geometry } from '../../../src/raster/geometry';
import { geometryPixels } from '../../../src/raster/geometry-pixels';
import {
  bands,
  callback,
  codeOf,
  cubeOf,
  describeCube,
  from,
  gridOf,
  readAll,
  reducer,
  runCube,
  runProcess,
  signal,
  times,
  utm,
  x,
  y,
} from './kit';

const grid = gridOf(4, 3);
const west = grid.originX;
const north = grid.originY;

/** A position in pixels of the grid, in its reference system. */
const at = (column: number, row: number) => [west + column * 10, north - row * 10];
const box = (left: number, top: number, right: number, bottom: number) => ({
  type: 'Polygon',
  coordinates: [[at(left, top), at(right, top), at(right, bottom), at(left, bottom), at(left, top)]],
});
const point = (column: number, row: number) => ({ type: 'Point', coordinates: at(column, row) });
const line = (...positions: [number, number][]) => ({
  type: 'LineString',
  coordinates: positions.map(([column, row]) => at(column, row)),
});

/** A vector cube in the reference system of the grid. */
async function zones(...geometries: (object | null)[]): Promise<Cube> {
  const features = geometries.map((geometry, index) => ({
    type: 'Feature',
    id: `zone${index}`,
    geometry,
    properties: { number: index },
  }));
  const cube = await runCube('load_geojson', { data: { type: 'FeatureCollection', features } });
  const [dimension] = cube.dimensions;
  return defineCube({ ...cube, dimensions: [{ ...dimension, referenceSystem: 32632 } as typeof dimension] });
}

const scene = (form: 'nan' | 'mask' = 'mask') =>
  cubeOf(
    [times('2024-01-01', '2024-01-02'), y, x],
    [
      ...Array.from({ length: 12 }, (_, i) => i),
      ...Array.from({ length: 12 }, (_, i) => (i === 5 ? null : i * 10)),
    ],
    { grid, form },
  );

describe('load_geojson', () => {
  const feature = (
    properties: object | null,
    geometry: object | null = { type: 'Point', coordinates: [1, 2] },
  ) => ({ type: 'Feature', properties, geometry });
  const load = (data: object, properties: string[] = []) => runCube('load_geojson', { data, properties });

  test('keeps geometries, identifiers and properties', async () => {
    const data = {
      type: 'FeatureCollection',
      features: [{ ...feature({ a: 1 }), id: 7 }, feature(null, null)],
    };
    const cube = await load(data);
    expect(cube.dimensions).toEqual([
      {
        type: 'geometry',
        name: 'geometry',
        labels: [{ type: 'Point', coordinates: [1, 2] }, null],
        features: [{ id: 7, properties: { a: 1 } }, { properties: null }],
        referenceSystem: 4326,
      },
    ]);
    expect(await readAll(cube)).toEqual([null, null]);
  });

  test('makes values of properties', async () => {
    const data = {
      type: 'FeatureCollection',
      features: [feature({ a: 1, b: 'x' }), feature({ a: 2, __proto__: 3 })],
    };
    expect(await readAll(await load(data, ['a']))).toEqual([1, 2]);
    const both = await load(data, ['b', 'a', 'constructor']);
    expect(both.dimensions[1]).toEqual({
      type: 'other',
      name: 'properties',
      labels: ['b', 'a', 'constructor'],
    });
    expect(await readAll(both)).toEqual(['x', 1, null, null, 2, null]);
    const lists = await load(
      { type: 'FeatureCollection', features: [feature({ a: [1, 2] }), feature({ a: [3] }), feature({})] },
      ['a'],
    );
    expect(describeCube(lists).properties).toEqual([0, 1]);
    expect(await readAll(lists)).toEqual([1, 2, 3, null, null, null]);
  });

  test('refuses what is not supported', async () => {
    for (const data of [
      { type: 'GeometryCollection', geometries: [] },
      { type: 'Polygon', coordinates: [[1, 2]] },
      { type: 'FeatureCollection', features: [{ type: 'Point', coordinates: [1, 2] }] },
      { type: 'Sphere', coordinates: [1, 2] },
    ])
      expect(await codeOf(load(data))).toBe('ProcessParameterInvalid');
  });
});

describe('pixels of geometries', () => {
  const inside = (geometry: object) => {
    const part = geometryPixels(geometry as Geometry, utm, grid);
    const flags = new Array(12).fill(0);
    part?.inside.forEach((flag, i) => {
      const [column, row] = [part.column + (i % part.grid.width), part.row + Math.floor(i / part.grid.width)];
      flags[row * 4 + column] = flag;
    });
    return flags.flatMap((flag, i) => (flag ? [i] : []));
  };

  test('polygons by centres, points by the nearest, lines by all that they pass', () => {
    expect(inside(box(0.4, 0.4, 2.6, 1.6))).toEqual([0, 1, 2, 4, 5, 6]);
    expect(inside(box(0.6, 0.6, 1.4, 1.4))).toEqual([]);
    expect(inside(point(1.9, 2.1))).toEqual([9]);
    expect(inside(point(4, 3))).toEqual([11]);
    expect(inside(point(4.1, 3))).toEqual([]);
    expect(inside(line([0.5, 0.5], [2.5, 0.5]))).toEqual([0, 1, 2]);
    expect(inside(line([0.2, 0.9], [0.9, 2.9]))).toEqual([0, 4, 8]);
    expect(inside(line([-5, 1.5], [9, 1.5]))).toEqual([4, 5, 6, 7]);
    expect(inside({ type: 'MultiPoint', coordinates: [at(0.5, 0.5), at(3.5, 2.5)] })).toEqual([0, 11]);
  });

  test('lines pass the pixels of all of their points', () => {
    const place = fc.tuple(
      fc.double({ min: -2, max: 6, noNaN: true }),
      fc.double({ min: -2, max: 5, noNaN: true }),
    );
    fc.assert(
      fc.property(place, place, fc.double({ min: 0, max: 1, noNaN: true }), (one, other, t) => {
        const [column, row] = [one[0] + t * (other[0] - one[0]), one[1] + t * (other[1] - one[1])];
        const isClear = (value: number) => Math.abs(value - Math.round(value)) > 1e-3;
        if (!isClear(column) || !isClear(row) || column < 0 || row < 0 || column > 4 || row > 3) return;
        expect(inside(line(one, other))).toContain(Math.floor(row) * 4 + Math.floor(column));
      }),
    );
  });
});

describe('filter_spatial', () => {
  test('crops to the box and masks inside of it', async () => {
    const geometries = await zones(point(0.5, 0.5), point(2.5, 1.5));
    const result = await runCube('filter_spatial', { data: scene(), geometries });
    expect(result.grid).toMatchObject({ width: 3, height: 2, originX: west, originY: north });
    expect(await readAll(result)).toEqual([0, null, null, null, null, 6, 0, null, null, null, null, 60]);
  });

  test('nothing is left of a cube beyond the geometries', async () => {
    const result = await runCube('filter_spatial', {
      data: scene(),
      geometries: { type: 'Point', coordinates: [0, 0] },
    });
    expect(result.grid).toMatchObject({ width: 0, height: 0 });
  });

  test('rows of the box without a pixel in the polygon stay', async () => {
    const triangle = { type: 'Polygon', coordinates: [[at(0, 3), at(2.2, 0), at(4, 3), at(0, 3)]] };
    const result = await runCube('filter_spatial', { data: scene(), geometries: await zones(triangle) });
    expect(result.grid).toMatchObject({ width: 4, height: 3 });
  });
});

describe('aggregate_spatial', () => {
  test('one value per geometry and label, with the properties of the geometries', async () => {
    const geometries = await zones(box(0, 0, 2, 2), null, point(3.5, 2.5), box(90, 90, 91, 91));
    const result = await runCube('aggregate_spatial', { data: scene(), geometries, reducer: reducer('sum') });
    expect(result.dimensions.map(({ name }) => name)).toEqual(['geometry', 't']);
    expect(result.dimensions[0]).toMatchObject({
      features: [{ id: 'zone0', properties: { number: 0 } }, {}, {}, {}],
      referenceSystem: 32632,
    });
    expect(await readAll(result)).toEqual([10, 50, null, null, 11, 110, null, null]);
    const part = {
      select: new Map([
        ['geometry', [2, 0]],
        ['t', [1]],
      ]),
    };
    expect(await readAll(result, part)).toEqual([110, 50]);
  });

  test('counts pixels and valid ones', async () => {
    const geometries = await zones(box(0, 0, 2, 2), null);
    const args = { data: scene(), geometries, reducer: reducer('mean'), target_dimension: 'counts' };
    const result = await runCube('aggregate_spatial', args);
    expect(describeCube(result).counts).toEqual(['value', 'total_count', 'valid_count']);
    expect(await readAll(result)).toEqual([2.5, 4, 4, 50 / 3, 4, 3, null, null, null, null, null, null]);
    expect(await codeOf(runCube('aggregate_spatial', { ...args, target_dimension: 't' }))).toBe(
      'TargetDimensionExists',
    );
  });

  test.each(['sum', 'mean', 'min', 'max', 'count'])(
    '%s gives the same in one go and piece by piece',
    async (id) => {
      const geometries = await zones(box(0, 0, 3, 3), box(0.6, 0.6, 1.4, 1.4), box(1, 1, 2, 2));
      const twice = {
        process_graph: {
          one: { process_id: id, arguments: { data: from('data') } },
          same: { process_id: 'constant', arguments: { x: { from_node: 'one' } }, result: true },
        },
      };
      for (const form of ['nan', 'mask'] as const) {
        const data = scene(form);
        const run = async (process: object) =>
          await readAll(await runCube('aggregate_spatial', { data, geometries, reducer: process }));
        expect(await run(reducer(id))).toEqual(await run(twice));
      }
    },
  );

  test('takes GeoJSON, and any reducer', async () => {
    const whole = {
      type: 'Polygon',
      coordinates: [
        [
          [10, 46],
          [11, 46],
          [11, 47],
          [10, 47],
          [10, 46],
        ],
      ],
    };
    const result = await runCube('aggregate_spatial', {
      data: scene(),
      geometries: whole,
      reducer: reducer('median'),
    });
    expect(await readAll(result)).toEqual([5.5, 60]);
    const bad = { data: scene(), geometries: whole, reducer: reducer('extrema') };
    expect(await codeOf(readAll(await runCube('aggregate_spatial', bad)))).toBe('ProcessParameterInvalid');
  });
});

test('reduce_spatial makes one value of all pixels', async () => {
  const result = await runCube('reduce_spatial', { data: scene(), reducer: reducer('max') });
  expect(describeCube(result)).toEqual({ t: ['2024-01-01', '2024-01-02'] });
  expect(await readAll(result)).toEqual([11, 110]);
  const truth = await runCube('reduce_spatial', {
    data: scene(),
    reducer: callback('array_contains', { data: from('data'), value: 50 }),
  });
  expect(await readAll(truth)).toEqual([false, false]);
});

describe('apply_polygon', () => {
  const left = callback('apply_kernel', { data: from('data'), kernel: [[1, 0, 0]], replace_invalid: -1 });
  const run = (geometries: Cube, rest: object = {}) =>
    runCube('apply_polygon', { data: scene(), geometries, process: left, ...rest });

  test('every polygon is a cube of its own', async () => {
    const result = await run(await zones(box(0, 0, 2, 2), box(2, 0, 4, 1)));
    const first = await readAll(result, { select: new Map([['t', [0]]]) });
    expect(first).toEqual([0, 0, 0, 2, 0, 4, null, null, null, null, null, null]);
    expect(result.grid).toEqual(grid);
  });

  test('pixels outside are masked by a value of choice', async () => {
    const corner = {
      type: 'Polygon',
      coordinates: [[at(0, 0), at(2, 0), at(2, 2), at(1, 2), at(1, 1), at(0, 1), at(0, 0)]],
    };
    const masked = async (mask_value: number | null) =>
      await readAll(await run(await zones(corner), { mask_value }), { select: new Map([['t', [0]]]) });
    expect((await masked(null)).slice(0, 6)).toEqual([0, 0, null, null, null, -1]);
    expect((await masked(7)).slice(0, 6)).toEqual([0, 0, null, null, null, 7]);
  });

  test('refuses overlaps, other geometries and other shapes', async () => {
    expect(await codeOf(run(await zones(box(0, 0, 2, 2), box(1, 1, 3, 3))))).toBe('GeometriesOverlap');
    expect(await codeOf(run(await zones(point(1, 1))))).toBe('ProcessParameterInvalid');
    const reduce = callback('reduce_dimension', {
      data: from('data'),
      dimension: 't',
      reducer: reducer('max'),
    });
    expect(await codeOf(run(await zones(box(0, 0, 2, 2)), { process: reduce }))).toBe(
      'ProcessParameterInvalid',
    );
  });
});

describe('flatten_dimensions and unflatten_dimension', () => {
  const data = cubeOf(
    [times('2020', '2021'), bands('B1', 'B2'), y, x],
    Array.from({ length: 8 }, (_, i) => i + 1),
    { grid: gridOf(2, 1) },
  );

  test('labels and values are joined in the given order', async () => {
    const flat = await runCube('flatten_dimensions', {
      data,
      dimensions: ['bands', 't'],
      target_dimension: 'X',
    });
    expect(describeCube(flat)).toEqual({
      X: ['B1~2020', 'B1~2021', 'B2~2020', 'B2~2021'],
      y: 'grid',
      x: 'grid',
    });
    expect(await readAll(flat)).toEqual([1, 2, 5, 6, 3, 4, 7, 8]);
    const back = await runCube('unflatten_dimension', {
      data: flat,
      dimension: 'X',
      target_dimensions: ['A', 'B'],
    });
    expect(describeCube(back)).toEqual({ A: ['B1', 'B2'], B: ['2020', '2021'], y: 'grid', x: 'grid' });
    expect(await readAll(back)).toEqual([1, 2, 5, 6, 3, 4, 7, 8]);
  });

  test('x and y are dimensions too', async () => {
    const flat = await runCube('flatten_dimensions', {
      data,
      dimensions: ['x', 'bands'],
      target_dimension: 'X',
      label_separator: '/',
    });
    expect(describeCube(flat).X).toEqual(['600005/B1', '600005/B2', '600015/B1', '600015/B2']);
    expect(await readAll(flat)).toEqual([1, 3, 2, 4, 5, 7, 6, 8]);
  });

  test('combinations without a label have no data', async () => {
    const sparse = cubeOf([bands('a~1', 'b~2')], [1, 2]);
    const result = await runCube('unflatten_dimension', {
      data: sparse,
      dimension: 'bands',
      target_dimensions: ['n', 'm'],
    });
    expect(await readAll(result)).toEqual([1, null, null, 2]);
    const uneven = {
      data: cubeOf([bands('a~1', 'b')], [1, 2]),
      dimension: 'bands',
      target_dimensions: ['n', 'm'],
    };
    expect(await codeOf(runCube('unflatten_dimension', uneven))).toBe('ProcessParameterInvalid');
    expect(await codeOf(runCube('unflatten_dimension', { ...uneven, dimension: 'c' }))).toBe(
      'DimensionNotAvailable',
    );
    expect(
      await codeOf(
        runCube('unflatten_dimension', { data, dimension: 't', target_dimensions: ['bands', 'm'] }),
      ),
    ).toBe('TargetDimensionExists');
    expect(
      await codeOf(runCube('flatten_dimensions', { data, dimensions: ['t'], target_dimension: 'x' })),
    ).toBe('TargetDimensionExists');
    expect(
      await codeOf(runCube('flatten_dimensions', { data, dimensions: ['c'], target_dimension: 'd' })),
    ).toBe('DimensionNotAvailable');
  });
});

describe('GeoJSON', () => {
  const encode = async (data: unknown) => {
    const { body } = await geojson.encode(data, { options: {}, signal, maxPixels: 1000 });
    return JSON.parse(Buffer.from(body as Uint8Array).toString()) as {
      features: { geometry: Geometry; properties: object; id?: string }[];
    };
  };

  test('features carry their properties and values, in WGS 84', async () => {
    const geometries = await zones(point(0.5, 0.5), null);
    const result = await runCube('aggregate_spatial', { data: scene(), geometries, reducer: reducer('sum') });
    const { features } = await encode(result);
    expect(features.map(({ id, properties }) => ({ id, properties }))).toEqual([
      { id: 'zone0', properties: { number: 0, '2024-01-01': 0, '2024-01-02': 0 } },
      { id: 'zone1', properties: { number: 1, '2024-01-01': null, '2024-01-02': null } },
    ]);
    const [lon, lat] = features[0].geometry.coordinates as number[];
    expect(lon).toBeCloseTo(10.314, 3);
    expect(lat).toBeCloseTo(46.946, 3);
    expect(features[1].geometry).toBeNull();
  });

  test('geometries survive the way there and back', async () => {
    const data = {
      type: 'FeatureCollection',
      features: [
        {
          type: 'Feature',
          id: 'a',
          geometry: { type: 'Point', coordinates: [1, 2] },
          properties: { b: [1] },
        },
      ],
    };
    const cube = await runCube('load_geojson', { data });
    expect(await encode(cube)).toEqual(data);
    const there = await runCube('vector_reproject', { data: cube, projection: 3857 });
    expect(there.dimensions[0]).toMatchObject({ referenceSystem: 3857 });
    const [feature] = (await encode(there)).features;
    expect((feature.geometry.coordinates as number[])[0]).toBeCloseTo(1, 9);
    expect(await codeOf(runCube('vector_reproject', { data: cube, projection: 3857, dimension: 'x' }))).toBe(
      'DimensionNotAvailable',
    );
    expect(await codeOf(runCube('vector_reproject', { data: cube, projection: 1001 }))).toBe(
      'ProcessParameterInvalid',
    );
  });

  test('save_result takes vector cubes only', async () => {
    expect(await codeOf(runProcess('save_result', { data: scene(), format: 'GeoJSON' }))).toBe(
      'FormatUnsuitable',
    );
    const saved = (await runProcess('save_result', { data: await zones(null), format: 'geojson' })) as {
      data: unknown;
    };
    expect(isCube(saved.data)).toBe(true);
  });
});

test('mask_polygon takes vector cubes', async () => {
  const result = await runCube('mask_polygon', { data: scene(), mask: await zones(box(0, 0, 2, 1), null) });
  expect((await readAll(result)).flatMap((value, i) => (value === null ? [] : [i]))).toEqual([0, 1, 12, 13]);
});
