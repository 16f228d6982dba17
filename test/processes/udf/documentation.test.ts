import { readFileSync } from 'node:fs';
import { packagePath } from '../../../src/base/paths';
import type { Cube } from '../../../src/raster/cube';
import {
  bands,
  callback,
  cubeOf,
  describeCube,
  from,
  gridOf,
  readAll,
  runProcess,
  times,
  x,
  y,
} from '../cubes/kit';
import { context } from './support';

const text = readFileSync(packagePath('docs', 'processes.md'), 'utf8');
const examples = new Map(
  [...text.matchAll(/```js udf=(\w+)\n(.*?)```/gs)].map(([, name, code]) => [name, code]),
);
const grid = gridOf(2, 1);

const run = async (process: string, args: object): Promise<Cube> =>
  (await runProcess(process, { ...args }, context())) as Cube;

function udf(name: string, parameter: string, rest: object = {}): object {
  return callback('run_udf', {
    data: from(parameter),
    udf: examples.get(name),
    runtime: 'JavaScript',
    ...rest,
  });
}

test('every example is known', () => {
  expect([...examples.keys()]).toEqual(['apply', 'reduce_dimension', 'apply_dimension', 'cube']);
});

test('apply: a threshold', async () => {
  const data = cubeOf([times('2020-01-01', '2020-01-02'), y, x], [1, 5, null, 3], { grid });
  const process = udf('apply', 'x', { context: from('context') });
  const result = await run('apply', { data, process, context: { threshold: 3 } });
  expect(await readAll(result)).toEqual([0, 1, null, 0]);
});

test('reduce_dimension: the largest rise', async () => {
  const data = cubeOf([times('2020-01-01', '2020-01-02', '2020-01-03'), y, x], [1, 5, 4, null, 6, 2], {
    grid,
  });
  const result = await run('reduce_dimension', {
    data,
    reducer: udf('reduce_dimension', 'data'),
    dimension: 't',
  });
  expect(await readAll(result)).toEqual([3, null]);
});

test('apply_dimension: two indices', async () => {
  const data = cubeOf([bands('B03', 'B04', 'B08'), y, x], [1, 2, 1, 1, 3, 2], { grid });
  const result = await run('apply_dimension', {
    data,
    process: udf('apply_dimension', 'data'),
    dimension: 'bands',
  });
  expect(await readAll(result)).toEqual([0.5, 1 / 3, -0.5, 0].map((value) => expect.closeTo(value, 6)));
});

test('a whole cube: the mean over time', async () => {
  // The order of dimensions is the collection's.
  const data = cubeOf([y, x, times('2020-01-01', '2020-01-02')], [1, null, 3, null], { grid });
  const result = await run('run_udf', { data, udf: examples.get('cube'), runtime: 'JavaScript' });
  expect(describeCube(result)).toEqual({ y: 'grid', x: 'grid' });
  expect(await readAll(result)).toEqual([2, null]);
});
