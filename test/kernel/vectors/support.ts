import { createEvaluator } from '../../../src/kernel/evaluator';
import type { CallbackShape, Planes } from '../../../src/kernel/types';
import type { NumericArray } from '../../../src/raster/cube';
import { callbackOf } from '../plans';

export const { signal } = new AbortController();
export const data = { from_parameter: 'data' };
export const from = (node: string) => ({ from_node: node });
export type Nodes = Parameters<typeof callbackOf>[0];

export const types = {
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
} as const;

export const count = 2501;
/** So few pixels are computed without vectors. */
export const few = 500;

export function planeOf(type: keyof typeof types, seed: number): NumericArray {
  const plane = new types[type](count);
  let state = seed;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // All bits, so that the ends of ranges are among them.
    plane[i] = type.startsWith('Float')
      ? state % 11 === 0
        ? Number.NaN
        : state / 2 ** 16 - 30_000
      : state >>> (state % 24);
  }
  return plane;
}

export const maskOf = (seed: number) =>
  Uint8Array.from({ length: count }, (_, i) => ((i * 7 + seed) % 5 === 0 ? 0 : 1));

const band = (index: number) => ({ process_id: 'array_element', arguments: { data, index } });
export const graph = (nodes: Nodes): Nodes => ({ a: band(0), b: band(1), c: band(2), ...nodes });
export const graphs: Readonly<Record<string, Nodes>> = {
  arithmetic: graph({
    d: { process_id: 'normalized_difference', arguments: { x: from('a'), y: from('b') } },
    e: {
      process_id: 'linear_scale_range',
      arguments: { x: from('d'), inputMin: -1, inputMax: 1, outputMax: 255 },
    },
    f: { process_id: 'multiply', arguments: { x: from('e'), y: from('c') }, result: true },
  }),
  truth: graph({
    d: { process_id: 'gt', arguments: { x: from('a'), y: 0.1 } },
    e: { process_id: 'lte', arguments: { x: from('b'), y: from('c') } },
    f: { process_id: 'xor', arguments: { x: from('d'), y: from('e') }, result: true },
  }),
  choice: graph({
    d: { process_id: 'between', arguments: { x: from('a'), min: 3, max: 30_000 } },
    e: { process_id: 'if', arguments: { value: from('d'), accept: from('b') }, result: true },
  }),
  signs: graph({
    d: { process_id: 'sgn', arguments: { x: from('a') } },
    e: { process_id: 'floor', arguments: { x: { from_node: 'q' } } },
    q: { process_id: 'divide', arguments: { x: from('b'), y: -7 } },
    f: { process_id: 'clip', arguments: { x: from('c'), min: -5, max: 100 } },
    g: { process_id: 'array_create', arguments: { data: [from('d'), from('e'), from('f')] }, result: true },
  }),
  'truth made of missing values and numbers': graph({
    d: { process_id: 'is_valid', arguments: { x: from('a') } },
    e: { process_id: 'is_nodata', arguments: { x: from('b') } },
    f: { process_id: 'or', arguments: { x: from('d'), y: from('e') } },
    g: { process_id: 'gt', arguments: { x: from('c'), y: from('b') } },
    h: { process_id: 'and', arguments: { x: from('f'), y: from('g') } },
    i: { process_id: 'not', arguments: { x: from('f') } },
    j: { process_id: 'if', arguments: { value: from('h'), accept: from('a'), reject: from('c') } },
    k: { process_id: 'if', arguments: { value: from('i'), accept: from('g'), reject: from('d') } },
    l: { process_id: 'if', arguments: { value: from('k'), accept: from('j') }, result: true },
  }),
  'the same limits twice': graph({
    d: { process_id: 'clip', arguments: { x: from('a'), min: -5, max: 100 } },
    e: { process_id: 'clip', arguments: { x: from('d'), min: -5, max: 100 } },
    f: {
      process_id: 'linear_scale_range',
      arguments: { x: from('e'), inputMin: -5, inputMax: 100, outputMax: 0.7 },
      result: true,
    },
  }),
  'many steps': graph(
    Object.fromEntries(
      Array.from({ length: 80 }, (_, k) => [
        `n${k}`,
        {
          process_id: k % 3 === 2 ? 'subtract' : 'add',
          arguments: { x: from(k === 0 ? 'a' : `n${k - 1}`), y: k % 2 ? from('b') : k / 7 },
          result: k === 79 || undefined,
        },
      ]),
    ) as Nodes,
  ),
  'what has no vectors beside what has': graph({
    d: { process_id: 'mean', arguments: { data } },
    e: { process_id: 'sin', arguments: { x: from('d') } },
    f: { process_id: 'max', arguments: { data } },
    g: { process_id: 'add', arguments: { x: from('e'), y: from('f') }, result: true },
  }),
  ...Object.fromEntries(
    ['sum', 'mean', 'min', 'max', 'product', 'variance', 'sd', 'count', 'first', 'last', 'median'].map(
      (process_id) => [process_id, { a: { process_id, arguments: { data }, result: true } }],
    ),
  ),
  quantiles: {
    a: { process_id: 'quantiles', arguments: { data, probabilities: [0, 0.1, 0.25, 0.9, 1] }, result: true },
  },
  'quantiles of few': graph({
    d: { process_id: 'array_create', arguments: { data: [from('a'), from('b'), from('c')] } },
    e: { process_id: 'quantiles', arguments: { data: from('d'), probabilities: [0.3, 0.5] }, result: true },
  }),
  find: { a: { process_id: 'array_find', arguments: { data, value: 17 }, result: true } },
};
// Nodes are planned in the order that they are written in.
export const { q, ...rest } = graphs.signs;
export const inOrder: Nodes = { a: rest.a, b: rest.b, c: rest.c, q, ...rest };

/** The planes of some pixels. */
export function slice({ data: planes, valid }: Planes, start: number, end: number): Planes {
  return {
    data: planes.map((plane) => (plane as NumericArray).subarray(start, end)),
    valid: valid?.map((mask) => mask?.subarray(start, end)),
  };
}

/** Bit for bit, and with vectors on one side only. */
export async function expectSame(nodes: Nodes, shape: CallbackShape, planes: Planes): Promise<void> {
  const evaluator = createEvaluator(callbackOf(nodes, ['data']), shape);
  expect(evaluator.isFused).toBe(true);
  const whole = await evaluator.run(new Map([['data', planes]]), count, signal);
  for (let start = 0; start < count; start += few) {
    const end = Math.min(count, start + few);
    const part = await evaluator.run(new Map([['data', slice(planes, start, end)]]), end - start, signal);
    expectEqual(slice(whole, start, end).data, part.data);
    expectEqual(slice(whole, start, end).valid, part.valid);
  }
}

type Arrays = readonly (ArrayLike<unknown> | undefined)[] | undefined;

/** As `toEqual`, which takes long for arrays. */
export function expectEqual(actual: Arrays, expected: Arrays): void {
  expect(actual?.length).toBe(expected?.length);
  expected?.forEach((values, k) => {
    const others = actual?.[k];
    expect(others?.constructor).toBe(values?.constructor);
    for (let i = 0; i < (values?.length ?? 0); i++)
      if (!Object.is(others?.[i], values?.[i])) expect([k, i, others?.[i]]).toEqual([k, i, values?.[i]]);
  });
}

export const arrayShape = (length: number, missing: 'nan' | 'mask', dataType?: 'boolean'): CallbackShape => ({
  inputs: new Map([['data', { kind: 'array', length, dataType }]]),
  missing,
});
