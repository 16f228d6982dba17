import fc from 'fast-check';
import { type Period, periodLabel, periodNumber } from '../../../../src/processes/cubes/calendar-periods';
import { bands, codeOf, cubeOf, describeCube, readAll, reducer, runCube, times } from '../kit';
import { series } from './support';

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
