import type { Cube } from '../../src/raster/cube';
import {
  codeOf,
  cubeOf,
  describeCube,
  from,
  fromNode,
  gridOf,
  readAll,
  runGraph,
  runProcess,
  times,
  x,
  y,
} from './cubes/kit';

const parameter = (index: number) => ({
  process_id: 'array_element',
  arguments: { data: from('parameters'), index },
});
const node = (process: string, a: unknown, b: unknown, result = false) => ({
  process_id: process,
  arguments: { x: a, y: b },
  ...(result && { result }),
});

/** a + b·x */
const line = {
  process_graph: {
    a: parameter(0),
    b: parameter(1),
    bx: node('multiply', fromNode('b'), from('x')),
    sum: node('add', fromNode('a'), fromNode('bx'), true),
  },
};
/** a·exp(b·x) */
const growth = {
  process_graph: {
    a: parameter(0),
    b: parameter(1),
    bx: node('multiply', fromNode('b'), from('x')),
    e: { process_id: 'exp', arguments: { p: fromNode('bx') } },
    product: node('multiply', fromNode('a'), fromNode('e'), true),
  },
};
/** a + b·cos(2π x / year) + c·sin(2π x / year), x in seconds */
const season = {
  process_graph: {
    a: parameter(0),
    b: parameter(1),
    c: parameter(2),
    w: node('multiply', from('x'), (2 * Math.PI) / 31_557_600),
    cos: { process_id: 'cos', arguments: { x: fromNode('w') } },
    sin: { process_id: 'sin', arguments: { x: fromNode('w') } },
    bc: node('multiply', fromNode('b'), fromNode('cos')),
    cs: node('multiply', fromNode('c'), fromNode('sin')),
    one: node('add', fromNode('a'), fromNode('bc')),
    all: node('add', fromNode('one'), fromNode('cs'), true),
  },
};

const labelled = (labels: (number | string)[], values: unknown[]) => ({
  made: { process_id: 'array_create_labeled', arguments: { data: values, labels } },
});

/** `fit_curve` of literal values. */
const fitted = (
  labels: (number | string)[],
  values: unknown[],
  model: object,
  start: number[],
  rest: object = {},
) =>
  runGraph({
    ...labelled(labels, values),
    fit: {
      process_id: 'fit_curve',
      arguments: { data: fromNode('made'), parameters: start, function: model, ...rest },
      result: true,
    },
  }) as Promise<(number | null)[]>;

const near = (values: readonly number[], digits = 6) => values.map((value) => expect.closeTo(value, digits));

describe('fit_curve', () => {
  test('a line through points has the parameters of the formula', async () => {
    const xs = [0, 1, 2, 3, 4];
    const ys = [1, 2.5, 3.5, 6, 6.5];
    const mean = (list: number[]) => list.reduce((a, b) => a + b) / list.length;
    const slope =
      xs.reduce((sum, v, i) => sum + (v - mean(xs)) * (ys[i] - mean(ys)), 0) /
      xs.reduce((sum, v) => sum + (v - mean(xs)) ** 2, 0);
    expect(await fitted(xs, ys, line, [0, 0])).toEqual(near([mean(ys) - slope * mean(xs), slope], 8));
  });

  test('a model that is not linear, from a poor start', async () => {
    const xs = Array.from({ length: 30 }, (_, i) => i / 10);
    const ys = xs.map((v) => 2.5 * Math.exp(-1.3 * v));
    expect(await fitted(xs, ys, growth, [1, 1])).toEqual(near([2.5, -1.3], 8));
  });

  test('dates are seconds, however different the sizes of parameters are', async () => {
    const dates = Array.from({ length: 24 }, (_, i) => new Date(Date.UTC(2020, i, 15)).toISOString());
    const w = (date: string) => (2 * Math.PI * Date.parse(date)) / 1000 / 31_557_600;
    const ys = dates.map((date) => 3000 + 0.5 * Math.cos(w(date)) - 20 * Math.sin(w(date)));
    expect(await fitted(dates, ys, season, [1, 1, 1])).toEqual(near([3000, 0.5, -20], 5));
  });

  test('no-data is left out, or spoils the result', async () => {
    expect(await fitted([0, 1, 2, 3], [1, null, 5, 7], line, [0, 0])).toEqual(near([1, 2]));
    expect(await fitted([0, 1, 2, 3], [1, null, 5, 7], line, [0, 0], { ignore_nodata: false })).toEqual([
      null,
      null,
    ]);
  });

  test('too few values make no parameters, exactly enough do', async () => {
    expect(await fitted([0, 1], [1, null], line, [0, 0])).toEqual([null, null]);
    expect(await fitted([], [], line, [0, 0])).toEqual([null, null]);
    expect(await fitted([0, 1], [1, 3], line, [0, 0])).toEqual(near([1, 2]));
  });

  test('a model without a number at the start has no fit', async () => {
    const model = { process_graph: { ln: { process_id: 'ln', arguments: { x: -1 }, result: true } } };
    expect(await fitted([0, 1], [1, 3], model, [1])).toEqual([null]);
  });

  test('what cannot be computed is refused', async () => {
    expect(await codeOf(fitted(['a', 'b'], [1, 2], line, [0, 0]))).toBe('ProcessParameterInvalid');
    expect(await codeOf(fitted([0, 1], [1, 2], line, []))).toBe('ProcessParameterInvalid');
    const plain = runProcess('fit_curve', { data: [1, 2], parameters: [0, 0], function: line });
    expect(await codeOf(plain)).toBe('ProcessParameterInvalid');
    const text = {
      process_graph: { t: { process_id: 'text_concat', arguments: { data: ['a'] }, result: true } },
    };
    expect(await codeOf(fitted([0, 1], [1, 2], text, [1]))).toBe('ProcessParameterInvalid');
    const array = {
      process_graph: { t: { process_id: 'array_create', arguments: { data: [1, 2] }, result: true } },
    };
    expect(await codeOf(fitted([0, 1], [1, 2], array, [1]))).toBe('ProcessParameterInvalid');
  });

  test('a model may take values from around it', async () => {
    const model = {
      process_graph: {
        a: parameter(0),
        ax: node('multiply', fromNode('a'), from('x')),
        all: node('add', fromNode('ax'), from('offset'), true),
      },
    };
    const graph = {
      ...labelled([1, 2, 3], [12, 14, 16]),
      fit: {
        process_id: 'fit_curve',
        arguments: { data: fromNode('made'), parameters: [1], function: model },
        result: true,
      },
    };
    expect(await runGraph(graph, { offset: 10 })).toEqual(near([2]));
  });
});

const days = ['2020-01-01', '2020-01-02', '2020-01-03', '2020-01-04'];
const day = 86_400;
const start = Date.parse(days[0]) / 1000;
/** a + b·(x − 2020-01-01) / 1 day */
const daily = {
  process_graph: {
    a: parameter(0),
    b: parameter(1),
    since: node('subtract', from('x'), start),
    d: node('divide', fromNode('since'), day),
    bx: node('multiply', fromNode('b'), fromNode('d')),
    sum: node('add', fromNode('a'), fromNode('bx'), true),
  },
};
const fitting = (target: string | null = null) => ({
  dimension: 't',
  target_dimension: target,
  process: {
    process_graph: {
      fit: {
        process_id: 'fit_curve',
        arguments: { data: from('data'), parameters: [0, 0], function: daily },
        result: true,
      },
    },
  },
});

describe.each(['nan', 'mask'] as const)('cubes in the %s form', (form) => {
  const grid = gridOf(2, 2);
  // Pixels: 1 + 2·day; 5 − day with a gap; nothing; a single value.
  const values = [1, 5, null, 7, 3, 4, null, null, 5, null, null, null, 7, 2, null, null];
  const cube = cubeOf([times(...days), y, x], values, { grid, form });

  test('fitted along time and predicted at other dates', async () => {
    const parameters = (await runProcess('apply_dimension', { data: cube, ...fitting() })) as Cube;
    expect(describeCube(parameters)).toEqual({ t: [0, 1], y: 'grid', x: 'grid' });
    expect(await readAll(parameters)).toEqual([...near([1, 5]), null, null, ...near([2, -1]), null, null]);
    const labels = ['2020-01-05', '2020-01-11'];
    const predicted = (await runProcess('predict_curve', {
      parameters,
      function: daily,
      dimension: 't',
      labels,
    })) as Cube;
    expect(describeCube(predicted)).toEqual({ t: labels, y: 'grid', x: 'grid' });
    expect(predicted.dimensions[0].type).toBe('temporal');
    expect(await readAll(predicted)).toEqual([
      ...near([9, 1], 4),
      null,
      null,
      ...near([21, -5], 4),
      null,
      null,
    ]);
  });

  test('parameters in a dimension of their own', async () => {
    const parameters = (await runProcess('apply_dimension', { data: cube, ...fitting('p') })) as Cube;
    const labels = [start];
    const predicted = (await runProcess('predict_curve', {
      parameters,
      function: daily,
      dimension: 'when',
      labels,
    })) as Cube;
    expect(describeCube(predicted)).toMatchObject({ when: labels });
    expect(await readAll(predicted)).toEqual([...near([1, 5], 4), null, null]);
  });

  test('labels and dimensions have to be given', async () => {
    const predict = (rest: object) =>
      codeOf(runProcess('predict_curve', { parameters: cube, function: daily, dimension: 't', ...rest }));
    expect(await predict({})).toBe('ProcessParameterInvalid');
    expect(await predict({ labels: null })).toBe('ProcessParameterInvalid');
    expect(await predict({ labels: [1], dimension: 'p' })).toBe('DimensionNotAvailable');
    expect(await predict({ labels: [1], dimension: 'x' })).toBe('DimensionNotAvailable');
    expect(await predict({ labels: ['soon'] })).toBe('ProcessParameterInvalid');
  });
});
