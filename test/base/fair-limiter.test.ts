import { FairLimiter } from '../../src/base/fair-limiter';

const { signal } = new AbortController();

/** Tasks that are started by hand, and the order in which they were. */
function world(concurrency: number) {
  const limiter = new FairLimiter(concurrency);
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const add = (owner: string, name: string, own = signal) =>
    limiter.run(
      owner,
      () => {
        started.push(name);
        return new Promise<void>((resolve) => ends.push(resolve));
      },
      own,
    );
  const finish = async (count: number) => {
    for (let i = 0; i < count; i++) {
      ends.shift()?.();
      await new Promise(setImmediate);
    }
  };
  return { add, started, finish };
}

it('lets owners take turns, however many tasks one of them has brought', async () => {
  const { add, started, finish } = world(1);
  const all = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'].map((name) => add(name[0], name));
  await finish(7);
  await Promise.all(all);
  expect(started).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
});

it('runs so many at once', async () => {
  const { add, started, finish } = world(2);
  const all = ['a1', 'a2', 'a3'].map((name) => add('a', name));
  await new Promise(setImmediate);
  expect(started).toEqual(['a1', 'a2']);
  await finish(3);
  await Promise.all(all);
  expect(started).toEqual(['a1', 'a2', 'a3']);
});

it('lets those go that no longer want to wait, and starts nothing for them', async () => {
  const { add, started, finish } = world(1);
  const controller = new AbortController();
  const first = add('a', 'a1');
  const leaving = add('b', 'b1', controller.signal);
  const last = add('c', 'c1');
  controller.abort(new Error('gone'));
  await expect(leaving).rejects.toThrow('gone');
  await expect(add('b', 'b2', controller.signal)).rejects.toThrow('gone');
  await finish(2);
  await Promise.all([first, last]);
  expect(started).toEqual(['a1', 'c1']);
});

it('goes on after a task that fails', async () => {
  const limiter = new FairLimiter(1);
  await expect(limiter.run('a', () => Promise.reject(new Error('bad')), signal)).rejects.toThrow('bad');
  expect(await limiter.run('b', async () => 1, signal)).toBe(1);
});
