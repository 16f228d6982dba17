import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { silentLogger } from '../../src/base/logger';
import { packagePath } from '../../src/base/paths';
import type { PortableRun } from '../../src/graph/threads/messages';
import { type PoolOptions, ReadPool } from '../../src/graph/threads/pool';
import type { Priority } from '../../src/graph/threads/task';
import { eventually } from '../support/process';

const pools: ReadPool[] = [];
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));

async function poolOf(
  count: number,
  options: Partial<PoolOptions> = {},
  workerData?: unknown,
): Promise<ReadPool> {
  const resourceLimits = { maxOldGenerationSizeMb: 16 };
  const start = () =>
    new Worker(packagePath('test/graph/support/thread.cjs'), { workerData, resourceLimits });
  const pool = new ReadPool({ count, start, logger: silentLogger, ...options });
  pools.push(pool);
  await pool.warm();
  return pool;
}

const run = (id: number) => ({ id }) as PortableRun;
function read(
  pool: ReadPool,
  order: string,
  {
    priority = 'result',
    signal = new AbortController().signal,
    id = 1,
    isPatient = false,
  }: {
    priority?: Priority;
    signal?: AbortSignal;
    id?: number;
    isPatient?: boolean;
  } = {},
) {
  return pool.read({
    run: run(id),
    window: { select: new Map([[order, [0]]]) },
    priority,
    isPatient,
    signal,
  });
}

test('nothing waits for a thread that is not there yet', async () => {
  const pool = new ReadPool({
    count: 1,
    start: () => new Worker(packagePath('test/graph/support/thread.cjs')),
    logger: silentLogger,
  });
  pools.push(pool);
  expect(await read(pool, 'go')).toBeUndefined();
  await eventually(async () => expect(await read(pool, 'go')).toBeDefined());
});

test('who is patient waits for threads that are being started, unless none is, or until he leaves', async () => {
  const options = {
    start: () => new Worker(packagePath('test/graph/support/thread.cjs')),
    logger: silentLogger,
  };
  const pool = new ReadPool({ count: 2, ...options });
  pools.push(pool);
  const controller = new AbortController();
  const left = read(pool, 'go', { isPatient: true, signal: controller.signal });
  controller.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  expect(await read(pool, 'go', { isPatient: true })).toBeDefined();
  await pool.close();
  expect(await read(pool, 'go', { isPatient: true })).toBeUndefined();
});

test('a run is sent once, and again when a thread has had many others', async () => {
  const pool = await poolOf(1);
  const sent = async (id: number) => (await read(pool, 'go', { id }))?.data[1];
  expect([await sent(1), await sent(1)]).toEqual([1, 0]);
  for (let id = 2; id < 30; id++) expect(await sent(id)).toBe(1);
  expect([await sent(29), await sent(1)]).toEqual([0, 1]);
});

test('tiles go before results, results before jobs', async () => {
  const pool = await poolOf(1);
  const [one, other] = [new AbortController(), new AbortController()];
  const blockers = [one, other].map(({ signal }) => read(pool, 'wait', { signal }).catch(() => undefined));
  const order: Priority[] = [];
  const reads = (['job', 'result', 'tile', 'job', 'tile'] as const).map((priority) =>
    read(pool, 'go', { priority }).then(() => order.push(priority)),
  );
  one.abort();
  other.abort();
  await Promise.all([...blockers, ...reads]);
  expect(order).toEqual(['tile', 'tile', 'result', 'job', 'job']);
});

test('who leaves is answered at once and frees the thread', async () => {
  const pool = await poolOf(1);
  const controller = new AbortController();
  const first = read(pool, 'wait', { signal: controller.signal });
  const second = read(pool, 'wait', { signal: controller.signal });
  const queued = read(pool, 'go', { signal: controller.signal });
  controller.abort(new Error('gone'));
  for (const left of [first, second, queued]) await expect(left).rejects.toThrow('gone');
  expect(await read(pool, 'go')).toBeDefined();
  await expect(read(pool, 'go', { signal: controller.signal })).rejects.toThrow('gone');
});

test('a thread that does not react to leaving is ended and replaced', async () => {
  const pool = await poolOf(1, { unresponsiveMs: 20 });
  const [deaf] = pool.threads;
  const controller = new AbortController();
  const left = read(pool, 'deaf', { signal: controller.signal });
  await setImmediate();
  controller.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  await eventually(() => expect(pool.threads.includes(deaf)).toBe(false));
  await pool.warm();
  expect(await read(pool, 'go')).toBeDefined();
});

test('a window whose thread ends goes to another, once', async () => {
  const pool = await poolOf(2);
  const before = pool.threads;
  await expect(read(pool, 'crash')).rejects.toMatchObject({ code: 'ComputationLost', status: 500 });
  const controller = new AbortController();
  await pool.warm();
  const waiting = read(pool, 'wait', { signal: controller.signal });
  expect(pool.threads.some((thread) => before.includes(thread))).toBe(false);
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});

test('what a thread refuses is left to who asks, and not tried again', async () => {
  const pool = await poolOf(1);
  expect(await read(pool, 'refuse', { id: 5 })).toBeUndefined();
  expect(await read(pool, 'go', { id: 5 })).toBeUndefined();
  expect(await read(pool, 'go', { id: 6 })).toBeDefined();
});

test('a run that takes more than the heap of a thread is left to who asks', async () => {
  const pool = await poolOf(1);
  expect(await read(pool, 'fill', { id: 7 })).toBeUndefined();
  await pool.warm();
  expect(await read(pool, 'go', { id: 7 })).toBeUndefined();
  expect(await read(pool, 'go', { id: 8 })).toBeDefined();
});

test('threads end when there is nothing to do, and come back', async () => {
  const pool = await poolOf(1, { idleMs: 20 });
  await eventually(() => expect(pool.threads.length).toBe(0));
  await pool.warm();
  expect(await read(pool, 'go')).toBeDefined();
});

test('a window waits for memory and gives it back', async () => {
  let borrowed = 0;
  const room = Promise.withResolvers<void>();
  const admit = async () => {
    await room.promise;
    borrowed++;
    return () => void borrowed--;
  };
  const pool = await poolOf(1, { admit });
  const answers = [read(pool, 'go'), read(pool, 'refuse', { id: 2 })];
  room.resolve();
  await Promise.all(answers);
  expect(borrowed).toBe(0);
});

test('threads that cannot start are given up', async () => {
  const pool = await poolOf(2, {}, { isBroken: true });
  await eventually(async () => {
    expect(await read(pool, 'go', { isPatient: true })).toBeUndefined();
    expect([pool.isGivenUp, pool.threads.length]).toEqual([true, 0]);
  });
});

test('closing leaves windows to who asked', async () => {
  const pool = await poolOf(1);
  const reads = ['wait', 'wait', 'go'].map((order) => read(pool, order));
  await pool.close();
  expect(await Promise.all(reads)).toEqual([undefined, undefined, undefined]);
});
