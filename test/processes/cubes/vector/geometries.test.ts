import fc from 'fast-check';
import { isCube } from '../../../../src/raster/cube';
import { geojson } from '../../../../src/raster/formats/geojson';
import type { Geometry } from '../../../../src/raster/vector/geometry';
import { geometryPixels } from '../../../../src/raster/vector/geometry-pixels';
import { codeOf, describeCube, readAll, reducer, runCube, runProcess, signal, utm } from '../kit';
import { at, box, grid, line, north, point, scene, west, zones } from './support';

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
