import fc from 'fast-check';
import type { Cube } from '../../../../src/raster/cube';
import { callback, from, reducer, runCube, x, y } from '../kit';
import { b, binary, cube, form, law, same, t, values } from './support';

// The order of what is done, and of what is given, does not matter.

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
