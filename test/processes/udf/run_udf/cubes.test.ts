import { LabeledArray } from '../../../../src/graph/types';
import { type Cube, deriveCube } from '../../../../src/raster/cube';
import { MemoryBudget } from '../../../../src/raster/memory/budget';
import {
  bands,
  codeOf,
  cubeOf,
  describeCube,
  from,
  gridOf,
  readAll,
  runProcess,
  times,
  x,
  y,
} from '../../cubes/kit';
import { context, inCallback, udf } from '../support';

const grid = gridOf(3, 2);
const cube = cubeOf([times('2020-01-01', '2020-02-01'), bands('r', 'n'), y, x], [...Array(23).keys(), null], {
  grid,
});

test('values, labelled arrays and contexts', async () => {
  expect(
    await runProcess(
      'run_udf',
      { data: 3, ...udf('const udf = (x, { by }) => x * by;', { context: { by: 2 } }) },
      context(),
    ),
  ).toBe(6);
  expect(
    await runProcess(
      'run_udf',
      { data: [1, 2], ...udf('const udf = (x) => Object.assign(x, { labels: ["a", "b"] });') },
      context(),
    ),
  ).toEqual(new LabeledArray(['a', 'b'], [1, 2]));
  expect(
    await runProcess(
      'run_udf',
      { data: null, ...udf('const udf = (x, context) => [x, context];') },
      context(),
    ),
  ).toEqual([null, {}]);
});

describe('callbacks', () => {
  test('apply gives one value at a time', async () => {
    const process = inCallback('const udf = (x) => (x === null ? -1 : x / 2);', 'x');
    const result = (await runProcess('apply', { data: cube, process }, context())) as Cube;
    expect(await readAll(result)).toEqual([...Array(23).keys()].map((v) => v / 2).concat(-1));
  });

  test('reduce_dimension gives arrays with labels', async () => {
    const reducer = inCallback(
      'const udf = (data) => { const [a, b] = data; return a === null || b === null ? null : b - a + data.labels.length; };',
    );
    const result = (await runProcess(
      'reduce_dimension',
      { data: cube, reducer, dimension: 't' },
      context(),
    )) as Cube;
    expect(await readAll(result)).toEqual([...Array(11).fill(14), null]);
  });

  test('reduce_dimension passes labels and context', async () => {
    const reducer = inCallback('const udf = (data, context) => data[data.labels.indexOf(context)];', 'data', {
      context: from('context'),
    });
    const result = (await runProcess(
      'reduce_dimension',
      { data: cube, reducer, dimension: 'bands', context: 'n' },
      context(),
    )) as Cube;
    expect((await readAll(result)).slice(0, 3)).toEqual([6, 7, 8]);
  });

  test('apply_dimension may change the number of values', async () => {
    const process = inCallback('const udf = (data) => [data[0], data[0] + 0.5, data[1]];');
    const result = (await runProcess(
      'apply_dimension',
      { data: cube, process, dimension: 'bands' },
      context(),
    )) as Cube;
    expect(describeCube(result)['bands']).toEqual([0, 1, 2]);
    expect((await readAll(result)).slice(0, 12)).toEqual([0, 1, 2, 3, 4, 5, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5]);
  });

  const pixels = [
    { dimension: 'x', value: 3, unit: 'px' },
    { dimension: 'y', value: 1, unit: 'px' },
  ];

  test('apply_neighborhood gives cubes', async () => {
    const process = inCallback(
      'const udf = (cube) => cube.map((v) => (v === null ? 0 : v + cube.shape.length + cube.values.length));',
    );
    const result = (await runProcess(
      'apply_neighborhood',
      { data: cube, process, size: pixels },
      context(),
    )) as Cube;
    expect(await readAll(result)).toEqual([...Array(23).keys()].map((v) => v + 16).concat(0));
  });

  test('apply_neighborhood along one dimension gives arrays', async () => {
    const process = inCallback('const udf = (data) => data.map((v) => (v === null ? 0 : v + data.length));');
    const size = [...pixels, { dimension: 't', value: 1 }, { dimension: 'bands', value: 1 }];
    const result = (await runProcess('apply_neighborhood', { data: cube, process, size }, context())) as Cube;
    expect(await readAll(result)).toEqual([...Array(23).keys()].map((v) => v + 3).concat(0));
  });

  test('a failure is that of the result', async () => {
    const process = inCallback('const udf = (x) => { throw new Error("no"); };', 'x');
    const result = (await runProcess('apply', { data: cube, process }, context())) as Cube;
    await expect(readAll(result)).rejects.toMatchObject({
      code: 'UdfFailed',
      message: expect.stringMatching(/Error: no/),
    });
  });

  test('a reader who leaves ends it', async () => {
    const process = inCallback('const udf = (x) => { for (;;); };', 'x');
    const result = (await runProcess('apply', { data: cube, process }, context())) as Cube;
    const controller = new AbortController();
    const reading = result.read({ grid }, controller.signal);
    setTimeout(() => controller.abort(new Error('left')), 200);
    await expect(reading).rejects.toThrow('left');
  });
});

describe('whole cubes', () => {
  const run = async (code: string) =>
    (await runProcess('run_udf', { data: cube, ...udf(code) }, context())) as Cube;

  test('keep their grid when x and y stay', async () => {
    const result = await run('const udf = (cube) => cube.map((value) => (value === null ? null : -value));');
    expect(result.grid).toEqual(grid);
    expect(describeCube(result)).toEqual(describeCube(cube));
    expect((await readAll(result)).slice(20)).toEqual([-20, -21, -22, null]);
  });

  test('may lose, gain and rename dimensions', async () => {
    const result = await run(`function udf(cube) {
      const [t, bands] = cube.dimensions;
      const values = t.labels.flatMap((_, i) => bands.labels.map((_, j) => cube.get(i, j, 1, 0)));
      return new DataCube({ dimensions: [{ ...t, name: 'time' }, bands], values });
    }`);
    expect(describeCube(result)).toEqual({ time: ['2020-01-01', '2020-02-01'], bands: ['r', 'n'] });
    expect(await readAll(result)).toEqual([3, 9, 15, 21]);
  });

  test('hold text and truth values', async () => {
    const texts = await run(
      'const udf = (cube) => cube.map((value) => (value === null ? null : "v" + value));',
    );
    expect(texts.dataType).toBe('text');
    expect((await readAll(texts)).slice(22)).toEqual(['v22', null]);
    const truths = await run(
      'const udf = (cube) => cube.map((value) => (value === null ? null : value > 21));',
    );
    expect(truths.dataType).toBe('boolean');
    expect((await readAll(truths)).slice(20)).toEqual([false, false, true, null]);
  });

  test.each([
    ['values that do not fit', 'new DataCube({ dimensions: [{ name: "a", labels: [1, 2] }], values: [1] })'],
    ['no labels', 'new DataCube({ dimensions: [{ name: "a" }], values: [1] })'],
    ['no name', 'new DataCube({ dimensions: [{ labels: [1] }], values: [1] })'],
    [
      'two of a name',
      'new DataCube({ dimensions: [{ name: "a", labels: [1] }, { name: "a", labels: [1] }], values: [1] })',
    ],
    ['an unknown type', 'new DataCube({ dimensions: [{ name: "a", type: "b", labels: [1] }], values: [1] })'],
    ['no axis', 'new DataCube({ dimensions: [{ name: "a", type: "spatial", labels: [1] }], values: [1] })'],
    ['objects for labels', 'new DataCube({ dimensions: [{ name: "a", labels: [{}] }], values: [1] })'],
    ['dimensions that are none', 'new DataCube({ dimensions: 5, values: [1] })'],
    ['dimensions of nothing', 'new DataCube({ dimensions: [null], values: [1] })'],
    ['values that are none', 'new DataCube({ dimensions: [], values: 5 })'],
    [
      'values of several types',
      'new DataCube({ dimensions: [{ name: "a", labels: [1, 2] }], values: [1, "a"] })',
    ],
    ['values that are objects', 'new DataCube({ dimensions: [{ name: "a", labels: [1] }], values: [{}] })'],
    [
      'flags that do not fit',
      'new DataCube({ dimensions: [{ name: "a", labels: [1] }], values: [1], valid: [1, 1] })',
    ],
  ])('are refused with %s', async (_name, expression) => {
    expect(await codeOf(run(`const udf = () => ${expression};`))).toBe('UdfFailed');
  });

  test('have to fit into the memory', async () => {
    const labels = Array.from({ length: 5_000_000 }, (_, i) => i);
    const wide = deriveCube(cube, { dimensions: [{ type: 'other', name: 'n', labels }], grid: undefined });
    const outcome = codeOf(
      runProcess('run_udf', { data: wide, ...udf('const udf = (cube) => 1;') }, context()),
    );
    expect(await outcome).toBe('UdfLimitExceeded');
  });

  test('count in the memory of all runs where a function made them', async () => {
    const make = (count: number) =>
      udf(`const labels = Array.from({ length: ${count} }, (_, index) => index);
        const udf = () => new DataCube({ dimensions: [{ name: 'n', labels }], values: new Float64Array(${count}) });`);
    const memory = new MemoryBudget(200_000, 50);
    const made = (count: number) =>
      runProcess('run_udf', { data: 1, ...make(count) }, { ...context(), memory });
    const held = (await made(10_000)) as Cube;
    expect(memory.bytes).toBe(80_000);
    expect(await codeOf(made(10_000))).toBe('TooManyRequests');
    expect(await codeOf(made(20_000))).toBe('MemoryLimitExceeded');
    expect(await readAll(held)).toHaveLength(10_000);
  });
});
