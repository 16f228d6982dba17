import type { Cube, Dimension } from '../../../src/raster/cube';
import { callback, cubeOf, from, gridOf, reducer, runCube, times, x, y } from './kit';

const ranged: Dimension = {
  type: 'bands',
  name: 'bands',
  labels: ['a', 'b'],
  bands: ['a', 'b'].map((name) => ({
    name,
    commonName: `c-${name}`,
    statistics: { minimum: 0, maximum: 9 },
  })),
};
const grid = gridOf(2, 1);
const data = cubeOf([times('2024-01-01', '2024-01-02'), ranged, y, x], [1, 2, 3, 4, 5, 6, 7, 8], { grid });

/** Whether the bands have a range; their names stay in any case. */
function hasRange(cube: Cube): boolean {
  const bands = cube.dimensions.find(({ name }) => name === 'bands');
  if (bands?.type !== 'bands') throw new Error('The bands are gone');
  expect(bands.bands?.map(({ commonName }) => commonName)).toEqual(['c-a', 'c-b']);
  return bands.bands![0].statistics !== undefined;
}

const identity = callback('apply_dimension', {
  data: from('data'),
  dimension: 't',
  process: reducer('sort'),
});
const doubled = callback('apply', {
  data: from('data'),
  process: callback('multiply', { x: from('x'), y: 2 }),
});
const period = (id: string) => ({ data, period: 'year', reducer: reducer(id) });

test.each<[string, object, boolean]>([
  [
    'merge_cubes',
    { cube1: data, cube2: data, overlap_resolver: callback('add', { x: from('x'), y: from('y') }) },
    false,
  ],
  ['filter_temporal', { data, extent: ['2024-01-01', null] }, true],
  ['reduce_dimension', { data, dimension: 't', reducer: reducer('median') }, true],
  ['reduce_dimension', { data, dimension: 't', reducer: reducer('array_element', { index: 0 }) }, true],
  ['reduce_dimension', { data, dimension: 't', reducer: reducer('sum') }, false],
  ['reduce_dimension', { data, dimension: 't', reducer: callback('mean', { data: [1, 100] }) }, false],
  ['apply', { data, process: callback('multiply', { x: from('x'), y: 2 }) }, false],
  ['apply_dimension', { data, dimension: 't', process: reducer('sort') }, true],
  ['apply_dimension', { data, dimension: 't', process: reducer('array_create') }, false],
  ['apply_kernel', { data, kernel: [[2]] }, false],
  ['apply_neighborhood', { data, process: identity, size: [] }, true],
  ['apply_neighborhood', { data, process: doubled, size: [] }, false],
  ['aggregate_temporal_period', period('max'), true],
  ['aggregate_temporal_period', period('sd'), false],
  ['reduce_spatial', { data, reducer: reducer('mean') }, true],
  ['reduce_spatial', { data, reducer: reducer('sum') }, false],
  [
    'merge_cubes',
    { cube1: data, cube2: data, overlap_resolver: callback('max', { data: [from('x'), from('y')] }) },
    true,
  ],
])('%s %#: the range of values stays where values stay in it', async (id, args, expected) => {
  expect(hasRange(await runCube(id, { ...args }))).toBe(expected);
});
