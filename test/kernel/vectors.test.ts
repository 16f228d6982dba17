import { createEvaluator, createKernel } from '../../src/kernel/evaluator';
import type { Kernel } from '../../src/kernel/operands';
import type { CallbackShape, Planes } from '../../src/kernel/types';
import { moduleCache } from '../../src/kernel/vectors';
import type { NumericArray } from '../../src/raster/cube';
import { callbackOf } from './plans';

const { signal } = new AbortController();
const data = { from_parameter: 'data' };
const from = (node: string) => ({ from_node: node });
type Nodes = Parameters<typeof callbackOf>[0];

const types = {
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

const count = 2501;
/** So few pixels are computed without vectors. */
const few = 500;

function planeOf(type: keyof typeof types, seed: number): NumericArray {
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

const maskOf = (seed: number) =>
  Uint8Array.from({ length: count }, (_, i) => ((i * 7 + seed) % 5 === 0 ? 0 : 1));

const band = (index: number) => ({ process_id: 'array_element', arguments: { data, index } });
const graph = (nodes: Nodes): Nodes => ({ a: band(0), b: band(1), c: band(2), ...nodes });
const graphs: Readonly<Record<string, Nodes>> = {
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
const { q, ...rest } = graphs.signs;
const inOrder: Nodes = { a: rest.a, b: rest.b, c: rest.c, q, ...rest };

/** The planes of some pixels. */
function slice({ data: planes, valid }: Planes, start: number, end: number): Planes {
  return {
    data: planes.map((plane) => (plane as NumericArray).subarray(start, end)),
    valid: valid?.map((mask) => mask?.subarray(start, end)),
  };
}

/** Bit for bit, and with vectors on one side only. */
async function expectSame(nodes: Nodes, shape: CallbackShape, planes: Planes): Promise<void> {
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
function expectEqual(actual: Arrays, expected: Arrays): void {
  expect(actual?.length).toBe(expected?.length);
  expected?.forEach((values, k) => {
    const others = actual?.[k];
    expect(others?.constructor).toBe(values?.constructor);
    for (let i = 0; i < (values?.length ?? 0); i++)
      if (!Object.is(others?.[i], values?.[i])) expect([k, i, others?.[i]]).toEqual([k, i, values?.[i]]);
  });
}

const arrayShape = (length: number, missing: 'nan' | 'mask', dataType?: 'boolean'): CallbackShape => ({
  inputs: new Map([['data', { kind: 'array', length, dataType }]]),
  missing,
});

describe.each(Object.keys(types) as (keyof typeof types)[])('vectors for planes of %s', (type) => {
  const length = 13;
  const planes = Array.from({ length }, (_, seed) => planeOf(type, seed + 1));
  const masks = planes.map((_, seed) => (seed % 3 === 1 ? undefined : maskOf(seed)));

  it.each(Object.keys(graphs))('compute %s as JavaScript does', async (name) => {
    const nodes = name === 'signs' ? inOrder : graphs[name];
    const compile = jest.spyOn(moduleCache, 'compile');
    await expectSame(nodes, arrayShape(length, 'mask'), { data: planes, valid: masks });
    await expectSame(nodes, arrayShape(length, 'mask'), { data: planes });
    if (type.startsWith('Float')) await expectSame(nodes, arrayShape(length, 'nan'), { data: planes });
    expect(compile.mock.calls.length).toBeGreaterThan(0);
    compile.mockRestore();
  });
});

describe.each(Object.keys(types) as (keyof typeof types)[])('bytes from planes of %s', (type) => {
  const clipped = '($0 >= 255 ? 255 : $0 > 0 ? Math.floor($0) : 0)';

  it.each(['nan', 'mask'] as const)(
    'are the same with and without vectors in the %s form',
    async (missing) => {
      const kernel: Kernel = (args, build) => {
        const [x] = build.scalars([args.get('x')], 'number')!;
        const step = build.node('($0 * $1)', 'number', [x.node, build.table.constant(1 / 3)]);
        const byte = build.node(clipped, 'number', [step]);
        return build.always(build.node('($0 ? $1 : 7)', 'number', [build.isValid(x.valid), byte]));
      };
      const shape: CallbackShape = { inputs: new Map([['x', { kind: 'plane' }]]), missing };
      const evaluator = createKernel(kernel, shape, { bytes: true });
      const plane = planeOf(type, 3);
      const mask = maskOf(1);
      const run = async (start: number, end: number) => {
        const input = {
          data: [plane.subarray(start, end)],
          valid: [missing === 'mask' ? mask.subarray(start, end) : undefined],
        };
        return (await evaluator.run(new Map([['x', input]]), end - start, signal))!.data[0];
      };
      const whole = await run(0, count);
      expect(whole).toBeInstanceOf(Uint8Array);
      const isValid = (i: number) => (missing === 'mask' ? mask[i] === 1 : !Number.isNaN(plane[i]));
      const expected = Uint8Array.from(plane, (value, i) =>
        isValid(i) ? Math.max(0, Math.min(255, Math.floor(value * (1 / 3)))) : 7,
      );
      expectEqual([whole], [expected]);
      for (let start = 0; start < count; start += few)
        expectEqual(
          [await run(start, Math.min(count, start + few))],
          [expected.subarray(start, start + few)],
        );
    },
  );
});

describe('vectors', () => {
  const planes = Array.from({ length: 9 }, (_, seed) =>
    planeOf('Uint8Array', seed + 1).map((value) => value % 2),
  );
  const valid = planes.map((_, seed) => maskOf(seed));

  it.each(['any', 'all'])('compute %s of truth values', async (process_id) => {
    for (const ignore_nodata of [true, false]) {
      const nodes = { a: { process_id, arguments: { data, ignore_nodata }, result: true } };
      await expectSame(nodes, arrayShape(9, 'mask', 'boolean'), { data: planes, valid });
    }
  });

  it('take any byte but 0 for valid, and any number of pixels', async () => {
    const valid = [1, 2, 3].map((seed) =>
      maskOf(seed).map((bit, i) => bit * [1, 2, 127, 128, 255][(i + seed) % 5]),
    );
    const data = [1, 2, 3].map((seed) => planeOf('Uint16Array', seed));
    const name = 'truth made of missing values and numbers';
    await expectSame(graphs[name], arrayShape(3, 'mask'), { data, valid });
    const evaluator = createEvaluator(callbackOf(graphs[name], ['data']), arrayShape(3, 'mask'));
    const whole = await evaluator.run(new Map([['data', { data, valid }]]), count, signal);
    for (let pixels = 1024; pixels < 1041; pixels++) {
      const inputs = new Map([['data', slice({ data, valid }, 0, pixels)]]);
      const part = await evaluator.run(inputs, pixels, signal);
      expectEqual(part.data, slice(whole, 0, pixels).data);
      expectEqual(part.valid, slice(whole, 0, pixels).valid);
    }
  });

  it('go through planes of several types', async () => {
    const mixed = [planeOf('Uint8Array', 1), planeOf('Float64Array', 2), planeOf('Int16Array', 3)];
    for (const nodes of [graphs.arithmetic, graphs.truth, inOrder])
      await expectSame(nodes, arrayShape(3, 'mask'), {
        data: mixed,
        valid: [maskOf(1), undefined, maskOf(3)],
      });
  });

  it('take many planes in shorter blocks, and leave too many to JavaScript', async () => {
    for (const length of [400, 4000]) {
      const plane = planeOf('Float64Array', 5);
      const many = { data: new Array(length).fill(plane) };
      await expectSame(graphs.max, arrayShape(length, 'nan'), many);
    }
  });

  it('leave steps of too many values to JavaScript', async () => {
    const planes = Array.from({ length: 60 }, (_, seed) => planeOf('Float32Array', seed + 1));
    const nodes: Nodes = {
      q: { process_id: 'quantiles', arguments: { data, probabilities: 600 } },
      s: { process_id: 'last', arguments: { data: from('q') }, result: true },
    };
    const evaluator = createEvaluator(callbackOf(nodes, ['data']), arrayShape(60, 'nan'));
    expect(evaluator.isFused).toBe(true);
    const inputs = new Map([['data', { data: planes }]]);
    const whole = await evaluator.run(inputs, 1100, signal);
    const few = await evaluator.run(inputs, 100, signal);
    expectEqual(slice(whole, 0, 100).data, few.data);
  });

  it.each([7, 20, 33, 63, 64, 65])('sort %d values and their zeros', async (length) => {
    const data = Array.from({ length }, (_, seed) =>
      planeOf('Float32Array', seed + 1).map((value, i) =>
        i % 3 === 0 ? value : [0, -0, 1, Infinity, -Infinity, 2][(i + seed * seed) % 6],
      ),
    );
    await expectSame(graphs.median, arrayShape(length, 'nan'), { data });
    await expectSame(graphs.quantiles, arrayShape(length, 'mask'), {
      data,
      valid: data.map((_, k) => maskOf(k)),
    });
  });

  it('reuse modules for other constants', async () => {
    const run = async (y: number) => {
      const nodes = graph({ d: { process_id: 'add', arguments: { x: from('a'), y }, result: true } });
      const evaluator = createEvaluator(callbackOf(nodes, ['data']), arrayShape(3, 'nan'));
      const planes = [1, 2, 3].map((seed) => planeOf('Float64Array', seed));
      const result = await evaluator.run(new Map([['data', { data: planes }]]), count, signal);
      expect(result.data[0][0]).toBe((planes[0][0] as number) + y);
    };
    await run(1.5);
    const { size } = moduleCache;
    await run(-0.1);
    await run(1e300);
    // Constants that are no float32 may make one more.
    expect(moduleCache.size).toBeLessThanOrEqual(size + 1);
    await run(3);
    expect(moduleCache.size).toBeLessThanOrEqual(size + 1);
  });

  it('are done without where the machine has none', async () => {
    const engine = (globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } })
      .WebAssembly;
    const validate = jest.spyOn(engine, 'validate').mockReturnValue(false);
    const compile = jest.spyOn(moduleCache, 'compile');
    const planes = [1, 2, 3].map((seed) => planeOf('Float32Array', seed));
    await expectSame(graphs.arithmetic, arrayShape(3, 'nan'), { data: planes });
    expect(validate).toHaveBeenCalled();
    expect(compile).not.toHaveBeenCalled();
    validate.mockRestore();
    compile.mockRestore();
    await expectSame(graphs.arithmetic, arrayShape(3, 'nan'), { data: planes });
  });

  it('of several runs at once do not disturb each other', async () => {
    const size = 600_000;
    const plane = Float32Array.from({ length: size }, (_, i) => i);
    const runs = [1, 2, 3, 4].map(async (y) => {
      const nodes: Nodes = {
        a: { process_id: 'mean', arguments: { data } },
        b: { process_id: 'multiply', arguments: { x: from('a'), y }, result: true },
      };
      const evaluator = createEvaluator(callbackOf(nodes, ['data']), arrayShape(40, 'nan'));
      const { data: results } = await evaluator.run(
        new Map([['data', { data: new Array(40).fill(plane) }]]),
        size,
        signal,
      );
      return (results[0] as Float32Array).every((value, i) => value === Math.fround(i * y));
    });
    expect(await Promise.all(runs)).toEqual([true, true, true, true]);
  });
});
