import { Batches } from '../../src/base/batches';

/** Work that ends when it is told to. */
function createWork(most: number) {
  const begun: { readonly items: readonly string[]; end(error?: Error): void }[] = [];
  const batches = new Batches<string, string>(
    (items) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) => (error ? reject(error) : resolve(items.map((item) => `${item}!`)));
        begun.push({ items, end });
      }),
    most,
  );
  return { batches, begun };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what is asked for at once is done at once, what comes meanwhile goes together afterwards', async () => {
  const { batches, begun } = createWork(3);
  const first = Promise.all([batches.do('a'), Promise.resolve().then(() => batches.do('b'))]);
  await turn();
  expect(begun.map(({ items }) => items)).toEqual([['a', 'b']]);
  const later = Promise.all(['c', 'd', 'e', 'f'].map((item) => batches.do(item)));
  await turn();
  expect(begun).toHaveLength(1);
  begun[0].end();
  expect(await first).toEqual(['a!', 'b!']);
  await turn();
  expect(begun[1].items).toEqual(['c', 'd', 'e']);
  begun[1].end();
  await turn();
  await turn();
  expect(begun[2].items).toEqual(['f']);
  begun[2].end();
  expect(await later).toEqual(['c!', 'd!', 'e!', 'f!']);
});

test('a failure reaches all who are in its batch, and nobody else', async () => {
  const { batches, begun } = createWork(10);
  const failing = Promise.allSettled([batches.do('a'), batches.do('b')]);
  await turn();
  const next = batches.do('c');
  begun[0].end(new Error('no'));
  expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await turn();
  begun[1].end();
  expect(await next).toBe('c!');
});
