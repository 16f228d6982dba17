import fc from 'fast-check';
import { LabeledArray } from '../../src/graph/types';
import { createUdfRuntimes } from '../../src/udf/runtimes';
import type { UdfRuntimes } from '../../src/udf/types';
import { UdfCube } from '../../src/udf/values';

let runtimes: UdfRuntimes;
beforeAll(() => {
  runtimes = createUdfRuntimes({ threads: 1, memoryBytes: 64 * 1024 * 1024, seconds: 60 });
});
afterAll(() => runtimes.close());

const signal = new AbortController().signal;
const echo = {
  code: 'const udf = (data, context) => [data, context];\n',
  runtime: 'JavaScript',
  version: null,
};

test('every value comes back as it went', async () => {
  const session = runtimes.openSession('tester');
  const number = fc.double().map((value) => (Object.is(value, -0) ? 0 : value));
  const scalar = fc.oneof(number, fc.boolean(), fc.constant(null), fc.string({ unit: 'binary' }));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      scalar,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$', '__proto__', 'labels')), tie('value'), {
        maxKeys: 4,
        noNullPrototype: true,
      }),
      fc.array(fc.tuple(fc.oneof(fc.string(), fc.integer()), tie('value')), { maxLength: 4 }).map(
        (pairs) =>
          new LabeledArray(
            pairs.map(([label]) => label),
            pairs.map(([, item]) => item),
          ),
      ),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(value, value, async (data, context) => {
      expect(await session.call(echo, data, context, signal)).toEqual([data, context]);
    }),
    { numRuns: 150 },
  );
});

test('cubes keep labels, values and no-data', async () => {
  const dimensions = [
    { name: 't', type: 'temporal', labels: ['2020-01-01', '2020-02-01'] },
    { name: 'x', type: 'spatial', axis: 'x', labels: [1.5, 2.5, 3.5], reference_system: 32632 },
  ];
  const cube = new UdfCube(
    dimensions,
    Float32Array.of(1, Number.NaN, 3, 4, 5, 6),
    Uint8Array.of(1, 1, 1, 0, 1, 1),
  );
  const [back] = (await runtimes.openSession('tester').call(echo, cube, null, signal)) as [UdfCube];
  expect(back).toEqual(cube);
  expect(back.values).toBeInstanceOf(Float32Array);
});

test('calls of one turn travel together, in order, and so do their errors', async () => {
  const session = runtimes.openSession('tester');
  const source = {
    code: 'function udf(x, { add }) { if (x === 20000) throw new Error("no"); return x + add; }\n',
    runtime: 'JavaScript',
    version: null,
  };
  const context = { add: 0.5 };
  const all = (from: number, count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => session.call(source, from + i, context, signal)));
  const values = await all(0, 20_000);
  expect(values).toHaveLength(20_000);
  expect(values.every((value, i) => value === i + 0.5)).toBe(true);
  await expect(all(19_999, 2)).rejects.toMatchObject({ code: 'UdfFailed' });
  expect(await all(1, 1)).toEqual([1.5]);
});

test('asynchronous functions are waited for', async () => {
  const code = 'async function udf(data) { await null; return (await Promise.all([data, 1])).length; }\n';
  const source = { code, runtime: 'JavaScript', version: null };
  expect(await runtimes.openSession('tester').call(source, 1, {}, signal)).toBe(2);
});

test('cubes have positions in a UDF', async () => {
  const code = `function udf(cube) {
    const copy = cube.map((value) => (value === null ? -1 : value * 2));
    copy.set(null, 0, 0);
    if (cube.get({ b: 1, a: 1 }) !== cube.get(1, 1)) throw new Error('positions by name');
    return [cube.shape, cube.get(0, 1), cube.get(1, 0), copy.get(1, 0), copy.get(0, 0), cube.dimension('b').labels];
  }\n`;
  const cube = new UdfCube(
    [
      { name: 'a', type: 'other', labels: [1, 2] },
      { name: 'b', type: 'bands', labels: ['r', 'n'] },
    ],
    Float64Array.of(1, Number.NaN, 3, 4),
  );
  const source = { code, runtime: 'JavaScript', version: null };
  expect(await runtimes.openSession('tester').call(source, cube, {}, signal)).toEqual([
    [2, 2],
    null,
    3,
    6,
    null,
    ['r', 'n'],
  ]);
});
