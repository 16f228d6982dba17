import type { Cube } from '../../../../src/raster/cube';
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
  times,
  x,
  y,
} from '../kit';
import { at, box, grid, point, scene, zones } from './support';

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
