import { bands, callback, cubeOf, describeCube, from, gridOf, readAll, runCube, times, x, y } from './kit';

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
