import { createUdfRuntimes } from '../../src/udf/runtimes';

const { signal } = new AbortController();

test('owners take turns: one who calls many functions does not keep another waiting', async () => {
  const runtimes = createUdfRuntimes({ threads: 1, memoryBytes: 48 * 1024 * 1024, seconds: 60 });
  const ended: string[] = [];
  const source = { code: 'const udf = (data) => data;\n', runtime: 'JavaScript', version: null };
  // Calls of one session travel together; each run has its own.
  const call = async (owner: string) => {
    await runtimes.openSession(owner).call(source, owner, {}, signal);
    ended.push(owner);
  };
  try {
    await Promise.all([...Array.from({ length: 12 }, () => call('many')), call('one'), call('other')]);
  } finally {
    await runtimes.close();
  }
  expect(ended).toHaveLength(14);
  // The first of "many" runs already; then each has a turn.
  expect(ended.slice(0, 4).sort()).toEqual(['many', 'many', 'one', 'other']);
});
