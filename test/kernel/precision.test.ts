import fc from 'fast-check';
import { createEvaluator, createGeneral } from '../../src/kernel/evaluator';
import type { CallbackShape } from '../../src/kernel/types';
import type { DataType, NumericArray } from '../../src/raster/cube';
import { callbackOf } from './plans';

const { signal } = new AbortController();
const from = (node: string) => ({ from_node: node });
const x = { from_parameter: 'x' };
type Nodes = Parameters<typeof callbackOf>[0];

/** Values of a callback of `x`, in the type of cube, on so many pixels that vectors are used. */
async function values(graph: Nodes, plane: NumericArray, dataType: DataType, isGeneral = false) {
  const shape = { inputs: new Map([['x', { kind: 'plane' as const, dataType }]]), missing: 'nan' as const };
  const create = isGeneral ? createGeneral : createEvaluator;
  const evaluator = create(callbackOf(graph, ['x']), shape);
  const { data } = await evaluator.run(new Map([['x', { data: [plane] }]]), plane.length, signal);
  return data[0] as Float32Array;
}

const plane = Float32Array.from({ length: 1500 }, (_, i) => 1 + (i * 7919) / 1500);
const third: Nodes = {
  a: { process_id: 'divide', arguments: { x, y: 3 } },
  b: { process_id: 'multiply', arguments: { x: from('a'), y: 0.7 }, result: true },
};

/** An expression of two planes; leaves are one of them or a constant. */
interface Tree {
  readonly op: string;
  readonly value?: number;
  readonly parts: readonly Tree[];
}

const arities: readonly (readonly [string, number])[] = [
  ...['add', 'subtract', 'multiply', 'divide', 'normalized_difference'].map((op) => [op, 2] as const),
  ...['sqrt', 'absolute', 'clip', 'linear_scale_range', 'floor'].map((op) => [op, 1] as const),
  ['positive', 3],
  ['above', 3],
  ['mean', 2],
];

const trees = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom<Tree>({ op: 'plane', value: 0, parts: [] }, { op: 'plane', value: 1, parts: [] }),
    fc
      .constantFrom(0.1, 1, 2, -3, 7.5, 1e4)
      .chain((value) =>
        tie('tree').map((one) => ({ op: 'add', parts: [one, { op: 'constant', value, parts: [] }] })),
      ),
    ...arities.map(([op, arity]) =>
      fc.tuple(...Array.from({ length: arity }, () => tie('tree'))).map((parts) => ({ op, parts })),
    ),
  ),
}));

/** Numbers that cancel often. */
const number = fc.oneof(
  fc.integer({ min: -40, max: 40 }),
  fc.float({ min: -100, max: 100, noNaN: true }),
  fc.constantFrom(0.1, 0.30000001192092896, 3000, 3000.000244140625),
);
const pixels = fc.tuple(...[0, 1].map(() => fc.array(number, { minLength: 8, maxLength: 8 })));

/** Adds the nodes of a tree to a graph. */
function write(
  { op, value, parts }: Tree,
  graph: Record<string, Nodes[string]>,
): { id: string; steps: number } {
  const written = parts.map((part) => write(part, graph));
  const [x, y, z] = parts.map((part, k) => (part.op === 'constant' ? part.value : from(written[k].id)));
  const id = `n${Object.keys(graph).length}`;
  const steps = written.reduce((sum, part) => sum + part.steps, op === 'normalized_difference' ? 3 : 1);
  const node = (process_id: string, args: Record<string, unknown>) => {
    graph[id] = { process_id, arguments: args };
    return { id, steps: op === 'linear_scale_range' ? steps + 4 : steps };
  };
  const data = { from_parameter: 'data' };
  if (op === 'constant') return { id: '', steps: 0 };
  if (op === 'plane') return node('array_element', { data, index: value });
  if (op === 'clip') return node(op, { x, min: -1, max: 1 });
  if (op === 'linear_scale_range')
    return node(op, { x, inputMin: -1, inputMax: 1, outputMin: 0, outputMax: 255 });
  if (op === 'mean') return node(op, { data: [x, y] });
  if (op !== 'positive' && op !== 'above') return node(op, { x, y });
  graph[`c${id}`] = { process_id: 'gt', arguments: { x, y: op === 'positive' ? 0 : 0.3 } };
  return node('if', { value: from(`c${id}`), accept: y, reject: z });
}

/** What the error is a part of where a value that was moved is handed on: the limits that it was moved to. */
function limitOf({ op, parts }: Tree): number {
  if (op === 'linear_scale_range') return 255;
  if (op === 'absolute' || op === 'clip') return limitOf(parts[0]);
  if (op === 'positive' || op === 'above') return Math.max(limitOf(parts[1]), limitOf(parts[2]));
  return 0;
}

/** The value at a pixel in 64 bits, and all that it is made of. */
function compute({ op, value = 0, parts }: Tree, planes: readonly number[], seen: number[]): number {
  if (op === 'constant') return value;
  const [x, y, z] = parts.map((part) => compute(part, planes, seen));
  const clipped = Math.min(Math.max(x, -1), 1);
  const results: Readonly<Record<string, () => number>> = {
    plane: () => planes[value],
    add: () => x + y,
    subtract: () => x - y,
    multiply: () => x * y,
    divide: () => x / y,
    normalized_difference: () => (x - y) / (x + y),
    sqrt: () => Math.sqrt(x),
    absolute: () => Math.abs(x),
    clip: () => clipped,
    linear_scale_range: () => (clipped + 1) * 127.5,
    floor: () => Math.floor(x),
    positive: () => (x > 0 ? y : z),
    above: () => (x > 0.3 ? y : z),
    mean: () => (x + y) / 2,
  };
  const result = results[op]();
  seen.push(result);
  return result;
}

describe('arithmetic on cubes of float32', () => {
  it.each(['float32', 'uint16', 'int8'] as const)(
    'rounds each step to float32, as on %s',
    async (dataType) => {
      const { fround } = Math;
      const expected = plane.map((value) => fround(fround(value / 3) * fround(0.7)));
      expect(await values(third, plane, dataType)).toEqual(expected);
      expect(expected).not.toEqual(plane.map((value) => (value / 3) * 0.7));
    },
  );

  it.each([Uint8Array, Int8Array, Uint16Array, Int16Array])(
    'takes integers as they are stored: %p',
    async (type) => {
      const name = type.name.replace('Array', '').toLowerCase() as DataType;
      const stored = new type(plane.length).map((_, i) => i * 37);
      const ratio: Nodes = {
        a: { process_id: 'add', arguments: { x, y: 400 } },
        b: { process_id: 'normalized_difference', arguments: { x, y: from('a') }, result: true },
      };
      const made = await values(ratio, stored, name);
      expect(made).toBeInstanceOf(Float32Array);
      // Sums of integers are exact, and a quotient is rounded once.
      expect(made).toEqual(Float32Array.from(stored, (value) => (value - (value + 400)) / (2 * value + 400)));
      expect(made).toEqual(Float32Array.from(await values(ratio, stored, name, true)));
    },
  );

  it.each(['int32', 'float64'] as const)('rounds only results on cubes of %s', async (dataType) => {
    expect(await values(third, plane, dataType)).toEqual(plane.map((value) => (value / 3) * 0.7));
  });

  it('is off by no more than some last digits, whatever cancels', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(trees.tree, pixels, async (tree, [x, y]) => {
        const graph: Record<string, Nodes[string]> = {};
        const { id, steps } = write(tree, graph);
        graph[id] = { ...graph[id], result: true };
        const planes = [x, y].map((values) => Float32Array.from(values));
        const shape: CallbackShape = {
          inputs: new Map([['data', { kind: 'array', length: 2, dataType: 'float32' }]]),
          missing: 'mask',
        };
        const evaluator = createEvaluator(callbackOf(graph, ['data']), shape);
        const result = await evaluator.run(new Map([['data', { data: planes }]]), x.length, signal);
        x.forEach((_, i) => {
          const seen: number[] = [];
          const expected = compute(tree, [planes[0][i], planes[1][i]], seen);
          const isInRange = (value: number) =>
            value === 0 || (Math.abs(value) > 1e-18 && Math.abs(value) < 1e18);
          if (!seen.every(isInRange)) return;
          compared++;
          const size = Math.max(limitOf(tree), Math.abs(expected));
          const allowed = (2 * steps + 1) * 2 ** -24 * size;
          expect(Math.abs((result.data[0][i] as number) - expected)).toBeLessThanOrEqual(allowed);
        });
      }),
      { numRuns: 1000 },
    );
    expect(compared).toBeGreaterThan(2000);
  });

  const exactly: readonly (readonly [string, Nodes])[] = [
    [
      'what is rounded to whole numbers',
      {
        ...third,
        b: { ...third.b, result: false },
        c: { process_id: 'floor', arguments: { x: from('b') }, result: true },
      },
    ],
    [
      'what is compared for equality',
      {
        ...third,
        b: { ...third.b, result: false },
        c: { process_id: 'eq', arguments: { x: from('b'), y: 0.7 } },
        d: { process_id: 'if', arguments: { value: from('c'), accept: 1, reject: from('b') }, result: true },
      },
    ],
    [
      'what takes constants out of proportion',
      {
        a: { process_id: 'add', arguments: { x, y: 1e9 } },
        b: { process_id: 'subtract', arguments: { x: from('a'), y: 1e9 }, result: true },
      },
    ],
    [
      'means and variances',
      {
        a: { process_id: 'array_create', arguments: { data: [x, 0.1, 7] } },
        b: { process_id: 'sd', arguments: { data: from('a') }, result: true },
      },
    ],
  ];
  it.each(exactly)('keeps 64 bits for %s', async (_, graph) => {
    expect(await values(graph, plane, 'float32')).toEqual(await values(graph, plane, 'float32', true));
  });
});
