import { defineCube } from '../../src/raster/cube';
import { discard, lend, recycle, recycleInput, takeOver, uncleared } from '../../src/raster/recycled';
import { shareReads } from '../../src/raster/shared-reads';

const length = 100_000;

test('the memory of an array that was given back is that of the next one of its size', () => {
  const first = uncleared(Float32Array, length).fill(7);
  recycle(first);
  const other = uncleared(Float32Array, length + 1);
  expect(other.every((value) => value === 0)).toBe(true);
  const second = uncleared(Uint8Array, length * 4);
  expect(second.subarray(0, 4)).toEqual(new Uint8Array(Float32Array.of(7).buffer));
});

test('who still looks at an array that was given back sees that it is gone', () => {
  const array = uncleared(Float64Array, length);
  const view = array.subarray(10);
  recycle(array);
  expect([array.length, view.length]).toEqual([0, 0]);
});

test('only arrays that were made for it are given back, once', () => {
  const array = uncleared(Uint16Array, length);
  recycle(array.subarray(0));
  recycle(new Float32Array(length));
  recycle([1, 2]);
  recycle(undefined);
  expect(array).toHaveLength(length);
  expect(takeOver(array)).toBe(true);
  recycle(array);
  expect(takeOver(array)).toBe(false);
  expect(array).toHaveLength(length);
});

test('what a result is made of stays', () => {
  const [data, valid] = [uncleared(Float32Array, length), uncleared(Uint8Array, length)];
  recycleInput({ data, valid }, { data: data.subarray(5) });
  expect([data.length, valid.length]).toEqual([length, 0]);
});

test('buffers that share their memory with others are left alone', () => {
  const small = Buffer.allocUnsafe(100);
  discard(lend(small));
  expect(small).toHaveLength(100);
  const large = Buffer.allocUnsafeSlow(length);
  discard(lend(large.subarray(0, length - 10)));
  expect(large).toHaveLength(0);
});

test('no more is kept than a bound', () => {
  const arrays = Array.from({ length: 10 }, () => uncleared(Float64Array, 2 ** 20).fill(3));
  for (const array of arrays) recycle(array);
  const again = arrays.map(() => uncleared(Float64Array, 2 ** 20));
  const kept = again.filter(([value]) => value === 3).length;
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThanOrEqual(6);
});

test('a block that several readers have is not given back by one of them', async () => {
  const cube = shareReads(
    defineCube({
      dimensions: [{ type: 'bands', name: 'bands', labels: ['a'], bands: [{ name: 'a' }] }],
      grid: undefined,
      dataType: 'float32',
      nodata: null,
      missing: 'nan',
      locality: 'whole',
      isGridFixed: true,
      dataVersion: '1',
      read: async () => ({ shape: [length], data: uncleared(Float32Array, length).fill(1) }),
    }),
  );
  const { signal } = new AbortController();
  const [one, other] = await Promise.all([cube.read({}, signal), cube.read({}, signal)]);
  recycle(one.data);
  expect(other.data[length - 1]).toBe(1);
});
