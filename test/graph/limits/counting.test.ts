import { setImmediate } from 'node:timers/promises';
import { heldBytes } from '../../../src/graph/plain-values';

const never = new AbortController().signal;
const ring = (positions: number) => Array.from({ length: positions }, (_, index) => [index, 0]);

test('what was counted before is not counted again', async () => {
  const seen = new WeakSet();
  const shared = ring(40);
  // 40 places and 80 numbers, 16 bytes each.
  expect(await heldBytes(shared, seen, never)).toBe(1920);
  expect(await heldBytes([shared, 'text'], seen, never)).toBe(2 * 16 + 8);
  expect(await heldBytes([shared], new WeakSet(), never)).toBe(16 + 1920);
});

test('what takes long to count is counted in turns with others, until it is aborted', async () => {
  const rings = Array.from({ length: 40 }, () => ring(100_000));
  const counting = heldBytes(rings, new WeakSet(), never);
  expect(counting).toBeInstanceOf(Promise);
  let turns = 0;
  let isOver = false;
  const others = (async () => {
    for (; !isOver; turns++) await setImmediate();
  })();
  expect(await counting).toBe(40 * 16 + 40 * 100_000 * 3 * 16);
  isOver = true;
  await others;
  expect(turns).toBeGreaterThan(1);

  const stop = new AbortController();
  const stopped = heldBytes(rings, new WeakSet(), stop.signal);
  stop.abort(new Error('left'));
  await expect(stopped).rejects.toThrow('left');
});
