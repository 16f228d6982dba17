import fc from 'fast-check';
import { subGrid } from '../../../src/geo/grid';
import type { Grid } from '../../../src/geo/types';
import { type Cube, layerDimensions } from '../../../src/raster/cube';
import { withLabels } from '../../../src/raster/labelled-view';
import {
  bands,
  callback,
  cubeOf,
  type Form,
  from,
  fromNode,
  gridOf,
  readAll,
  reducer,
  runCube,
  times,
  x,
  y,
} from './kit';

const grid = gridOf(7, 5);
const t = times('2024-01-01T00:00:00Z', '2024-01-11T00:00:00Z', '2024-02-01T00:00:00Z');
const b = bands('red', 'nir', 'scl');

/** Deterministic values, every seventh missing. */
function values(count: number, seed: number): (number | null)[] {
  return Array.from({ length: count }, (_, i) =>
    (i + seed) % 7 === 3 ? null : ((i * 37 + seed * 11) % 23) - 4,
  );
}

function full(form: Form, seed = 0, size: Grid = grid): Cube {
  return cubeOf([t, b, y, x], values(9 * size.width * size.height, seed), { form, grid: size });
}

function flat(form: Form, seed = 0): Cube {
  return cubeOf([y, x], values(35, seed), { form, grid });
}

function twoYears(form: Form, seed = 0): Cube {
  const dates = times('2023-01-01', '2023-02-11', '2024-02-01');
  return cubeOf([dates, b, y, x], values(9 * 35, seed), { form, grid });
}

/** A target with other dates. */
function dates(): Cube {
  return cubeOf([times('2024-01-09', '2024-01-06', '2024-06-01', '2024-01-28')], [1, 2, 3, 4]);
}

const kernel3 = [
  [1, 2, 1],
  [0, 3, -1],
  [1, 0, 2],
];

const sum = callback('add', { x: from('x'), y: from('y') });
const triangle = {
  type: 'Polygon',
  coordinates: [
    [
      [10.3141, 46.94556],
      [10.3149, 46.94556],
      [10.3146, 46.94597],
      [10.3141, 46.94556],
    ],
  ],
};
const box = { west: 600_012, south: 5_199_960, east: 600_052, north: 5_199_991, crs: 32632 };

/** A cube by each process, of small cubes in the given form. */
const cases: Readonly<Record<string, (form: Form) => Promise<Cube>>> = {
  filter_bands: (form) => runCube('filter_bands', { data: full(form), bands: ['scl', 'red'] }),
  filter_temporal: (form) => runCube('filter_temporal', { data: full(form), extent: ['2024-01-05', null] }),
  filter_bbox: (form) => runCube('filter_bbox', { data: full(form), extent: box }),
  filter_labels: (form) =>
    runCube('filter_labels', {
      data: full(form),
      dimension: 'bands',
      condition: callback('neq', { x: from('value'), y: 'nir' }),
    }),
  'reduce_dimension over time': (form) =>
    runCube('reduce_dimension', { data: full(form), dimension: 't', reducer: reducer('mean') }),
  'reduce_dimension over bands': (form) =>
    runCube('reduce_dimension', { data: full(form), dimension: 'bands', reducer: reducer('max') }),
  'reduce_dimension that compares': (form) =>
    runCube('reduce_dimension', {
      data: full(form),
      dimension: 'bands',
      reducer: {
        process_graph: {
          low: { process_id: 'min', arguments: { data: from('data') } },
          is: { process_id: 'gt', arguments: { x: fromNode('low'), y: 3 }, result: true },
        },
      },
    }),
  apply: (form) =>
    runCube('apply', { data: full(form), process: callback('multiply', { x: from('x'), y: 3 }) }),
  'apply that compares': (form) =>
    runCube('apply', { data: full(form), process: callback('gt', { x: from('x'), y: 3 }) }),
  apply_dimension: (form) =>
    runCube('apply_dimension', {
      data: full(form),
      dimension: 't',
      target_dimension: 'extremes',
      process: reducer('extrema'),
    }),
  'merge_cubes side by side': async (form) =>
    runCube('merge_cubes', {
      cube1: full(form),
      cube2: await runCube('rename_labels', {
        data: full(form, 5),
        dimension: 'bands',
        source: ['red', 'nir', 'scl'],
        target: ['a', 'b', 'c'],
      }),
    }),
  'merge_cubes with an overlap': async (form) =>
    runCube('merge_cubes', {
      cube1: await runCube('filter_bands', { data: full(form), bands: ['red', 'nir'] }),
      cube2: await runCube('filter_bands', { data: full('mask', 2), bands: ['scl', 'nir'] }),
      overlap_resolver: sum,
    }),
  'merge_cubes of unequal extents': (form) =>
    runCube('merge_cubes', {
      cube1: full(form),
      cube2: full(form, 3, { ...gridOf(6, 4), originX: 600_030, originY: 5_200_020 }),
      overlap_resolver: sum,
    }),
  'merge_cubes of fewer dimensions': (form) =>
    runCube('merge_cubes', { cube1: flat(form), cube2: full(form), overlap_resolver: sum }),
  mask: (form) => runCube('mask', { data: full(form), mask: flat(form, 1) }),
  'mask with a replacement': (form) =>
    runCube('mask', { data: full(form), mask: flat(form, 1), replacement: 99 }),
  mask_polygon: (form) => runCube('mask_polygon', { data: full(form), mask: triangle }),
  ndvi: (form) => runCube('ndvi', { data: full(form), nir: 'nir', red: 'red' }),
  'ndvi with a new band': (form) =>
    runCube('ndvi', { data: full(form), nir: 'nir', red: 'red', target_band: 'ndvi' }),
  rename_labels: (form) =>
    runCube('rename_labels', { data: full(form), dimension: 'bands', source: ['nir'], target: ['near'] }),
  rename_dimension: (form) => runCube('rename_dimension', { data: full(form), source: 't', target: 'time' }),
  add_dimension: (form) => runCube('add_dimension', { data: full(form), name: 'new', label: 1 }),
  drop_dimension: async (form) =>
    runCube('drop_dimension', {
      data: await runCube('filter_bands', { data: full(form), bands: ['nir'] }),
      name: 'bands',
    }),
  aggregate_temporal: (form) =>
    runCube('aggregate_temporal', {
      data: full(form),
      intervals: [
        ['2024-01-01', '2024-01-12'],
        ['2024-01-05', '2024-03-01'],
        ['2024-03-01', null],
      ],
      reducer: reducer('max'),
    }),
  'aggregate_temporal_period that takes truth values': (form) =>
    runCube('aggregate_temporal_period', {
      data: full(form),
      period: 'dekad',
      reducer: {
        process_graph: {
          mean: { process_id: 'mean', arguments: { data: from('data') } },
          is: { process_id: 'gt', arguments: { x: fromNode('mean'), y: 3 }, result: true },
        },
      },
    }),
  aggregate_temporal_period: (form) =>
    runCube('aggregate_temporal_period', { data: full(form), period: 'dekad', reducer: reducer('mean') }),
  resample_cube_temporal: (form) => runCube('resample_cube_temporal', { data: full(form), target: dates() }),
  'resample_cube_temporal to valid values': (form) =>
    runCube('resample_cube_temporal', { data: full(form), target: dates(), valid_within: 20 }),
  climatological_normal: (form) =>
    runCube('climatological_normal', {
      data: twoYears(form),
      period: 'month',
      climatology_period: [2023, 2024],
    }),
  anomaly: async (form) =>
    runCube('anomaly', {
      data: twoYears(form),
      period: 'month',
      normals: await runCube('climatological_normal', {
        data: twoYears('mask', 4),
        period: 'month',
        climatology_period: [2023, 2024],
      }),
    }),
  apply_kernel: (form) =>
    runCube('apply_kernel', { data: full(form), kernel: kernel3, border: 'wrap', replace_invalid: -3 }),
  'apply_kernel with a number beyond the border': (form) =>
    runCube('apply_kernel', { data: full(form), kernel: [...kernel3, ...kernel3.slice(1)], border: 4 }),
  apply_neighborhood: (form) =>
    runCube('apply_neighborhood', {
      data: full(form),
      process: callback('apply_kernel', { data: from('data'), kernel: kernel3, border: 'replicate' }),
      size: [
        { dimension: 'x', value: 3, unit: 'px' },
        { dimension: 'y', value: 2, unit: 'px' },
        { dimension: 't', value: 2 },
      ],
      overlap: [
        { dimension: 'x', value: 1, unit: 'px' },
        { dimension: 't', value: 1 },
      ],
    }),
  'apply_neighborhood with arrays of pixels': (form) =>
    runCube('apply_neighborhood', {
      data: full(form),
      process: callback('array_create', { data: from('data') }),
      size: [
        { dimension: 'x', value: 1, unit: 'px' },
        { dimension: 'y', value: 1, unit: 'px' },
        { dimension: 't', value: 1 },
        { dimension: 'bands', value: 1 },
      ],
    }),
  filter_spatial: (form) => runCube('filter_spatial', { data: full(form), geometries: triangle }),
  apply_polygon: async (form) =>
    runCube('apply_polygon', {
      data: full(form),
      geometries: await runCube('load_geojson', { data: triangle }),
      process: callback('apply_kernel', { data: from('data'), kernel: kernel3, border: 'replicate' }),
    }),
  flatten_dimensions: (form) =>
    runCube('flatten_dimensions', { data: full(form), dimensions: ['bands', 't'], target_dimension: 'both' }),
  unflatten_dimension: async (form) =>
    runCube('unflatten_dimension', {
      data: await runCube('flatten_dimensions', {
        data: full(form),
        dimensions: ['t', 'bands'],
        target_dimension: 'both',
      }),
      dimension: 'both',
      target_dimensions: ['u', 'v'],
    }),
  colormap: (form) => runCube('colormap', { data: flat(form), min: -4, max: 19 }),
};

/** The values of a window cut from the whole: `null` where it reaches beyond. */
function cut(
  whole: readonly unknown[],
  counts: readonly number[],
  source: Grid,
  part: readonly [column: number, row: number, width: number, height: number],
  select: readonly (readonly number[])[],
  outside: unknown,
): unknown[] {
  const [column, row, width, height] = part;
  let planes = [0];
  counts.forEach((count, axis) => {
    planes = planes.flatMap((plane) => select[axis].map((index) => plane * count + index));
  });
  return planes.flatMap((plane) =>
    Array.from({ length: width * height }, (_, i) => {
      const [c, r] = [column + (i % width), row + Math.floor(i / width)];
      if (c < 0 || r < 0 || c >= source.width || r >= source.height) return outside;
      return whole[(plane * source.height + r) * source.width + c];
    }),
  );
}

describe.each(Object.keys(cases))('%s', (name) => {
  test.each(['nan', 'mask'] as const)(
    'a window equals a cut from the whole, in the %s form',
    async (form) => {
      const cube = await cases[name](form);
      const source = cube.grid!;
      const layers = layerDimensions(cube);
      const counts = layers.map(({ labels }) => labels?.length ?? 0);
      const whole = await readAll(cube);
      expect(whole).toHaveLength(
        counts.reduce((total, count) => total * count, source.width * source.height),
      );
      expect(whole.some((value) => value !== null)).toBe(true);
      // Colours say by their opacity where nothing is.
      const outside = name === 'colormap' ? 0 : null;
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: -3, max: 8 }),
          fc.integer({ min: -3, max: 8 }),
          fc.integer({ min: 1, max: 9 }),
          fc.integer({ min: 1, max: 9 }),
          fc.tuple(...counts.map((count) => fc.shuffledSubarray(Array.from({ length: count }, (_, i) => i)))),
          async (column, row, width, height, select) => {
            const values = await readAll(cube, {
              grid: subGrid(source, column, row, width, height),
              select: new Map(layers.map((layer, axis) => [layer.name, select[axis]])),
            });
            expect(values).toEqual(cut(whole, counts, source, [column, row, width, height], select, outside));
          },
        ),
        { numRuns: 25 },
      );
    },
  );

  test('gives the same without a grid', async () => {
    const cube = await cases[name]('mask');
    const labelled = withLabels(cube);
    const order = cube.dimensions.map((dimension) => dimension.name);
    expect(labelled.dimensions.map((dimension) => dimension.name)).toEqual(order);
    // Here x and y are the last dimensions already, so the values are in the same order.
    if (order.at(-1) === 'x' && order.at(-2) === 'y')
      expect(await readAll(labelled)).toEqual(await readAll(cube));
  });
});
