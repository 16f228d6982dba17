import { createPace, nextTurn, othersFirst } from '../../src/base/pace';

/** Keeps the thread busy for so long. */
function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('short work is done at once, longer work gives way', async () => {
  const rest = createPace(new AbortController().signal);
  expect(rest()).toBeUndefined();
  let isServed = false;
  setImmediate(() => {
    isServed = true;
  });
  spin(12);
  const turn = rest();
  expect(isServed).toBe(false);
  await turn;
  expect(isServed).toBe(true);
});

test('an abort ends work at its next turn', async () => {
  const controller = new AbortController();
  const rest = createPace(controller.signal);
  setImmediate(() => controller.abort(new Error('the client left')));
  spin(12);
  await expect(rest()).rejects.toThrow('the client left');
});

test('works take turns one by one, with other events between them', async () => {
  const order: string[] = [];
  const work = async (name: string) => {
    await nextTurn();
    order.push(name);
    setImmediate(() => order.push(`after ${name}`));
  };
  await Promise.all([work('a'), work('b')]);
  await nextTurn();
  expect(order).toEqual(['a', 'after a', 'b', 'after b']);
});

test('steps of many works give way together, and then not for a while', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  spin(12);
  await othersFirst(signal);
  expect(othersFirst(signal)).toBeUndefined();
  let isServed = false;
  setImmediate(() => {
    isServed = true;
  });
  // Without a turn, promises alone would never let it in.
  for (let step = 0; step < 8; step++) {
    spin(2);
    await othersFirst(signal);
  }
  expect(isServed).toBe(true);
  setImmediate(() => controller.abort(new Error('the client left')));
  spin(12);
  await expect(othersFirst(signal)).rejects.toThrow('the client left');
});
