import { codeOf, cubeOf, gridOf, readAll, reducer, runCube, times, x, y } from './kit';

const grid = gridOf(5, 3);
const data = cubeOf(
  [times('2024-01-01'), y, x],
  Array.from({ length: 15 }, (_, i) => (i === 7 ? null : i)),
  { grid, form: 'mask' },
);
const windows = (rest: object = {}, process = 'sum') =>
  runCube('aggregate_spatial_window', { data, reducer: reducer(process), size: [2, 2], ...rest });

test.each([
  ['pad', 'upper-left', 0, 0],
  ['trim', 'upper-left', 0, 0],
  ['pad', 'upper-right', -1, 0],
  ['trim', 'lower-right', 1, 1],
  ['pad', 'lower-left', 0, -1],
] as const)('%s, %s', async (boundary, align, column, row) => {
  const result = await windows({ boundary, align });
  const size = boundary === 'pad' ? [3, 2] : [2, 1];
  expect(result.grid).toEqual({
    ...grid,
    originX: grid.originX + column * 10,
    originY: grid.originY - row * 10,
    resX: 20,
    resY: 20,
    width: size[0],
    height: size[1],
  });
  const expected = Array.from({ length: size[0] * size[1] }, (__, i) => {
    const [left, top] = [column + 2 * (i % size[0]), row + 2 * Math.floor(i / size[0])];
    let sum: number | null = null;
    for (const [c, r] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ].map(([dx, dy]) => [left + dx, top + dy]))
      if (c >= 0 && r >= 0 && c < 5 && r < 3 && r * 5 + c !== 7) sum = (sum ?? 0) + r * 5 + c;
    return sum;
  });
  expect(await readAll(result)).toEqual(expected);
});

test('windows are read in part, and at other resolutions', async () => {
  const result = await windows();
  const whole = await readAll(result);
  const part = { ...result.grid!, originX: grid.originX + 20, width: 1, height: 2 };
  expect(await readAll(result, { grid: part })).toEqual([whole[1], whole[4]]);
  const fine = { ...result.grid!, resX: 10, width: 2, height: 1 };
  expect(await readAll(result, { grid: fine })).toEqual([whole[0], whole[0]]);
  expect(await codeOf(windows({}, 'extrema'))).toBe('ProcessParameterInvalid');
});
