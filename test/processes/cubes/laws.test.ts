import fc from 'fast-check';
import type { Cube } from '../../../src/raster/cube';
import {
  bands,
  callback,
  cubeOf,
  describeCube,
  type Form,
  from,
  gridOf,
  readAll,
  reducer,
  runCube,
  times,
  x,
  y,
} from './kit';

const grid = gridOf(3, 2);
const t = times('2024-01-01', '2024-02-01', '2024-03-01');
const b = bands('a', 'b');
const values = (count: number) =>
  fc.array(fc.option(fc.integer({ min: -50, max: 50 })), { minLength: count, maxLength: count });
const form = fc.constantFrom<Form>('nan', 'mask');
const cube = (dimensions: Parameters<typeof cubeOf>[0], data: unknown[], kind: Form) =>
  cubeOf(dimensions, data, { form: kind, grid });
const binary = (process: string) => callback(process, { x: from('x'), y: from('y') });

async function same(one: Cube, other: Cube): Promise<void> {
  expect(describeCube(one)).toEqual(describeCube(other));
  expect(await readAll(one)).toEqual(await readAll(other));
}

const law = (name: string, property: fc.IAsyncProperty<unknown>) =>
  test(name, () => fc.assert(property as fc.IAsyncProperty<unknown>, { numRuns: 20 }));

law(
  'merging by a commutative resolver does not depend on the order',
  fc.asyncProperty(values(36), values(36), form, form, async (one, other, f, g) => {
    const [first, second] = [cube([t, b, y, x], one, f), cube([t, b, y, x], other, g)];
    await same(
      await runCube('merge_cubes', { cube1: first, cube2: second, overlap_resolver: binary('add') }),
      await runCube('merge_cubes', { cube1: second, cube2: first, overlap_resolver: binary('add') }),
    );
  }),
);

law(
  'a merge without overlap is undone by filters',
  fc.asyncProperty(values(36), values(36), form, async (one, other, f) => {
    const first = cube([t, b, y, x], one, f);
    const second = cube([t, bands('c', 'd'), y, x], other, f);
    const merged = await runCube('merge_cubes', { cube1: first, cube2: second });
    await same(await runCube('filter_bands', { data: merged, bands: ['a', 'b'] }), first);
    await same(await runCube('filter_bands', { data: merged, bands: ['c', 'd'] }), second);
  }),
);

law(
  'filtering bands and reducing time can be swapped',
  fc.asyncProperty(values(36), form, async (data, f) => {
    const input = cube([t, b, y, x], data, f);
    const mean = { dimension: 't', reducer: reducer('mean') };
    const filtered = await runCube('filter_bands', { data: input, bands: ['b'] });
    const reduced = await runCube('reduce_dimension', { data: input, ...mean });
    await same(
      await runCube('reduce_dimension', { data: filtered, ...mean }),
      await runCube('filter_bands', { data: reduced, bands: ['b'] }),
    );
  }),
);

law(
  'reducing does not depend on the order of the dimensions',
  fc.asyncProperty(values(36), form, async (data, f) => {
    const input = cube([t, b, y, x], data, f);
    // The same values with bands before time.
    const swapped = [0, 1].flatMap((band) =>
      [0, 1, 2].flatMap((time) => data.slice((time * 2 + band) * 6, (time * 2 + band + 1) * 6)),
    );
    const other = cube([b, t, y, x], swapped, f);
    const args = { dimension: 't', reducer: reducer('max') };
    await same(
      await runCube('reduce_dimension', { data: input, ...args }),
      await runCube('reduce_dimension', { data: other, ...args }),
    );
  }),
);

law(
  'masking twice is masking once',
  fc.asyncProperty(values(36), values(6), form, form, async (data, mask, f, g) => {
    const args = { mask: cube([y, x], mask, g) };
    const once = await runCube('mask', { data: cube([t, b, y, x], data, f), ...args });
    await same(await runCube('mask', { data: once, ...args }), once);
  }),
);

law(
  'renaming labels back changes nothing',
  fc.asyncProperty(values(36), form, async (data, f) => {
    const input = cube([t, b, y, x], data, f);
    const there = await runCube('rename_labels', {
      data: input,
      dimension: 'bands',
      source: ['b', 'a'],
      target: ['q', 'p'],
    });
    const back = await runCube('rename_labels', {
      data: there,
      dimension: 'bands',
      source: ['p', 'q'],
      target: ['a', 'b'],
    });
    await same(back, input);
  }),
);

law(
  'adding and dropping a dimension changes nothing',
  fc.asyncProperty(values(36), form, async (data, f) => {
    const input = cube([t, b, y, x], data, f);
    const added = await runCube('add_dimension', { data: input, name: 'extra', label: 'only' });
    await same(await runCube('drop_dimension', { data: added, name: 'extra' }), input);
  }),
);

law(
  'a box filter and its complement merge to the whole',
  fc.asyncProperty(values(36), fc.integer({ min: 0, max: 3 }), form, async (data, column, f) => {
    const input = cube([t, b, y, x], data, f);
    const edge = 600_000 + column * 10;
    const box = { south: 5_199_900, north: 5_200_100, crs: 32632 };
    const left = await runCube('filter_bbox', { data: input, extent: { ...box, west: 599_900, east: edge } });
    const right = await runCube('filter_bbox', {
      data: input,
      extent: { ...box, west: edge, east: 600_100 },
    });
    await same(await runCube('merge_cubes', { cube1: left, cube2: right }), input);
  }),
);

law(
  'filtering time and reducing space can be swapped',
  fc.asyncProperty(values(36), form, async (data, f) => {
    const input = cube([t, b, y, x], data, f);
    const extent = ['2024-02-01', '2024-04-01'];
    const filtered = await runCube('filter_temporal', { data: input, extent });
    const reduced = await runCube('reduce_spatial', { data: input, reducer: reducer('sum') });
    await same(
      await runCube('reduce_spatial', { data: filtered, reducer: reducer('sum') }),
      await runCube('filter_temporal', { data: reduced, extent }),
    );
  }),
);

law(
  'filtering a box and reducing bands can be swapped',
  fc.asyncProperty(values(36), fc.integer({ min: 1, max: 2 }), form, async (data, columns, f) => {
    const input = cube([t, b, y, x], data, f);
    const extent = {
      west: 599_990,
      east: 600_000 + columns * 10,
      south: 5_199_000,
      north: 5_201_000,
      crs: 32632,
    };
    const median = { dimension: 'bands', reducer: reducer('median') };
    const filtered = await runCube('filter_bbox', { data: input, extent });
    const reduced = await runCube('reduce_dimension', { data: input, ...median });
    await same(
      await runCube('reduce_dimension', { data: filtered, ...median }),
      await runCube('filter_bbox', { data: reduced, extent }),
    );
  }),
);

law(
  'filters of different dimensions can be swapped, and filtering twice is filtering once',
  fc.asyncProperty(values(36), form, async (data, f) => {
    const input = cube([t, b, y, x], data, f);
    const extent = ['2024-01-15', null];
    const time = await runCube('filter_temporal', { data: input, extent });
    const band = await runCube('filter_bands', { data: input, bands: ['b'] });
    const both = await runCube('filter_bands', { data: time, bands: ['b'] });
    await same(both, await runCube('filter_temporal', { data: band, extent }));
    await same(await runCube('filter_temporal', { data: time, extent }), time);
    await same(await runCube('filter_bands', { data: band, bands: ['b'] }), band);
  }),
);

law(
  'reducing one dimension after the other does not depend on the order, for sums and extremes',
  fc.asyncProperty(values(36), form, fc.constantFrom('sum', 'max', 'min'), async (data, f, process) => {
    const input = cube([t, b, y, x], data, f);
    const along = async (first: string, second: string) => {
      const once = await runCube('reduce_dimension', {
        data: input,
        dimension: first,
        reducer: reducer(process),
      });
      return runCube('reduce_dimension', { data: once, dimension: second, reducer: reducer(process) });
    };
    await same(await along('t', 'bands'), await along('bands', 't'));
  }),
);

law(
  'two functions of pixels one after the other are one of both',
  fc.asyncProperty(values(36), form, async (data, f) => {
    const input = cube([t, b, y, x], data, f);
    const doubled = await runCube('apply', {
      data: input,
      process: callback('multiply', { x: from('x'), y: 2 }),
    });
    const composed = {
      process_graph: {
        m: { process_id: 'multiply', arguments: { x: from('x'), y: 2 } },
        a: { process_id: 'add', arguments: { x: { from_node: 'm' }, y: 1 }, result: true },
      },
    };
    await same(
      await runCube('apply', { data: doubled, process: callback('add', { x: from('x'), y: 1 }) }),
      await runCube('apply', { data: input, process: composed }),
    );
  }),
);

law(
  'a function of pixels and a choice of labels can be swapped',
  fc.asyncProperty(values(36), form, async (data, f) => {
    const input = cube([t, b, y, x], data, f);
    const process = callback('absolute', { x: from('x') });
    const filtered = await runCube('filter_bands', { data: input, bands: ['a'] });
    const applied = await runCube('apply', { data: input, process });
    await same(
      await runCube('apply', { data: filtered, process }),
      await runCube('filter_bands', { data: applied, bands: ['a'] }),
    );
  }),
);

law(
  'masks can be swapped, and a mask of zeros changes nothing',
  fc.asyncProperty(values(36), values(6), values(6), form, async (data, one, other, f) => {
    const input = cube([t, b, y, x], data, f);
    const masked = async (first: unknown[], second: unknown[]) => {
      const once = await runCube('mask', { data: input, mask: cube([y, x], first, f) });
      return runCube('mask', { data: once, mask: cube([y, x], second, f) });
    };
    await same(await masked(one, other), await masked(other, one));
    await same(await runCube('mask', { data: input, mask: cube([y, x], Array(6).fill(0), f) }), input);
  }),
);

law(
  'resampling onto its own grid changes nothing, nor does a neighbourhood that is handed through',
  fc.asyncProperty(values(36), form, async (data, f) => {
    const input = cube([t, b, y, x], data, f);
    await same(await runCube('resample_spatial', { data: input, resolution: 10, projection: 32632 }), input);
    await same(await runCube('resample_cube_spatial', { data: input, target: input }), input);
    await same(await runCube('resample_cube_temporal', { data: input, target: input }), input);
    const size = [
      { dimension: 'x', value: 2, unit: 'px' },
      { dimension: 'y', value: 1, unit: 'px' },
    ];
    const process = callback('apply', {
      data: from('data'),
      process: callback('constant', { x: from('x') }),
    });
    await same(await runCube('apply_neighborhood', { data: input, size, process }), input);
  }),
);

law(
  'a kernel of 1 changes nothing, and a sum of kernels gives the sum of what they give',
  fc.asyncProperty(
    fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 6, maxLength: 6 }),
    form,
    async (data, f) => {
      const input = cube([y, x], data, f);
      const one = [
        [0, 1, 0],
        [1, 0, 1],
        [0, 1, 0],
      ];
      const other = [
        [1, 0, 1],
        [0, 4, 0],
        [1, 0, 1],
      ];
      const sum = one.map((row, i) => row.map((value, j) => value + other[i][j]));
      const apply = (kernel: number[][]) => runCube('apply_kernel', { data: input, kernel });
      await same(
        await runCube('merge_cubes', {
          cube1: await apply(one),
          cube2: await apply(other),
          overlap_resolver: binary('add'),
        }),
        await apply(sum),
      );
    },
  ),
);

law(
  'merging is associative for sums, and merging a cube with itself by the maximum changes nothing',
  fc.asyncProperty(values(12), values(12), values(12), form, async (one, two, three, f) => {
    const [p, q, r] = [one, two, three].map((data) => cube([b, y, x], data, f));
    const merge = (cube1: Cube, cube2: Cube, overlap_resolver: object) =>
      runCube('merge_cubes', { cube1, cube2, overlap_resolver });
    await same(
      await merge(await merge(p, q, binary('add')), r, binary('add')),
      await merge(p, await merge(q, r, binary('add')), binary('add')),
    );
    await same(await merge(p, p, callback('max', { data: [from('x'), from('y')] })), p);
  }),
);

law(
  'flattening two dimensions and unflattening them changes nothing',
  fc.asyncProperty(values(36), form, async (data, f) => {
    const input = cube([t, b, y, x], data, f);
    const dimensions = ['t', 'bands'];
    const flat = await runCube('flatten_dimensions', { data: input, dimensions, target_dimension: 'flat' });
    const back = await runCube('unflatten_dimension', {
      data: flat,
      dimension: 'flat',
      target_dimensions: dimensions,
    });
    await same(back, input);
  }),
);

law(
  'one interval over all dates is a reduction of time, and so is one year',
  fc.asyncProperty(values(36), form, fc.constantFrom('mean', 'max', 'first'), async (data, f, process) => {
    const input = cube([t, b, y, x], data, f);
    const reduced = await runCube('reduce_dimension', {
      data: input,
      dimension: 't',
      reducer: reducer(process),
    });
    const intervals = [['2024-01-01', '2025-01-01']];
    const single = await runCube('aggregate_temporal', { data: input, intervals, reducer: reducer(process) });
    await same(await runCube('drop_dimension', { data: single, name: 't' }), reduced);
    const year = await runCube('aggregate_temporal_period', {
      data: input,
      period: 'year',
      reducer: reducer(process),
    });
    await same(await runCube('drop_dimension', { data: year, name: 't' }), reduced);
  }),
);

law(
  'sorting along a dimension twice is sorting once, and keeps extremes',
  fc.asyncProperty(values(36), form, async (data, f) => {
    const input = cube([t, b, y, x], data, f);
    const sort = { dimension: 't', process: callback('sort', { data: from('data'), nodata: true }) };
    const once = await runCube('apply_dimension', { data: input, ...sort });
    await same(await runCube('apply_dimension', { data: once, ...sort }), once);
    const max = { dimension: 't', reducer: reducer('max') };
    await same(
      await runCube('reduce_dimension', { data: once, ...max }),
      await runCube('reduce_dimension', { data: input, ...max }),
    );
  }),
);

law(
  'renaming a dimension changes its name alone',
  fc.asyncProperty(values(36), form, async (data, f) => {
    const input = cube([t, b, y, x], data, f);
    const renamed = await runCube('rename_dimension', { data: input, source: 't', target: 'when' });
    await same(await runCube('rename_dimension', { data: renamed, source: 'when', target: 't' }), input);
    expect(await readAll(renamed)).toEqual(await readAll(input));
  }),
);
