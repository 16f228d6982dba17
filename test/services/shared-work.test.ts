import { SharedWork } from '../../src/services/shared-work';

const never = new AbortController().signal;

function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

test('equal work in flight is done once, later work anew', async () => {
  const shared = new SharedWork<number>();
  let runs = 0;
  const gate = deferred<void>();
  const work = async () => {
    runs++;
    await gate.promise;
    return runs;
  };
  const both = Promise.all([
    shared.do('a', never, work),
    shared.do('a', never, work),
    shared.do('b', never, work),
  ]);
  gate.resolve();
  expect(await both).toEqual([2, 2, 2]);
  expect(runs).toBe(2);
  await shared.do('a', never, work);
  expect(runs).toBe(3);
});

test('one waiter leaving does not disturb the others', async () => {
  const shared = new SharedWork<string>();
  const gate = deferred<string>();
  let signal: AbortSignal | undefined;
  const work = (given: AbortSignal) => {
    signal = given;
    return gate.promise;
  };
  const leaver = new AbortController();
  const left = shared.do('a', leaver.signal, work);
  const stays = shared.do('a', never, work);
  leaver.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  expect(signal?.aborted).toBe(false);
  gate.resolve('done');
  expect(await stays).toBe('done');
});

test('work is given up when everybody has left, and starts anew for the next', async () => {
  const shared = new SharedWork<string>();
  const signals: AbortSignal[] = [];
  const work = (given: AbortSignal) => {
    signals.push(given);
    return new Promise<string>((resolve, reject) => {
      given.addEventListener('abort', () => reject(given.reason));
      if (signals.length > 1) resolve('second');
    });
  };
  const leaver = new AbortController();
  const left = shared.do('a', leaver.signal, work);
  leaver.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  expect(signals[0].aborted).toBe(true);
  expect(await shared.do('a', never, work)).toBe('second');
});

test('an error reaches all waiters and is not kept', async () => {
  const shared = new SharedWork<number>();
  let runs = 0;
  const work = async () => {
    runs++;
    if (runs === 1) throw new Error('broken');
    return runs;
  };
  const both = await Promise.allSettled([shared.do('a', never, work), shared.do('a', never, work)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await shared.do('a', never, work)).toBe(2);
});

test('who has left before asking gets nothing started', async () => {
  const shared = new SharedWork<number>();
  const work = jest.fn(async () => 1);
  await expect(shared.do('a', AbortSignal.abort(new Error('gone')), work)).rejects.toThrow('gone');
  expect(work).not.toHaveBeenCalled();
});
