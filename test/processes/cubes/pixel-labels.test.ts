import { gridBounds } from '../../../src/raster/cube';
import {
  callback,
  cubeOf,
  from,
  fromNode,
  gridOf,
  readAll,
  reducer,
  runCube,
  runGraph,
  times,
  x,
  y,
} from './kit';

/** Columns at 600005, 600015, 600025 and rows at 5199995, 5199985. */
const grid = gridOf(3, 2);
const data = cubeOf([y, x], [1, 2, 3, 4, 5, 6], { grid });

const columns = (condition: object) => runCube('filter_labels', { data, dimension: 'x', condition });
const beyond = callback('gt', { x: from('value'), y: 600_010 });

test('neighbouring columns and rows stay pixels of a grid', async () => {
  const right = await columns(beyond);
  expect(right.grid).toMatchObject({ width: 2, height: 2, originX: 600_010 });
  expect(await readAll(right)).toEqual([2, 3, 5, 6]);
  const lower = await runCube('filter_labels', {
    data,
    dimension: 'y',
    condition: callback('lt', { x: from('value'), y: 5_199_990 }),
  });
  expect(gridBounds(lower.grid!)).toEqual({
    west: 600_000,
    south: 5_199_980,
    east: 600_030,
    north: 5_199_990,
  });
  expect(await readAll(lower)).toEqual([4, 5, 6]);
});

test('columns with gaps and none at all become labels', async () => {
  const apart = await columns(callback('neq', { x: from('value'), y: 600_015 }));
  expect(apart.grid).toBeUndefined();
  expect(apart.dimensions[1]).toMatchObject({ labels: [600_005, 600_025] });
  expect(await readAll(apart)).toEqual([1, 3, 4, 6]);
  const none = await columns(callback('lt', { x: from('value'), y: 0 }));
  expect(none.dimensions.map(({ labels }) => labels?.length)).toEqual([2, 0]);
});

test('processes for pixels take what filter_labels has left', async () => {
  const filtered = {
    process_id: 'filter_labels',
    arguments: { data: from('data'), dimension: 'x', condition: beyond },
  };
  const run = (process_id: string, args: object) =>
    runGraph(
      {
        filtered,
        last: { process_id, arguments: { data: fromNode('filtered'), ...args }, result: true },
      },
      { data },
    );
  expect(await readAll((await run('reduce_spatial', { reducer: reducer('sum') })) as never)).toEqual([16]);
  expect(await readAll((await run('apply_kernel', { kernel: [[1, 1, 1]] })) as never)).toEqual([
    5, 5, 11, 11,
  ]);
});

test('cubes without the dimensions that a process needs are refused by the names of both', async () => {
  const series = cubeOf([times('2020-01-01')], [1]);
  const refusal = async (id: string, args: Readonly<Record<string, unknown>>) => {
    return await runCube(id, args).catch((error: Error) => error.message);
  };
  expect(await refusal('apply_kernel', { data: series, kernel: [[1]] })).toMatch(
    /it must be a data cube with the axes x and y, not a data cube of t \(temporal\)/,
  );
  expect(await refusal('vector_buffer', { geometries: series, distance: 1 })).toMatch(
    /it must be a data cube with a dimension of type "geometry", not a data cube of t \(temporal\)/,
  );
});
