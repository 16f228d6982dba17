import { MessageChannel } from 'node:worker_threads';
import { BlockCache, type Use } from '../../src/raster/block-cache';
import { BlockExchange, createBlockTable } from '../../src/raster/block-exchange';
import { eventually } from '../support/process';

const never = new AbortController().signal;
const bytes = 100_000;
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** The caches of two threads, which count what each decodes. */
function twoCaches(maxBytes = 10 * bytes) {
  const table = createBlockTable();
  const { port1, port2 } = new MessageChannel();
  closers.push(() => port1.close());
  const exchanges = [new BlockExchange(table, 1), new BlockExchange(table, 2)];
  exchanges[0].join(2, port1);
  exchanges[1].join(1, port2);
  const decoded: string[][] = [[], []];
  const caches = exchanges.map((exchange) => new BlockCache(maxBytes, exchange));
  const get = (thread: number, key: string, made?: Promise<void>, signal = never, use?: Use) =>
    caches[thread].get(
      key,
      async () => {
        decoded[thread].push(key);
        await made;
        return [new Uint8Array(bytes).fill(key.length), new Uint16Array(3).fill(7)];
      },
      signal,
      use,
    );
  return { caches, decoded, get, disconnect: () => port1.close() };
}

test('a block that another thread keeps is copied', async () => {
  const { get, decoded } = twoCaches();
  const [bytesOfOne, numbersOfOne] = await get(0, 'block');
  const [bytesOfOther, numbersOfOther] = await get(1, 'block');
  expect(decoded).toEqual([['block'], []]);
  expect(bytesOfOther).toEqual(bytesOfOne);
  expect(numbersOfOther).toEqual(numbersOfOne);
  bytesOfOther.fill(0);
  expect(bytesOfOne[0]).toBe(5);
});

test('a block that several threads want at once is decoded once', async () => {
  const { get, decoded } = twoCaches();
  const { promise, resolve } = Promise.withResolvers<void>();
  const both = [get(0, 'block', promise), get(1, 'block', promise), get(1, 'block', promise)];
  resolve();
  const [one, other] = await Promise.all(both);
  expect(other).toEqual(one);
  expect(decoded.flat()).toEqual(['block']);
});

test('so is one that is too large for either cache, while somebody makes it', async () => {
  const { get, decoded, caches } = twoCaches(bytes);
  const { promise, resolve } = Promise.withResolvers<void>();
  const both = [get(0, 'large', promise), get(1, 'large', promise)];
  await new Promise((wait) => setTimeout(wait, 50));
  resolve();
  const blocks = await Promise.all(both);
  expect(blocks[1]).toEqual(blocks[0]);
  expect(decoded.flat()).toEqual(['large']);
  for (const [thread, planes] of blocks.entries()) caches[thread].release(planes);
  await get(1, 'large');
  expect(decoded).toEqual([['large'], ['large']]);
});

test('a block that has left is decoded again, and then the other thread has it', async () => {
  const { get, decoded } = twoCaches(5 * bytes);
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await get(0, key);
  await get(1, 'a');
  await get(1, 'f');
  expect(decoded[1]).toEqual(['a']);
  await get(0, 'a');
  expect(decoded[0]).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});

test('what fails for one thread is tried by the other', async () => {
  const { caches, get, decoded } = twoCaches();
  const failing = Promise.withResolvers<never>();
  const one = caches[0].get('block', () => failing.promise, never);
  const other = get(1, 'block');
  await new Promise((wait) => setTimeout(wait, 50));
  expect(decoded[1]).toEqual([]);
  failing.reject(new Error('broken'));
  await expect(one).rejects.toThrow('broken');
  expect((await other)[0][0]).toBe(5);
  expect(decoded[1]).toEqual(['block']);
});

test('who waits for a thread that ends decodes by himself', async () => {
  const { caches, get, decoded, disconnect } = twoCaches();
  const stuck = Promise.withResolvers<never>();
  caches[0].get('block', () => stuck.promise, never).catch(() => {});
  const other = get(1, 'block');
  await new Promise((wait) => setTimeout(wait, 50));
  disconnect();
  expect((await other)[0][0]).toBe(5);
  expect(decoded[1]).toEqual(['block']);
  stuck.reject(new Error('ended'));
});

test('who leaves while another thread makes it is told at once', async () => {
  const { get, decoded } = twoCaches();
  const { promise, resolve } = Promise.withResolvers<void>();
  const one = get(0, 'block', promise);
  const controller = new AbortController();
  const other = get(1, 'block', promise, controller.signal);
  controller.abort(new Error('gone'));
  await expect(other).rejects.toThrow('gone');
  resolve();
  await one;
  expect(decoded).toEqual([['block'], []]);
});

test('what another thread keeps is not kept twice', async () => {
  const { get, caches } = twoCaches();
  const planes = await get(0, 'block');
  const copy = await get(1, 'block');
  expect(caches.map(({ size }) => size)).toEqual([1, 0]);
  caches[1].release(copy);
  expect((await get(1, 'block'))[0]).toEqual(planes[0]);
});

test('blocks that have been read from end to end leave first, whoever read them', async () => {
  const { get, caches, decoded } = twoCaches(5 * bytes);
  const read = async (thread: number, key: string, sample: number, share: number) =>
    caches[thread].release(await get(thread, key, undefined, never, { sample, share }));
  for (const key of ['a', 'b', 'c', 'd']) await read(0, key, 0, 0.25);
  for (let part = 0; part < 3; part++) await read(1, 'c', 0, 0.25);
  // Of this sample not all has been read.
  for (let part = 0; part < 3; part++) await read(1, 'b', part, 0.25);
  await eventually(async () => {
    await read(0, 'new', 0, 1);
    expect(caches[0].peek('c')).toBeUndefined();
  });
  for (const key of ['a', 'b', 'd']) expect(caches[0].peek(key)).toBeDefined();
  expect(decoded[1]).toEqual([]);
});

test('keys that fall on one place of the table are told apart', async () => {
  const { get, decoded } = twoCaches(3000 * bytes);
  const keys = Array.from({ length: 500 }, (_, index) => `block ${index}`);
  for (const key of keys) await get(0, key);
  for (const key of keys) await get(1, key);
  expect(decoded[1]).toEqual([]);
});
