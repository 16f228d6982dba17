import { scaleTable } from '../../../src/processes/cubes/color-table';
import type { Cube, Dimension } from '../../../src/raster/cube';
import { memoryCube } from '../../../src/raster/memory-cube';
import { shareReads } from '../../../src/raster/shared-reads';
import {
  bands,
  callback,
  codeOf,
  cubeOf,
  describeCube,
  from,
  fromNode,
  gridOf,
  readAll,
  reducer,
  runCube,
  runGraph,
  signal,
  times,
  x,
  y,
} from './kit';

const grid = gridOf(2, 1);
const of = (dimensions: Dimension[], values: unknown[], rest: object = {}) =>
  cubeOf([...dimensions, y, x], values, { grid, ...rest });
const add = callback('add', { x: from('x'), y: from('y') });
const merge = (cube1: Cube, cube2: Cube, rest: object = {}) =>
  runCube('merge_cubes', { cube1, cube2, ...rest });

describe('merge_cubes', () => {
  test('times stay sorted, bands stay in order, what neither has is missing', async () => {
    const merged = await merge(
      of([times('2024-02-01'), bands('b')], [1, 2]),
      of([times('2024-01-01T00:00:00Z'), bands('a')], [3, 4]),
    );
    expect(describeCube(merged)).toMatchObject({
      t: ['2024-01-01T00:00:00Z', '2024-02-01'],
      bands: ['b', 'a'],
    });
    expect(await readAll(merged)).toEqual([null, null, 3, 4, 1, 2, null, null]);
  });

  test('a date is the same label as its midnight', async () => {
    const [one, other] = [of([times('2024-01-01')], [1, 2]), of([times('2024-01-01T00:00:00Z')], [3, null])];
    expect(await codeOf(merge(one, other))).toBe('OverlapResolverMissing');
    expect(await readAll(await merge(one, other, { overlap_resolver: add }))).toEqual([4, null]);
  });

  test('a cube of fewer dimensions is used for every label', async () => {
    const both = await merge(of([bands('a', 'b')], [1, 2, 3, 4]), of([], [10, 20]), {
      overlap_resolver: add,
    });
    expect(await readAll(both)).toEqual([11, 22, 13, 24]);
    const values = cubeOf([bands('a', 'b')], [100, 200]);
    expect(
      await readAll(await merge(of([bands('a', 'b')], [1, 2, 3, 4]), values, { overlap_resolver: add })),
    ).toEqual([101, 102, 203, 204]);
  });

  test('finer and coarser pixels are read on the grid of the first', async () => {
    const coarse = cubeOf([bands('c'), y, x], [7], { grid: gridOf(1, 1, { resX: 20, resY: 20 }) });
    const merged = await merge(of([bands('a')], [1, 2]), coarse);
    expect(merged.grid).toEqual(grid);
    expect(await readAll(merged)).toEqual([1, 2, 7, 7]);
  });

  test('the context reaches the resolver', async () => {
    const resolver = callback('multiply', { x: from('y'), y: from('context') });
    const merged = await merge(of([], [1, 2]), of([], [3, 4]), { overlap_resolver: resolver, context: 5 });
    expect(await readAll(merged)).toEqual([15, 20]);
  });

  test('dimensions of one name and two types do not fit', async () => {
    const other: Dimension = { type: 'other', name: 't', labels: ['2024-01-01'] };
    expect(await codeOf(merge(of([times('2024-01-01')], [1, 2]), of([other], [1, 2])))).toBe(
      'IncompatibleDataCubes',
    );
  });
});

describe('mask', () => {
  const data = of([bands('a', 'b')], [1, 2, 3, null], { form: 'mask', dataType: 'uint8' });
  const mask = (values: unknown[], rest: object = {}, dimensions: Dimension[] = []) =>
    runCube('mask', { data, mask: of(dimensions, values), ...rest });

  test('what is not zero masks; no-data does not', async () => {
    expect(await readAll(await mask([null, -3]))).toEqual([1, null, 3, null]);
    expect(await readAll(await mask([0, 0]))).toEqual([1, 2, 3, null]);
  });

  test('a replacement that does not fit widens the type', async () => {
    const cube = await mask([1, 1], { replacement: -0.5 });
    expect(cube.dataType).toBe('float32');
    expect(await readAll(cube)).toEqual([-0.5, -0.5, -0.5, -0.5]);
    expect(await readAll(await mask([1, 0], { replacement: 'cloud' }))).toEqual(['cloud', 2, 'cloud', null]);
    expect((await mask([1, 0], { replacement: 9 })).dataType).toBe('uint8');
  });

  test('labels may be in another order, but not others', async () => {
    expect(await readAll(await mask([1, 0, 0, 1], {}, [bands('b', 'a')]))).toEqual([1, null, null, null]);
    expect(await codeOf(mask([1, 0], {}, [bands('c')]))).toBe('IncompatibleDataCubes');
    expect(await codeOf(mask([1, 0], {}, [times('2024-01-01')]))).toBe('IncompatibleDataCubes');
  });
});

describe('reduce_dimension', () => {
  test('x needs the whole scene and leaves labels on y', async () => {
    const cube = cubeOf([bands('a'), y, x], [1, 2, 3, 4], { grid: gridOf(2, 2) });
    const reduced = await runCube('reduce_dimension', {
      data: cube,
      dimension: 'x',
      reducer: reducer('sum'),
    });
    expect(reduced.locality).toBe('whole');
    expect(describeCube(reduced)).toEqual({ bands: ['a'], y: [5_199_995, 5_199_985] });
    expect(await readAll(reduced)).toEqual([3, 7]);
  });

  test('values keep their type where they are picked, and become truth where they are compared', async () => {
    const data = of([bands('a', 'b')], [1, 2, 3, 4], { form: 'mask', dataType: 'uint8' });
    const first = await runCube('reduce_dimension', { data, dimension: 'bands', reducer: reducer('first') });
    expect(first.dataType).toBe('uint8');
    const isHigh = await runCube('apply', { data, process: callback('gt', { x: from('x'), y: 2 }) });
    expect(isHigh.dataType).toBe('boolean');
    expect(await readAll(isHigh)).toEqual([false, false, true, true]);
  });

  test('a reducer that makes an array is refused', async () => {
    const data = of([bands('a', 'b')], [1, 2, 3, 4]);
    const args = { data, dimension: 'bands', reducer: reducer('extrema') };
    expect(await codeOf(runCube('reduce_dimension', args))).toBe('ProcessParameterInvalid');
    expect(await codeOf(runCube('reduce_dimension', { ...args, dimension: '__proto__' }))).toBe(
      'DimensionNotAvailable',
    );
  });
});

describe('ndvi', () => {
  const data = of([bands('a', 'b')], [1, 2, 3, 2]);
  test.each([
    ['NirBandAmbiguous', { nir: 'c', red: 'a' }],
    ['RedBandAmbiguous', { nir: 'b', red: 'c' }],
    ['BandExists', { nir: 'b', red: 'a', target_band: 'a' }],
  ])('%s', async (code, args) => {
    expect(await codeOf(runCube('ndvi', { data, ...args }))).toBe(code);
  });
  test('needs bands', async () => {
    expect(await codeOf(runCube('ndvi', { data: of([], [1, 2]) }))).toBe('DimensionAmbiguous');
    expect(await readAll(await runCube('ndvi', { data, nir: 'b', red: 'a' }))).toEqual([0.5, 0]);
  });
});

describe('colormap', () => {
  const paint = (values: unknown[], args: object) => runCube('colormap', { data: of([], values), ...args });

  test('ends of a scale, values beyond it and missing ones', async () => {
    const cube = await runCube('colormap', {
      data: cubeOf([y, x], [0, 10, 99, null], { grid: gridOf(4, 1) }),
      palette: 'greys',
      min: 0,
      max: 10,
    });
    expect(describeCube(cube).bands).toEqual(['red', 'green', 'blue', 'alpha']);
    expect(await readAll(cube)).toEqual([0, 255, 255, 0, 0, 255, 255, 0, 0, 255, 255, 0, 255, 255, 255, 0]);
  });

  test('the indexed picture is the same one', async () => {
    const cube = await paint([3, null], { palette: 'spectral', min: 0, max: 5, reverse: true });
    const indices = await cube.indexed!.read({ grid }, new AbortController().signal);
    const channels = [0, 1, 2, 3].flatMap((channel) =>
      [...indices].map((index) => cube.indexed!.palette[index * 4 + channel]),
    );
    expect(await readAll(cube)).toEqual(channels);
    expect(cube.indexed!.palette.length).toBeLessThanOrEqual(1024);
  });

  test.each(['nan', 'mask'] as const)('each of 255 steps has its index, in the %s form', async (missing) => {
    const [width, min, max] = [1500, -2, 3];
    const values = Array.from({ length: width }, (_, i) => (i % 7 === 3 ? null : -3 + (i * 7) / width));
    const data = cubeOf([y, x], values, { grid: gridOf(width, 1), form: missing, dataType: 'float64' });
    const { indexed } = await runCube('colormap', { data, palette: 'turbo', min, max });
    const indices = await indexed!.read({ grid: gridOf(width, 1) }, new AbortController().signal);
    const expected = values.map((value) =>
      value === null ? 0 : Math.max(1, Math.min(255, Math.floor((value - min) * (255 / (max - min))) + 1)),
    );
    expect([...indices]).toEqual(expected);
  });

  test.each(['nan', 'mask'] as const)('colours computed along with values, in the %s form', async (form) => {
    const size = gridOf(43, 29);
    const pixels = size.width * size.height;
    const values = Array.from({ length: 2 * pixels }, (_, i) => (i % 11 === 3 ? null : (i * 7919) % 1000));
    const data = cubeOf([bands('red', 'nir'), y, x], values, { grid: size, form, dataType: 'uint16' });
    const element = (index: number) => ({
      process_id: 'array_element',
      arguments: { data: from('data'), index },
    });
    const quotient = {
      process_graph: {
        a: element(0),
        b: element(1),
        c: {
          process_id: 'divide',
          arguments: { x: fromNode('a'), y: fromNode('b') },
          result: true,
        },
      },
    };
    const own: Record<string, object> = {
      ndvi: { process_id: 'ndvi', arguments: { data: from('data') } },
      reduce: {
        process_id: 'reduce_dimension',
        arguments: { data: from('data'), dimension: 'bands', reducer: quotient },
      },
      apply: {
        process_id: 'apply',
        arguments: { data: fromNode('ndvi'), process: callback('sqrt', { x: from('x') }) },
      },
      drop: { process_id: 'drop_dimension', arguments: { data: fromNode('one'), name: 'bands' } },
      one: { process_id: 'filter_bands', arguments: { data: from('data'), bands: ['red'] } },
    };
    const graphOf = (last: string, names: readonly string[]) => ({
      ...Object.fromEntries(names.map((name) => [name, own[name]])),
      [last]: { ...own[last], result: true },
    });
    const colours = { palette: 'turbo', min: -0.9, max: 1.1 };
    for (const [last, ...before] of [['ndvi'], ['reduce'], ['apply', 'ndvi'], ['drop', 'one']]) {
      const nodes = graphOf(last, [...before, last]) as Parameters<typeof runGraph>[0];
      const made = (await runGraph(nodes, { data })) as Cube;
      // One reader's steps join what is computed; several readers need the values themselves.
      const { step } = scaleTable([[0, [0, 0, 0, 255]]], form);
      expect(made.fuse?.(step!) !== undefined).toBe(last !== 'drop');
      expect(shareReads(made).fuse).toBeUndefined();
      const { data: kept, valid } = await made.read({ grid: size }, signal);
      const copy = memoryCube({ ...made, grid: size, data: kept, valid });
      const apart = await runCube('colormap', { data: copy, ...colours });
      const painted = (await runGraph(
        {
          ...nodes,
          [last]: own[last] as (typeof nodes)[string],
          colours: { process_id: 'colormap', arguments: { data: fromNode(last), ...colours }, result: true },
        },
        { data },
      )) as Cube;
      expect(await painted.indexed!.read({ grid: size }, signal)).toEqual(
        await apart.indexed!.read({ grid: size }, signal),
      );
      expect(await readAll(painted)).toEqual(await readAll(apart));
    }
  });

  test('classes and stops', async () => {
    expect(await readAll(await paint([4, 5], { palette: { 4: '#f00', 6: [1, 2, 3, 4] } }))).toEqual([
      255, 0, 0, 0, 0, 0, 255, 0,
    ]);
    const stops = [
      [10, '#ffffff'],
      [0, '#000000'],
    ];
    expect((await readAll(await paint([0, 10], { palette: stops }))).slice(0, 2)).toEqual([0, 255]);
  });

  test('the range and a single value per pixel are needed', async () => {
    expect(await codeOf(paint([1, 2], {}))).toBe('DomainMissing');
    expect(await codeOf(paint([1, 2], { palette: 'constructor', min: 0, max: 1 }))).toBe(
      'ProcessParameterInvalid',
    );
    const several = of([bands('a', 'b')], [1, 2, 3, 4]);
    expect(await codeOf(runCube('colormap', { data: several, min: 0, max: 1 }))).toBe('DimensionAmbiguous');
  });
});

describe('resample_spatial', () => {
  const data = cubeOf([y, x], [1, 2, 3, 4, 5, 6, 7, 8], { grid: gridOf(4, 2) });
  test('a resolution keeps the corner that is asked for', async () => {
    const grids = await Promise.all(
      ['upper-left', 'lower-right'].map(
        async (align) => (await runCube('resample_spatial', { data, resolution: 15, align })).grid!,
      ),
    );
    expect(grids.map(({ originX, originY, width, height }) => [originX, originY, width, height])).toEqual([
      [600_000, 5_200_000, 3, 1],
      [599_995, 5_199_995, 3, 1],
    ]);
  });
  test('averages pixels and fixes the grid', async () => {
    const cube = await runCube('resample_spatial', { data, resolution: 20, method: 'average' });
    expect(cube.isGridFixed).toBe(true);
    expect(await readAll(cube)).toEqual([3.5, 5.5]);
  });
  test.each(['near', 'bilinear', 'cubic', 'lanczos', 'cubicspline', 'average', 'mode', 'max', 'q3'])(
    'one pixel may be wider than anything (%s)',
    async (method) => {
      // With the left upper corner at 0, its middle lies over the cube.
      const square = cubeOf([y, x], [1, 2, 3, 4], { grid: gridOf(2, 2, { originX: -5, originY: 5 }) });
      for (const resolution of [1e5, 1e12, 1e200, 1e308]) {
        const cube = await runCube('resample_spatial', { data: square, resolution, method });
        expect([cube.grid!.width, cube.grid!.height]).toEqual([1, 1]);
        const [value] = await readAll(cube);
        expect([resolution, value === null || ((value as number) >= 1 && (value as number) <= 4)]).toEqual([
          resolution,
          true,
        ]);
      }
    },
  );
  test('needs a resolution or a projection', async () => {
    expect(await codeOf(runCube('resample_spatial', { data }))).toBe('ProcessParameterInvalid');
    expect(await codeOf(runCube('resample_spatial', { data, projection: 999_999 }))).toBe(
      'ProcessParameterInvalid',
    );
    expect((await runCube('resample_spatial', { data, projection: 3857 })).grid!.crs.epsg).toBe(3857);
  });
});
