import fc from 'fast-check';
import { subGrid } from '../../src/geo/grid';
import type { Grid } from '../../src/geo/types';
import { BlockCache } from '../../src/raster/block-cache';
import { type Dimension, defineCube, isCube } from '../../src/raster/cube';
import { memoryCube } from '../../src/raster/memory-cube';
import { uncleared } from '../../src/raster/recycled';
import { fixGrid } from '../../src/raster/resample';
import { shareReads } from '../../src/raster/shared-reads';
import { warpBlock } from '../../src/raster/warp';
import { utmGrid } from './formats/support';

const signal = () => AbortSignal.timeout(10_000);
const grid = utmGrid(8, 6);
const dimensions: Dimension[] = [
  { type: 'bands', name: 'bands', labels: ['a', 'b', 'c'] },
  { type: 'spatial', name: 'y', axis: 'y' },
  { type: 'spatial', name: 'x', axis: 'x' },
];
const numbers = Float32Array.from({ length: 3 * 48 }, (_, i) => i);
const cube = memoryCube({ dimensions, grid, data: numbers });

describe('cubes in memory', () => {
  test('give parts of themselves', async () => {
    expect(isCube(cube)).toBe(true);
    const block = await cube.read(
      { grid: subGrid(grid, 2, 1, 3, 2), select: new Map([['bands', [2, 0]]]) },
      signal(),
    );
    expect(block.shape).toEqual([2, 2, 3]);
    expect([...(block.data as Float32Array)]).toEqual([106, 107, 108, 114, 115, 116, 10, 11, 12, 18, 19, 20]);
  });

  test('are missing outside of themselves', async () => {
    const { data } = await cube.read(
      { grid: subGrid(grid, -1, 0, 2, 1), select: new Map([['bands', [0]]]) },
      signal(),
    );
    expect([...(data as Float32Array)]).toEqual([Number.NaN, 0]);
  });

  test('without a grid give what is selected', async () => {
    const table = memoryCube({
      dimensions: [
        { type: 'temporal', name: 't', labels: ['2024-01-01', '2024-01-02'] },
        { type: 'other', name: 'kind', labels: ['x', 'y', 'z'] },
      ],
      data: ['a', 'b', 'c', 'd', 'e', 'f'],
    });
    expect(table).toMatchObject({ dataType: 'text', missing: 'mask' });
    const { data, shape } = await table.read({ select: new Map([['kind', [2, 0]]]) }, signal());
    expect([shape, data]).toEqual([
      [2, 2],
      ['c', 'a', 'f', 'd'],
    ]);
  });

  test('need as many values as their shape says', () => {
    expect(() => memoryCube({ dimensions, grid, data: new Float32Array(5) })).toThrow(TypeError);
  });

  test('masked values stay masked, and NaN beside them stays a value', async () => {
    const masked = memoryCube({
      dimensions: dimensions.slice(1),
      grid: { ...grid, width: 2, height: 1 },
      data: Float64Array.of(Number.NaN, 5),
      valid: Uint8Array.of(1, 0),
    });
    const fine = { ...grid, resX: 5, resY: 5, width: 4, height: 2 };
    const { data, valid } = await masked.read({ grid: fine }, signal());
    expect([...valid!]).toEqual([1, 1, 0, 0, 1, 1, 0, 0]);
    expect(data[0]).toBeNaN();
  });
});

describe('warped blocks', () => {
  const block = { grid, shape: [6, 8], data: numbers.slice(0, 48) };

  test.each(['near', 'bilinear', 'cubic', 'average', 'mode', 'min', 'max', 'med', 'q1', 'q3'] as const)(
    '%s of a constant is the constant, also beside missing pixels',
    (resampling) => {
      const data = new Float32Array(48).fill(7);
      data[9] = Number.NaN;
      const target = { ...grid, originX: grid.originX + 12, resX: 13, resY: 23, width: 4, height: 2 };
      const out = warpBlock({ ...block, data }, target, { resampling, missing: 'nan' });
      for (const value of out.data as Float32Array) if (!Number.isNaN(value)) expect(value).toBeCloseTo(7, 5);
      expect((out.data as Float32Array)[3]).toBeCloseTo(7, 5);
    },
  );

  test('known statistics of two by two pixels', () => {
    const half = { ...grid, resX: 20, resY: 20, width: 1, height: 1 };
    const of = (resampling: 'average' | 'min' | 'max' | 'sum' | 'rms' | 'med') =>
      (warpBlock(block, half, { resampling, missing: 'nan' }).data as Float32Array)[0];
    // Pixels 0, 1, 8 and 9.
    expect([of('average'), of('min'), of('max'), of('sum'), of('med')]).toEqual([4.5, 0, 9, 18, 1]);
    expect(of('rms')).toBeCloseTo(Math.sqrt((1 + 64 + 81) / 4), 5);
  });

  test('an aligned part is the same pixels', () => {
    fc.assert(
      fc.property(fc.integer({ min: -3, max: 9 }), fc.integer({ min: -3, max: 7 }), (column, row) => {
        const out = warpBlock(block, subGrid(grid, column, row, 3, 3), {
          resampling: 'near',
          missing: 'nan',
        });
        for (let y = 0; y < 3; y++)
          for (let x = 0; x < 3; x++) {
            const isInside = column + x >= 0 && column + x < 8 && row + y >= 0 && row + y < 6;
            expect((out.data as Float32Array)[y * 3 + x]).toBe(
              isInside ? (row + y) * 8 + column + x : Number.NaN,
            );
          }
      }),
    );
  });

  test('a plane is kept by linear interpolation', () => {
    // 0.1 per metre to the east, −0.8 per metre to the north: exact inside.
    const target = {
      ...grid,
      originX: grid.originX + 11,
      originY: grid.originY - 13,
      resX: 3,
      resY: 4,
      width: 15,
      height: 7,
    };
    const { data } = warpBlock(block, target, { resampling: 'bilinear', missing: 'nan' });
    for (let row = 0; row < 7; row++)
      for (let column = 0; column < 15; column++) {
        const x = (11 + 3 * (column + 0.5)) / 10 - 0.5;
        const y = (13 + 4 * (row + 0.5)) / 10 - 0.5;
        expect((data as Float32Array)[row * 15 + column]).toBeCloseTo(x + 8 * y, 4);
      }
  });
});

describe('shared reads', () => {
  function counted() {
    let reads = 0;
    let stopped = 0;
    const slow = defineCube({
      ...cube,
      async read(window, readSignal) {
        reads++;
        await new Promise((resolve) => setTimeout(resolve, 10));
        if (readSignal.aborted) stopped++;
        readSignal.throwIfAborted();
        return cube.read(window, readSignal);
      },
    });
    return { shared: shareReads(slow), reads: () => reads, stopped: () => stopped };
  }

  test('equal windows are read once, others for themselves', async () => {
    const { shared, reads } = counted();
    const [one, other] = await Promise.all([
      shared.read({ grid }, signal()),
      shared.read({ grid: { ...grid } }, signal()),
    ]);
    expect(one).toBe(other);
    await shared.read({ grid }, signal());
    expect(reads()).toBe(1);
    await shared.read({ grid, select: new Map([['bands', [0]]]) }, signal());
    expect(reads()).toBe(2);
  });

  test('a reader that leaves does not stop the others, the last one does', async () => {
    const { shared, reads, stopped } = counted();
    const [one, other] = [new AbortController(), new AbortController()];
    const first = shared.read({ grid }, one.signal);
    const second = shared.read({ grid }, other.signal);
    one.abort(new Error('one'));
    await expect(first).rejects.toThrow('one');
    await second;
    expect([reads(), stopped()]).toEqual([1, 0]);
    const third = shared
      .read({ grid: subGrid(grid, 1, 1, 1, 1) }, one.signal)
      .catch((error: Error) => error.message);
    expect(await third).toBe('one');
    const alone = new AbortController();
    const last = shared.read({ grid: subGrid(grid, 2, 2, 1, 1) }, alone.signal);
    alone.abort(new Error('alone'));
    await expect(last).rejects.toThrow('alone');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(stopped()).toBe(1);
  });
});

describe('cubes on a fixed grid', () => {
  const coarse: Grid = { ...grid, resX: 20, resY: 20, width: 4, height: 3 };

  test('have it, and windows of it', async () => {
    const fixed = fixGrid(cube, coarse, 'average');
    expect(fixed).toMatchObject({ grid: coarse, isGridFixed: true });
    const { data } = await fixed.read({ grid: coarse, select: new Map([['bands', [0]]]) }, signal());
    expect([...(data as Float32Array).subarray(0, 2)]).toEqual([4.5, 6.5]);
  });

  test('other windows are taken from its pixels', async () => {
    const fixed = fixGrid(cube, coarse, 'near');
    const native = await fixed.read({ grid: coarse, select: new Map([['bands', [1]]]) }, signal());
    const { data } = await fixed.read({ grid, select: new Map([['bands', [1]]]) }, signal());
    for (let row = 0; row < 6; row++)
      for (let column = 0; column < 8; column++)
        expect(data[row * 8 + column]).toBe(native.data[(row >> 1) * 4 + (column >> 1)]);
  });
});

describe('the cache of blocks', () => {
  const block = (value: number) => [new Uint8Array(100).fill(value)];

  test('keeps to its budget, the least recently used leave', async () => {
    const cache = new BlockCache(1000);
    for (let i = 0; i < 10; i++) await cache.get(`${i}`, async () => block(i), signal());
    cache.peek('0');
    await cache.get('10', async () => block(10), signal());
    expect(cache.bytes).toBe(1000);
    expect([cache.peek('0') !== undefined, cache.peek('1')]).toEqual([true, undefined]);
  });

  test('makes a block once for all who want it, and again after a failure', async () => {
    const cache = new BlockCache(1000);
    let made = 0;
    const make = async () => {
      made++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (made === 1) throw new Error('first');
      return block(1);
    };
    const [one, other] = await Promise.allSettled([
      cache.get('a', make, signal()),
      cache.get('a', make, signal()),
    ]);
    expect([one.status, other.status, made]).toEqual(['rejected', 'rejected', 1]);
    await cache.get('a', make, signal());
    expect(made).toBe(2);
  });

  test('a block that nobody wants any more is stopped, and made anew for the next', async () => {
    const cache = new BlockCache(1000);
    const stopped: boolean[] = [];
    const make = (shared: AbortSignal) =>
      new Promise<Uint8Array[]>((resolve, reject) => {
        shared.addEventListener('abort', () => {
          stopped.push(true);
          reject(shared.reason);
        });
        setTimeout(() => resolve(block(2)), 20);
      });
    const controller = new AbortController();
    const first = cache.get('a', make, controller.signal);
    controller.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    expect(stopped).toEqual([true]);
    expect((await cache.get('a', make, signal()))[0][0]).toBe(2);
  });

  describe('gives memory back', () => {
    const size = 100_000;
    const make = async () => [uncleared(Uint8Array, size)];

    test('of a block that has left when the last who had it is done', async () => {
      const cache = new BlockCache(size * 4);
      const [one, other] = await Promise.all([
        cache.get('a', make, signal()),
        cache.get('a', make, signal()),
      ]);
      cache.release(one);
      for (const key of ['b', 'c', 'd', 'e']) await cache.get(key, make, signal());
      expect([cache.peek('a'), other[0].length]).toEqual([undefined, size]);
      cache.release(other);
      expect(other[0]).toHaveLength(0);
    });

    test('of a block that leaves after all are done', async () => {
      const cache = new BlockCache(size * 4);
      const planes = await cache.get('a', make, signal());
      cache.release(planes);
      expect(cache.peek('a')).toBe(planes);
      cache.release(planes);
      expect(planes[0]).toHaveLength(size);
      cache.clear();
      expect(planes[0]).toHaveLength(0);
    });

    test('of a block that was never kept', async () => {
      const cache = new BlockCache(size);
      const planes = await cache.get('a', make, signal());
      expect(planes[0]).toHaveLength(size);
      cache.release(planes);
      expect(planes[0]).toHaveLength(0);
    });

    test('never of a block that somebody keeps', async () => {
      const cache = new BlockCache(size * 4);
      const planes = await cache.get('a', make, signal());
      cache.clear();
      expect(planes[0]).toHaveLength(size);
    });
  });
});
