import fc from 'fast-check';
import { createEvaluator, createGeneral } from '../../src/kernel/evaluator';
import type { DataType } from '../../src/raster/cube';
import { callbackOf } from './plans';

const { signal } = new AbortController();
const from = (node: string) => ({ from_node: node });
const x = { from_parameter: 'x' };
type Nodes = Parameters<typeof callbackOf>[0];

/** Values of a callback of `x`, in the type of cube, on so many pixels that vectors are used. */
async function values(graph: Nodes, plane: Float32Array, dataType: DataType, isGeneral = false) {
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

describe('arithmetic on cubes of float32', () => {
  it('rounds each step to float32', async () => {
    const { fround } = Math;
    const expected = plane.map((value) => fround(fround(value / 3) * fround(0.7)));
    expect(await values(third, plane, 'float32')).toEqual(expected);
    expect(expected).not.toEqual(plane.map((value) => (value / 3) * 0.7));
  });

  it.each(['uint16', 'float64'] as const)('rounds only results on cubes of %s', async (dataType) => {
    expect(await values(third, plane, dataType)).toEqual(plane.map((value) => (value / 3) * 0.7));
  });

  /** An expression without cancellation, and how many times 2^-24 it may be off. */
  const expressions = fc.letrec<{ tree: [Nodes, string, number] }>((tie) => {
    const leaf = fc.record({ c: fc.option(fc.double({ min: 0.01, max: 100, noNaN: true })) });
    const joined = fc.tuple(fc.constantFrom('add', 'multiply', 'divide'), tie('tree'), tie('tree'));
    const root = tie('tree');
    let count = 0;
    const node = (process_id: string, args: object): [Nodes, string] => {
      const id = `n${count++}`;
      return [{ [id]: { process_id, arguments: args as Nodes[string]['arguments'] } }, id];
    };
    return {
      tree: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        leaf.map(({ c }): [Nodes, string, number] => {
          const [nodes, id] = node('add', { x, y: c ?? 1 });
          return [nodes, id, 2];
        }),
        joined.map(([process, one, other]): [Nodes, string, number] => {
          const [nodes, id] = node(process, { x: from(one[1]), y: from(other[1]) });
          const error = process === 'add' ? Math.max(one[2], other[2]) : one[2] + other[2];
          return [{ ...one[0], ...other[0], ...nodes }, id, error + 1];
        }),
        root.map((one): [Nodes, string, number] => {
          const [nodes, id] = node('sqrt', { x: from(one[1]) });
          return [{ ...one[0], ...nodes }, id, one[2] / 2 + 1];
        }),
      ),
    };
  });

  it('is off by at most 2^-24 a step', async () => {
    await fc.assert(
      fc.asyncProperty(expressions.tree, async ([nodes, id, steps]) => {
        const graph = { ...nodes, [id]: { ...nodes[id], result: true } };
        const few = plane.subarray(0, 20);
        const expected = await values(graph, few, 'float32', true);
        const actual = await values(graph, few, 'float32');
        expected.forEach((value, i) => {
          if (value < 1e-30 || value > 1e30) return;
          // One more for rounding the result in double precision, and a little for products of errors.
          expect(Math.abs(actual[i] - value)).toBeLessThanOrEqual((steps + 1) * 2 ** -24 * 1.01 * value);
        });
      }),
      { numRuns: 300 },
    );
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
