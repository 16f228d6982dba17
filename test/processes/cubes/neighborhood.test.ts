import type { Cube } from '../../../src/raster/cube';
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
  times,
  x,
  y,
} from './kit';

const size = (sizes: Record<string, number | string | null>, unit: string | null = 'px') =>
  Object.entries(sizes).map(([dimension, value]) => ({
    dimension,
    value,
    unit: typeof value === 'number' ? unit : null,
  }));

const grid = gridOf(4, 3);
const plane = (): Cube => cubeOf([y, x], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], { grid, form: 'mask' });

/** Subtracts the mean of all pixels of a neighbourhood, spread over them again. */
const kernelOf = (kernel: number[][], border: number | string = 0) => ({
  process_graph: {
    only: { process_id: 'apply_kernel', arguments: { data: from('data'), kernel, border }, result: true },
  },
});

const neighborhood = (args: object, data: Cube = plane()) => runCube('apply_neighborhood', { data, ...args });

describe('apply_neighborhood', () => {
  test('the process sees one neighbourhood at a time', async () => {
    const left = kernelOf([[1, 0, 0]]);
    const result = await neighborhood({ process: left, size: size({ x: 2, y: 2 }) });
    expect(result.grid).toEqual(grid);
    expect(await readAll(result)).toEqual([0, 1, 0, 3, 0, 5, 0, 7, 0, 9, 0, 11]);
    expect(await readAll(await neighborhood({ process: left, size: [] }))).toEqual([
      0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11,
    ]);
  });

  test('with an overlap also what is around it; beyond the cube it is no-data', async () => {
    const left = { process: kernelOf([[1, 0, 0]]), size: size({ x: 2, y: 2 }) };
    const overlap = size({ x: 1 });
    expect(await readAll(await neighborhood({ ...left, overlap }))).toEqual([
      0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11,
    ]);
  });

  test('lengths are given in meters, units or pixels', async () => {
    const left = kernelOf([[1, 0, 0]]);
    for (const unit of ['m', null])
      expect(
        await readAll(await neighborhood({ process: left, size: size({ x: 20, y: 20 }, unit) })),
      ).toEqual([0, 1, 0, 3, 0, 5, 0, 7, 0, 9, 0, 11]);
  });

  test('one long dimension is handed over as an array', async () => {
    const process = reducer('array_create', {});
    const mean = {
      process_graph: {
        first: { process_id: 'first', arguments: { data: from('data') } },
        last: { process_id: 'last', arguments: { data: from('data') } },
        both: {
          process_id: 'array_create',
          arguments: { data: [fromNode('last'), fromNode('first')] },
          result: true,
        },
      },
    };
    expect(await readAll(await neighborhood({ process, size: size({ x: 2, y: 1 }) }))).toEqual(
      await readAll(plane()),
    );
    expect(await readAll(await neighborhood({ process: mean, size: size({ x: 2, y: 1 }) }))).toEqual([
      2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11,
    ]);
    const data = cubeOf([times('2024-01-01', '2024-01-02', '2024-01-09', '2024-01-10'), y, x], [1, 2, 3, 4], {
      grid: gridOf(1, 1),
    });
    const weeks = await neighborhood({ process: mean, size: [...size({ x: 1, y: 1, t: 'P1W' })] }, data);
    expect(describeCube(weeks)).toEqual(describeCube(data));
    expect(await readAll(weeks)).toEqual([2, 1, 4, 3]);
    expect(await codeOf(readAll(await neighborhood({ process: mean, size: size({ x: 3, y: 1 }) })))).toBe(
      'DataCubePropertiesImmutable',
    );
  });

  test('arrays with an overlap: three days around each', async () => {
    const process = {
      process_graph: {
        mean: { process_id: 'mean', arguments: { data: from('data') } },
        all: { process_id: 'array_create', arguments: { data: [fromNode('mean')], repeat: 3 }, result: true },
      },
    };
    const data = cubeOf([times('2024-01-01', '2024-01-02', '2024-01-03'), y, x], [1, 2, 6, 8, 2, 5], {
      grid: gridOf(2, 1),
    });
    const result = await neighborhood(
      { process, size: size({ x: 1, y: 1, t: 1 }), overlap: size({ t: 1 }) },
      data,
    );
    expect(await readAll(result)).toEqual([3.5, 5, 3, 5, 4, 6.5]);
  });

  test('the process must keep the shape', async () => {
    const reduce = callback('reduce_dimension', {
      data: from('data'),
      dimension: 'bands',
      reducer: reducer('max'),
    });
    const data = cubeOf([bands('a', 'b'), y, x], [1, 2, 3, 4], { grid: gridOf(2, 1) });
    expect(await codeOf(neighborhood({ process: reduce, size: [] }, data))).toBe(
      'DataCubePropertiesImmutable',
    );
    const rename = callback('rename_labels', {
      data: from('data'),
      dimension: 'bands',
      target: ['c', 'd'],
      source: ['a', 'b'],
    });
    expect(await codeOf(neighborhood({ process: rename, size: [] }, data))).toBe(
      'DataCubePropertiesImmutable',
    );
  });

  test('wrong sizes are refused', async () => {
    const process = kernelOf([[1]]);
    const code = (entry: object) => codeOf(neighborhood({ process, size: [entry] }));
    expect(await code({ dimension: 'z', value: 1 })).toBe('DimensionNotAvailable');
    expect(await code({ dimension: 'x', value: 0, unit: 'px' })).toBe('ProcessParameterInvalid');
    expect(await code({ dimension: 'x', value: 1.5, unit: 'px' })).toBe('ProcessParameterInvalid');
    expect(await code({ dimension: 'x', value: 'P1D' })).toBe('ProcessParameterInvalid');
    const twice = size({ x: 1 });
    expect(await codeOf(neighborhood({ process, size: [...twice, ...twice] }))).toBe(
      'ProcessParameterInvalid',
    );
  });
});
