import fc from 'fast-check';
import { createEvaluator, createGeneral } from '../../../src/kernel/evaluator';
import type { Kernel } from '../../../src/kernel/operands';
import type { CallbackShape, Evaluator, Planes } from '../../../src/kernel/types';
import { moduleCache } from '../../../src/kernel/vectors';
import { scaleTable } from '../../../src/processes/cubes/color-table';
import { callbackOf } from '../plans';
import { type Case, cases } from './random-graphs';

function planesOf({ pixels, isSingle }: Case, missing: 'nan' | 'mask'): Planes {
  const data = pixels.map((plane) => {
    const values = plane.map((value) => value ?? (missing === 'nan' ? Number.NaN : -9999));
    return isSingle ? Float32Array.from(values) : Float64Array.from(values);
  });
  if (missing === 'nan') return { data };
  const valid = pixels.map((plane) =>
    plane.includes(undefined) ? Uint8Array.from(plane, (value) => (value === undefined ? 0 : 1)) : undefined,
  );
  return { data, valid };
}

/** Plain values of a result, null for no-data. */
function plain(
  { data, valid }: Planes,
  missing: 'nan' | 'mask',
  types: Evaluator['outputTypes'],
  isSingle: boolean,
): unknown[][] {
  return data.map((plane, k) =>
    Array.from(plane, (value, i) => {
      if (valid?.[k]?.[i] === 0) return null;
      // A plane of nothing but no-data has no type of its own on the general path, so this comes first.
      if (missing === 'nan' && Number.isNaN(value)) return null;
      if (types?.[k] === 'boolean') return value !== 0;
      // Without planes that are read, the paths may differ in the array type.
      const rounded = isSingle ? Math.fround(value as number) : value;
      return rounded === 0 ? 0 : rounded;
    }),
  );
}

/** Some arrays have labels, at uneven distances. */
const labelsFor = (length: number) =>
  length % 4 === 1 ? Array.from({ length }, (_, k) => k * k + 0.5) : undefined;

const { signal } = new AbortController();

/** Enough pixels for vector code, and no whole number of its groups. */
const manyPixels = 1031;

/** The same pixels over and over. */
function repeated({ data, valid }: Planes): Planes {
  const repeat = <T extends Planes['data'][number]>(values: T): T => {
    const from = values as Float64Array;
    const all = new (from.constructor as Float64ArrayConstructor)(manyPixels);
    for (let i = 0; i < manyPixels; i++) all[i] = from[i % from.length];
    return all as unknown as T;
  };
  return { data: data.map(repeat), valid: valid?.map((mask) => mask && repeat(mask)) };
}

/** Runs an evaluator on few pixels, in JavaScript, and on many like them, with vectors: bit for bit the same. */
async function expectEqualVectors(evaluator: Evaluator, planes: Planes, count: number): Promise<Planes> {
  const few = await evaluator.run(new Map([['data', planes]]), count, signal);
  const many = await evaluator.run(new Map([['data', repeated(planes)]]), manyPixels, signal);
  const compare = (one: ArrayLike<unknown> | undefined, other: ArrayLike<unknown> | undefined) => {
    if (!one || !other) return expect(other).toBe(one);
    expect(other.constructor).toBe(one.constructor);
    for (let i = 0; i < manyPixels; i++)
      if (!Object.is(other[i], one[i % count])) expect([i, other[i]]).toEqual([i, one[i % count]]);
  };
  few.data.forEach((values, k) => {
    compare(values, many.data[k]);
    compare(few.valid?.[k], many.valid?.[k]);
  });
  return few;
}

describe.each(['nan', 'mask'] as const)('in the %s form, fused code', (missing) => {
  it('gives the values of the general path for any graph', async () => {
    let fused = 0;
    const compile = jest.spyOn(moduleCache, 'compile');
    await fc.assert(
      fc.asyncProperty(cases, async (example) => {
        const shape: CallbackShape = {
          inputs: new Map([
            ['data', { kind: 'array', length: example.length, labels: labelsFor(example.length) }],
          ]),
          missing,
        };
        const callback = callbackOf(example.graph, ['data']);
        const evaluator = createEvaluator(callback, shape);
        const planes = planesOf(example, missing);
        const count = example.pixels[0].length;
        const actual = evaluator.isFused
          ? await expectEqualVectors(evaluator, planes, count)
          : await evaluator.run(new Map([['data', planes]]), count, signal);
        const expected = await createGeneral(callback, shape).run(new Map([['data', planes]]), count, signal);
        if (evaluator.isFused) fused++;
        const types = evaluator.outputTypes;
        const { isSingle } = example;
        expect(plain(actual, missing, types, isSingle)).toEqual(plain(expected, missing, types, isSingle));
      }),
      { numRuns: 1000 },
    );
    expect(fused).toBeGreaterThan(800);
    expect(compile.mock.calls.length).toBeGreaterThan(300);
    compile.mockRestore();
  });

  it('gives colours along with values as it does after them', async () => {
    let followed = 0;
    const bounds = fc.constantFrom<readonly [number, number]>(
      [-1, 1],
      [0, 255],
      [-20, 1e3],
      [2, 2],
      [0.1, 1e30],
    );
    const types = fc.constantFrom(undefined, 'float32', 'uint16', 'float64');
    await fc.assert(
      fc.asyncProperty(cases, bounds, types, async (example, [low, high], dataType) => {
        const shape: CallbackShape = {
          inputs: new Map([['data', { kind: 'array', length: example.length, dataType }]]),
          missing,
        };
        const evaluator = createEvaluator(callbackOf(example.graph, ['data']), shape);
        const { step, index } = scaleTable(
          [
            [low, [0, 0, 0, 255]],
            [high, [9, 9, 9, 255]],
          ],
          missing,
        );
        const next = evaluator.followedBy?.(step!.kernel as Kernel);
        if (!next) return;
        followed++;
        const planes = planesOf(example, missing);
        const count = example.pixels[0].length;
        const few = await expectEqualVectors(next, planes, count);
        const { data, valid } = await evaluator.run(new Map([['data', planes]]), count, signal);
        const expected = await index({ shape: [], data: data[0], valid: valid?.[0] }, signal);
        expect([...few.data[0]]).toEqual([...expected]);
      }),
      { numRuns: 500 },
    );
    expect(followed).toBeGreaterThan(200);
  });

  it('rounds in the same places with and without vectors where cubes are of float32', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (example) => {
        const { length } = example;
        const shape: CallbackShape = {
          inputs: new Map([['data', { kind: 'array', length, dataType: 'float32' }]]),
          missing,
        };
        const evaluator = createEvaluator(callbackOf(example.graph, ['data']), shape);
        if (!evaluator.isFused) return;
        const planes = planesOf({ ...example, isSingle: true }, missing);
        await expectEqualVectors(evaluator, planes, example.pixels[0].length);
      }),
      { numRuns: 500 },
    );
  });
});
