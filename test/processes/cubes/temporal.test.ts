import fc from 'fast-check';
import { type Period, periodLabel, periodNumber } from '../../../src/processes/cubes/calendar-periods';
import type { Cube } from '../../../src/raster/cube';
import {
  bands,
  callback,
  codeOf,
  cubeOf,
  describeCube,
  from,
  gridOf,
  readAll,
  reducer,
  runCube,
  times,
  x,
  y,
} from './kit';

const series = (labels: string[], values: unknown[] = labels.map((_, i) => i + 1)): Cube =>
  cubeOf([times(...labels)], values, { form: 'mask' });

describe('aggregate_temporal', () => {
  const days = series(['2024-01-01', '2024-01-02T12:00:00Z', '2024-01-03', '2024-01-04'], [1, 2, 4, 8]);
  const sums = (intervals: unknown[][], rest: object = {}) =>
    runCube('aggregate_temporal', { data: days, intervals, reducer: reducer('sum'), ...rest });

  test('intervals hold their start and not their end, may overlap and be open', async () => {
    const result = await sums([
      ['2024-01-01', '2024-01-03'],
      ['2024-01-02', '2024-01-04'],
      ['2024-01-03', null],
    ]);
    expect(describeCube(result)).toEqual({ t: ['2024-01-01', '2024-01-02', '2024-01-03'] });
    expect(await readAll(result)).toEqual([3, 6, 12]);
    expect(await readAll(await sums([[null, '2024-01-02']], { labels: ['before'] }))).toEqual([1]);
  });

  test('an interval without values gives the reducer an empty array', async () => {
    const result = await sums([['2020-01-01', '2021-01-01']], { reducer: reducer('count') });
    expect(await readAll(result)).toEqual([0]);
    expect(await readAll(await sums([['2020-01-01', '2021-01-01']]))).toEqual([null]);
  });

  test('times of the day apply to every day and cross midnight', async () => {
    const result = await sums([
      ['06:00:00', '18:00:00'],
      ['18:00:00', '06:00:00'],
    ]);
    expect(describeCube(result)).toEqual({ t: ['06:00:00', '18:00:00'] });
    expect(await readAll(result)).toEqual([2, 13]);
  });

  test('equal starts need labels', async () => {
    const intervals = [
      ['2024-01-01', '2024-01-03'],
      ['2024-01-01T00:00:00Z', '2024-01-04'],
    ];
    expect(await codeOf(sums(intervals))).toBe('DistinctDimensionLabelsRequired');
    const result = await sums(intervals, { labels: ['a', 'b'] });
    expect(describeCube(result)).toEqual({ t: ['a', 'b'] });
    expect(await readAll(result)).toEqual([3, 7]);
    expect(await codeOf(sums(intervals, { labels: ['a'] }))).toBe('ProcessParameterInvalid');
  });

  test('empty intervals and wrong dimensions are refused', async () => {
    expect(await codeOf(sums([['2024-01-02', '2024-01-01']]))).toBe('TemporalExtentEmpty');
    expect(await codeOf(sums([['06:00:00', '2024-01-01']]))).toBe('ProcessParameterInvalid');
    expect(await codeOf(sums([['2024-01-01', null]], { dimension: 'x' }))).toBe('DimensionNotAvailable');
    const two = cubeOf([times('2024-01-01'), { type: 'temporal', name: 'u', labels: ['2024-01-01'] }], [1]);
    const args = { data: two, intervals: [['2024-01-01', null]], reducer: reducer('max') };
    expect(await codeOf(runCube('aggregate_temporal', args))).toBe('TooManyDimensions');
    expect(await readAll(await runCube('aggregate_temporal', { ...args, dimension: 'u' }))).toEqual([1]);
    const bad = { ...args, data: series(['soon']) };
    expect(await codeOf(runCube('aggregate_temporal', bad))).toBe('ProcessParameterInvalid');
  });

  test('a reducer gets the labels of its interval', async () => {
    const result = await sums(
      [
        ['2024-01-01', '2024-01-03'],
        ['2024-01-03', '2024-01-05'],
      ],
      { reducer: reducer('array_element', { label: '2024-01-04', return_nodata: true }) },
    );
    expect(await readAll(result)).toEqual([null, 8]);
  });
});

describe('aggregate_temporal_period', () => {
  const labelsOf = async (period: Period, ...labels: string[]) =>
    describeCube(
      await runCube('aggregate_temporal_period', { data: series(labels), period, reducer: reducer('max') }),
    ).t;

  test.each<[Period, string[], string[]]>([
    [
      'hour',
      ['2024-02-29T22:30:00Z', '2024-03-01T00:59:59Z'],
      ['2024-02-29-22', '2024-02-29-23', '2024-03-01-00'],
    ],
    ['hour', ['2024-01-01T00:30:00+01:00'], ['2023-12-31-23']],
    ['day', ['2024-12-30', '2025-01-01'], ['2024-365', '2024-366', '2025-001']],
    ['week', ['2020-12-31', '2021-01-04'], ['2020-53', '2021-01']],
    ['week', ['2024-12-30', '2025-01-06'], ['2025-01', '2025-02']],
    ['dekad', ['2023-12-31', '2024-01-21'], ['2023-36', '2024-01', '2024-02', '2024-03']],
    ['month', ['2023-12-31', '2024-02-01'], ['2023-12', '2024-01', '2024-02']],
    ['season', ['2023-11-30', '2024-02-29', '2024-06-01'], ['2023-son', '2023-djf', '2024-mam', '2024-jja']],
    ['tropical-season', ['2024-04-30', '2024-11-01'], ['2023-ndjfma', '2024-mjjaso', '2024-ndjfma']],
    ['year', ['1969-12-31', '1970-01-01', '1972'], ['1969', '1970', '1971', '1972']],
    ['decade', ['1999-12-31', '2000-01-01'], ['1990', '2000']],
    ['decade-ad', ['2000-12-31', '2001-01-01'], ['1991', '2001']],
  ])('%s of %j', async (period, dates, expected) => {
    expect(await labelsOf(period, ...dates)).toEqual(expected);
  });

  test('one date gives one label, none give none', async () => {
    expect(await labelsOf('day', '2020-01-05')).toEqual(['2020-005']);
    expect(await labelsOf('month')).toEqual([]);
  });

  test('too many periods are refused', async () => {
    const data = series(['1000-01-01', '2000-01-01']);
    const args = { data, period: 'hour', reducer: reducer('max') };
    expect(await codeOf(runCube('aggregate_temporal_period', args))).toBe('ProcessGraphComplexity');
  });

  test('a reducer that makes an array is refused', async () => {
    const args = { data: series(['2024-01-01']), period: 'year', reducer: reducer('extrema') };
    expect(await codeOf(runCube('aggregate_temporal_period', args))).toBe('ProcessParameterInvalid');
  });

  test('every instant lies in one period, and periods follow each other', () => {
    const periods: Period[] = [
      'hour',
      'day',
      'week',
      'dekad',
      'month',
      'season',
      'tropical-season',
      'year',
      'decade',
      'decade-ad',
    ];
    const instant = fc.integer({ min: Date.parse('1900-01-01'), max: Date.parse('2100-01-01') });
    fc.assert(
      fc.property(fc.constantFrom(...periods), instant, instant, (period, one, other) => {
        const [a, b] = [periodNumber(period, one), periodNumber(period, other)];
        expect(Math.sign(a - b) * Math.sign(one - other)).toBeGreaterThanOrEqual(0);
        expect(periodLabel(period, a) === periodLabel(period, b)).toBe(a === b);
      }),
    );
  });
});

describe('resample_cube_temporal', () => {
  const target = series(['2024-01-05', '2024-01-20']);
  const data = cubeOf(
    [times('2024-01-01', '2024-01-09', '2024-01-21'), bands('a', 'b')],
    [1, null, 3, 4, Infinity, 6],
    {
      form: 'mask',
    },
  );

  test('takes the nearest date, of two the earlier one, whatever its values', async () => {
    const result = await runCube('resample_cube_temporal', { data, target });
    expect(describeCube(result)).toEqual({ t: ['2024-01-05', '2024-01-20'], bands: ['a', 'b'] });
    expect(await readAll(result)).toEqual([1, null, Infinity, 6]);
  });

  test('looks for valid values near by, the ends of the span excluded', async () => {
    const near = (days: number) => runCube('resample_cube_temporal', { data, target, valid_within: days });
    expect(await readAll(await near(12))).toEqual([1, 4, 3, 6]);
    expect(await readAll(await near(4))).toEqual([null, null, null, 6]);
    expect(await readAll(await near(4.5))).toEqual([1, 4, null, 6]);
  });

  test('says what does not fit', async () => {
    const run = (rest: object) => codeOf(runCube('resample_cube_temporal', { data, target, ...rest }));
    expect(await run({ dimension: 'bands' })).toBe('DimensionNotAvailable');
    expect(await run({ dimension: 'bands', target: data })).toBe('DimensionMismatch');
    expect(await run({ target: cubeOf([bands('a')], [1]) })).toBe('DimensionMismatch');
  });

  test('has no data where there are no dates', async () => {
    const result = await runCube('resample_cube_temporal', { data: series([]), target });
    expect(await readAll(result)).toEqual([null, null]);
  });
});

describe('climatological_normal', () => {
  const normal = (labels: string[], period: string, years: [number, number], values?: unknown[]) =>
    runCube('climatological_normal', { data: series(labels, values), period, climatology_period: years });

  test('means of the same months of all years', async () => {
    const result = await normal(
      ['2001-01-10', '2001-02-10', '2002-01-01', '2003-01-01'],
      'month',
      [2001, 2002],
      [1, 5, 3, 100],
    );
    expect(describeCube(result).t).toEqual([
      '01',
      '02',
      '03',
      '04',
      '05',
      '06',
      '07',
      '08',
      '09',
      '10',
      '11',
      '12',
    ]);
    expect((await readAll(result)).slice(0, 3)).toEqual([2, 5, null]);
  });

  test('the first winter counts only with its months of the year before, the last one never', async () => {
    const months = ['2001-01-15', '2001-12-15', '2002-01-15', '2002-12-15'];
    expect(await readAll(await normal(months, 'season', [2001, 2002]))).toEqual([2.5, null, null, null]);
    const early = ['2000-12-15', ...months];
    expect(await readAll(await normal(early, 'season', [2001, 2002], [10, 1, 2, 3, 4]))).toEqual([
      4,
      null,
      null,
      null,
    ]);
    const tropical = await normal(['2000-12-15', ...months], 'tropical-season', [2001, 2002]);
    expect(await readAll(tropical)).toEqual([3.5, null]);
  });

  test('labels of days and of the whole period', async () => {
    const days = await normal(['2004-12-31', '2004-01-01', '2005-01-01'], 'day', [2004, 2005]);
    expect(describeCube(days).t).toHaveLength(365);
    expect((await readAll(days)).filter((value) => value !== null)).toEqual([2.5]);
    const whole = await normal(['2004-12-31', '2005-01-01'], 'climatology-period', [2004, 2005]);
    expect(describeCube(whole)).toEqual({ t: ['climatology-period'] });
    expect(await readAll(whole)).toEqual([1.5]);
  });

  test('data that do not span the years are refused', async () => {
    expect(await codeOf(normal(['2004-01-01'], 'month', [2004, 2005]))).toBe('ProcessParameterInvalid');
    expect(await codeOf(normal([], 'month', [2004, 2005]))).toBe('ProcessParameterInvalid');
    expect(await codeOf(normal(['2004-01-01'], 'month', [2005, 2004]))).toBe('ProcessParameterInvalid');
  });
});

describe('anomaly', () => {
  const months = cubeOf([{ type: 'temporal', name: 'months', labels: ['01', '02'] }], [10, 20]);
  const anomaly = (labels: string[], period: string, normals: Cube = months) =>
    runCube('anomaly', { data: series(labels), normals, period });

  test('subtracts the normal of the same time of the year', async () => {
    const result = await anomaly(['2024-01', '2024-02', '2024-03', '2025-01'], 'month');
    expect(describeCube(result)).toEqual({ t: ['2024-01', '2024-02', '2024-03', '2025-01'] });
    expect(await readAll(result)).toEqual([-9, -18, null, -6]);
  });

  test('takes dates too, and normals of years and of a single period', async () => {
    expect(await readAll(await anomaly(['2024-02-10T10:00:00Z'], 'month'))).toEqual([-19]);
    const year = cubeOf([times('2023', '2024')], [5, 7]);
    expect(await readAll(await anomaly(['2024'], 'year', year))).toEqual([-6]);
    const one = cubeOf([times('any')], [5]);
    expect(await readAll(await anomaly(['a', 'b'], 'single-period', one))).toEqual([-4, -3]);
    expect(await codeOf(anomaly(['a', 'b'], 'climatology-period', year))).toBe('ProcessParameterInvalid');
  });

  test('refuses normals that do not fit', async () => {
    expect(await codeOf(anomaly(['2024-djf'], 'season'))).toBe('ProcessParameterInvalid');
    expect(await codeOf(anomaly(['winter'], 'season'))).toBe('ProcessParameterInvalid');
    const more = cubeOf([times('01'), bands('a')], [1]);
    expect(await codeOf(anomaly(['2024-01'], 'month', more))).toBe('ProcessParameterInvalid');
  });

  test('the mean of the anomalies of the same months is zero', async () => {
    const grid = gridOf(2, 1);
    const data = cubeOf([times('2001-01-01', '2002-01-01', '2002-02-01'), y, x], [1, 2, 5, null, 7, 8], {
      grid,
    });
    const years = { period: 'month', climatology_period: [2001, 2002] };
    const normals = await runCube('climatological_normal', { data, ...years });
    const result = await runCube('anomaly', { data, normals, period: 'month' });
    expect(await readAll(result)).toEqual([-2, 0, 2, null, 0, 0]);
    const again = await runCube('climatological_normal', { data: result, ...years });
    expect((await readAll(again)).filter((value) => value !== null)).toEqual([0, 0, 0, 0]);
  });
});

describe('trim_cube', () => {
  test('removes names anywhere, and the ends of what has an order', async () => {
    const grid = gridOf(4, 3);
    const plane = (value: number) => [
      null,
      null,
      null,
      null,
      null,
      value,
      null,
      value,
      null,
      null,
      null,
      null,
    ];
    const none = new Array(12).fill(null);
    const data = cubeOf(
      [times('2024-01-01', '2024-01-02', '2024-01-03', '2024-01-04'), bands('a', 'b', 'c'), y, x],
      [none, none, none, plane(1), none, plane(2), none, none, none, plane(3), none, none].flat(),
      { grid },
    );
    const result = await runCube('trim_cube', { data });
    expect(describeCube(result)).toEqual({
      t: ['2024-01-02', '2024-01-03', '2024-01-04'],
      bands: ['a', 'c'],
      y: 'grid',
      x: 'grid',
    });
    expect(result.grid).toMatchObject({
      width: 3,
      height: 1,
      originX: grid.originX + 10,
      originY: grid.originY - 10,
    });
    const values = [1, null, 1, 2, null, 2, null, null, null, null, null, null, 3, null, 3, null, null, null];
    expect(await readAll(result)).toEqual(values);
    expect(await readAll(await runCube('trim_cube', { data: result }))).toEqual(values);
  });

  test('a cube without data becomes empty', async () => {
    const data = cubeOf([bands('a'), y, x], [null, null], { grid: gridOf(2, 1), form: 'mask' });
    const result = await runCube('trim_cube', { data });
    expect(describeCube(result)).toEqual({ bands: [], y: 'grid', x: 'grid' });
    expect(result.grid).toMatchObject({ width: 0, height: 0 });
  });

  test('NaN is a value where a mask says so', async () => {
    const data = cubeOf([bands('a', 'b')], [Number.NaN, null], { form: 'mask' });
    expect(describeCube(await runCube('trim_cube', { data }))).toEqual({ bands: ['a'] });
  });
});

test('create_data_cube makes a cube to add dimensions to', async () => {
  const empty = await runCube('create_data_cube', {});
  expect(empty.dimensions).toEqual([]);
  expect(await readAll(empty)).toEqual([null]);
  const band = await runCube('add_dimension', { data: empty, name: 'bands', label: 'a', type: 'bands' });
  expect(describeCube(band)).toEqual({ bands: ['a'] });
  const filled = await runCube('apply', {
    data: band,
    process: callback('if', { value: true, accept: 3, reject: from('x') }),
  });
  expect(await readAll(filled)).toEqual([3]);
});
