import type { Cube } from '../../../../src/raster/cube';
import { bands, codeOf, cubeOf, describeCube, gridOf, readAll, runCube, times, x, y } from '../kit';
import { series } from './support';

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
