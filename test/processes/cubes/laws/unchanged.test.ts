import fc from 'fast-check';
import { bands, callback, from, readAll, reducer, runCube, x, y } from '../kit';
import { b, binary, cube, form, law, same, t, values } from './support';

// What is done twice, back, in two steps or to no effect gives what is known.

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
