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
