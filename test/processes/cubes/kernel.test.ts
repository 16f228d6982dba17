import fc from 'fast-check';
import { subGrid } from '../../../src/geo/grid';
import { tileMatrixSet } from '../../../src/geo/tile-matrix-set';
import { type Border, borderIndex } from '../../../src/raster/border';
import type { Cube } from '../../../src/raster/cube';
import { bands, codeOf, cubeOf, gridOf, readAll, runCube, x, y } from './kit';

const plane = (values: readonly unknown[], width: number): Cube =>
  cubeOf([y, x], values, { grid: gridOf(width, values.length / width), form: 'mask', dataType: 'float64' });

const apply = async (data: Cube, kernel: number[][], rest: object = {}) =>
  await readAll(await runCube('apply_kernel', { data, kernel, ...rest }));

test.each([
  ['replicate', 'aaaaaa', 'hhhhhh'],
  ['reflect', 'fedcba', 'hgfedc'],
  ['reflect_pixel', 'gfedcb', 'gfedcb'],
  ['wrap', 'cdefgh', 'abcdef'],
] as const)('the border %s', (border, before, after) => {
  const row = 'abcdefgh';
  const at = (index: number) => row[borderIndex(index, row.length, border)];
  expect([-6, -5, -4, -3, -2, -1].map(at).join('')).toBe(before);
  expect([8, 9, 10, 11, 12, 13].map(at).join('')).toBe(after);
});

describe('apply_kernel', () => {
  test('weights lie as the kernel is written, without a turn', async () => {
    const data = plane([0, 0, 0, 0, 1, 0, 0, 0, 0], 3);
    const kernel = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ];
    expect(await apply(data, kernel)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(await apply(data, [[1, 2, 3]], { factor: 0.5 })).toEqual([0, 0, 0, 1.5, 1, 0.5, 0, 0, 0]);
  });

  test('borders are made of numbers or pixels', async () => {
    const data = plane([1, 2, 4], 3);
    const left = [[1, 0, 0, 0, 0]];
    expect(await apply(data, left)).toEqual([0, 0, 1]);
    expect(await apply(data, left, { border: 9 })).toEqual([9, 9, 1]);
    expect(await apply(data, left, { border: 'replicate' })).toEqual([1, 1, 1]);
    expect(await apply(data, left, { border: 'reflect' })).toEqual([2, 1, 1]);
    expect(await apply(data, left, { border: 'reflect_pixel' })).toEqual([4, 2, 1]);
    expect(await apply(data, left, { border: 'wrap' })).toEqual([2, 4, 1]);
    expect(await apply(plane([5], 1), [[1, 1, 1, 1, 1]], { border: 'reflect_pixel' })).toEqual([25]);
  });

  test('what is no finite number is replaced', async () => {
    const data = plane([1, null, Number.NaN, Infinity], 4);
    expect(await apply(data, [[1]])).toEqual([1, 0, 0, 0]);
    expect(await apply(data, [[1]], { replace_invalid: 7, border: 2 })).toEqual([1, 7, 7, 7]);
    expect(await apply(data, [[1, 0, 1]], { replace_invalid: 7, border: 2 })).toEqual([9, 8, 14, 9]);
    const truths = cubeOf([y, x], [1, 0], { grid: gridOf(2, 1), form: 'mask', dataType: 'boolean' });
    expect(await apply(truths, [[3]])).toEqual([3, 0]);
  });

  test('kernels need odd sizes and equal rows', async () => {
    const data = plane([1], 1);
    for (const kernel of [[[1, 2]], [[1], [2]], [], [[]]])
      expect(await codeOf(runCube('apply_kernel', { data, kernel }))).toBe('KernelDimensionsUneven');
    const ragged = { data, kernel: [[1], [1, 2, 3], [1]] };
    expect(await codeOf(runCube('apply_kernel', ragged))).toBe('ProcessParameterInvalid');
    const flat = { data: cubeOf([bands('a')], [1]), kernel: [[1]] };
    expect(await codeOf(runCube('apply_kernel', flat))).toBe('ProcessParameterInvalid');
  });

  test('equals a sum over neighbours, for any kernel and border', async () => {
    const border = fc.constantFrom<Border | number>('replicate', 'reflect', 'reflect_pixel', 'wrap', 3);
    const odd = fc.constantFrom(1, 3, 5, 7);
    await fc.assert(
      fc.asyncProperty(
        border,
        odd,
        odd,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        async (rule, kw, kh, width, height) => {
          const values = Array.from({ length: width * height }, (_, i) => (i * 7) % 11);
          const kernel = Array.from({ length: kh }, (_, r) =>
            Array.from({ length: kw }, (_, c) => ((r * 5 + c * 3) % 7) - 2),
          );
          const at = (column: number, row: number): number => {
            const mode = typeof rule === 'number' ? 'outside' : rule;
            const [c, r] = [borderIndex(column, width, mode), borderIndex(row, height, mode)];
            return c < 0 || r < 0 ? (rule as number) : values[r * width + c];
          };
          const expected = values.map((_, i) => {
            const [column, row] = [i % width, Math.floor(i / width)];
            let sum = 0;
            kernel.forEach((weights, ky) => {
              weights.forEach((weight, kx) => {
                sum += weight * at(column + kx - (kw - 1) / 2, row + ky - (kh - 1) / 2);
              });
            });
            return sum;
          });
          expect(await apply(plane(values, width), kernel, { border: rule })).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('windows in another reference system fit together', async () => {
    const size = 24;
    const grid = gridOf(size, size, { resX: 40, resY: 40 });
    const data = cubeOf(
      [y, x],
      Array.from({ length: size * size }, (_, i) => (i * 13) % 29),
      { grid },
    );
    const box = [
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
    ];
    const result = await runCube('apply_kernel', { data, kernel: box, border: 'replicate' });
    const matrices = tileMatrixSet('WebMercatorQuad')!;
    const tile = matrices.tileAt(10.3175, 46.9425, 14);
    const whole = matrices.grid(tile, 64);
    const all = await readAll(result, { grid: whole });
    expect(all.filter((value) => value !== null).length).toBeGreaterThan(100);
    for (const [column, row] of [
      [0, 0],
      [32, 0],
      [0, 32],
      [32, 32],
    ]) {
      const quarter = await readAll(result, { grid: subGrid(whole, column, row, 32, 32) });
      const cut = all.filter((_, i) => {
        const [c, r] = [i % 64, Math.floor(i / 64)];
        return c >= column && c < column + 32 && r >= row && r < row + 32;
      });
      expect(quarter).toEqual(cut);
    }
    expect(result.grid).toEqual(grid);
  });
});
