import { stepCache } from '../../src/kernel/compile';
import { createEvaluator } from '../../src/kernel/evaluator';
import type { CallbackShape } from '../../src/kernel/types';
import { callbackOf, planOf } from './plans';

const { signal } = new AbortController();
const from = (node: string) => ({ from_node: node });
const x = { from_parameter: 'x' };
const shape: CallbackShape = { inputs: new Map([['x', { kind: 'plane' }]]), missing: 'nan' };

type Nodes = Parameters<typeof callbackOf>[0];
type Node = Nodes[string];

async function evaluate(graph: Nodes, plane: Float64Array, outer = {}, bodies = new Map()) {
  const evaluator = createEvaluator(callbackOf(graph, ['x'], outer, bodies), shape);
  expect(evaluator.isFused).toBe(true);
  const result = await evaluator.run(new Map([['x', { data: [plane] }]]), plane.length, signal);
  return result.data[0];
}

describe('large callbacks', () => {
  const plane = Float64Array.from({ length: 5000 }, (_, i) => (i % 7 === 0 ? Number.NaN : i / 5000));

  it('compile in parts when they are long chains', async () => {
    const graph: Record<string, Node> = { n0: { process_id: 'constant', arguments: { x } } };
    for (let k = 1; k < 10_000; k++)
      graph[`n${k}`] = {
        process_id: k % 2 ? 'multiply' : 'add',
        arguments: { x: from(`n${k - 1}`), y: k % 2 ? 0.5 : k },
        ...(k === 9_999 ? { result: true } : {}),
      };
    const expected = plane.map((value) => {
      let result = value;
      for (let k = 1; k < 10_000; k++) result = k % 2 ? result * 0.5 : result + k;
      return result;
    });
    expect(await evaluate(graph, plane)).toEqual(expected);
  });

  it('keep many values that are read much later', async () => {
    const graph: Record<string, Node> = {};
    const count = 1_000;
    for (let k = 0; k < count; k++) graph[`a${k}`] = { process_id: 'add', arguments: { x, y: k } };
    let sum: unknown = 0;
    for (let k = 0; k < count; k++) {
      const square = {
        process_id: 'multiply',
        arguments: { x: from(`a${k}`), y: from(`a${count - 1 - k}`) },
      };
      graph[`b${k}`] = square;
      graph[`c${k}`] = { process_id: 'add', arguments: { x: sum, y: from(`b${k}`) } };
      sum = from(`c${k}`);
    }
    graph[`d`] = { process_id: 'is_valid', arguments: { x: sum } };
    graph[`e`] = { process_id: 'if', arguments: { value: from('d'), accept: sum, reject: -1 }, result: true };
    const expected = plane.map((value) => {
      if (Number.isNaN(value)) return -1;
      let result = 0;
      for (let k = 0; k < count; k++) result += (value + k) * (value + (count - 1 - k));
      return result;
    });
    expect(await evaluate(graph, plane)).toEqual(expected);
  });

  it('take the general path beyond what kernels may have', () => {
    const graph: Record<string, Node> = {};
    graph.plus = { process_id: 'add', arguments: { x, y: 1 } };
    const items = Array.from({ length: 1_000 }, () => from('plus'));
    graph.all = { process_id: 'array_create', arguments: { data: items, repeat: 100 } };
    graph.sum = { process_id: 'sum', arguments: { data: from('all') }, result: true };
    expect(createEvaluator(callbackOf(graph, ['x']), shape).isFused).toBe(false);
  });

  it('inline processes that are defined by graphs, 50 deep, each with its own scope', async () => {
    let body = planOf({ leaf: { process_id: 'add', arguments: { x, y: 1 }, result: true } });
    const bodies = new Map();
    for (let k = 0; k < 50; k++) {
      bodies.set(`level${k}`, { ...body, parameters: [{ name: 'x', schema: {} }] });
      body = planOf(
        {
          inner: { process_id: `level${k}`, arguments: { x } },
          more: { process_id: 'add', arguments: { x: from('inner'), y: 1 }, result: true },
        },
        bodies,
      );
    }
    bodies.set('top', { ...body, parameters: [{ name: 'x', schema: {} }] });
    const graph = { a: { process_id: 'top', arguments: { x }, result: true } };
    expect(await evaluate(graph, Float64Array.of(0, 1), {}, bodies)).toEqual(Float64Array.of(51, 52));
  });
});

describe('compiled code', () => {
  const graph = (bound: unknown): Nodes => ({
    a: { process_id: 'arctan2', arguments: { x, y: bound } },
    b: { process_id: 'power', arguments: { base: from('a'), p: 3 }, result: true },
  });

  it('is reused for other constants and parameter values', async () => {
    await evaluate(graph(1), Float64Array.of(1));
    const { size } = stepCache;
    expect(await evaluate(graph(2), Float64Array.of(4))).toEqual(Float64Array.of(Math.atan2(2, 4) ** 3));
    expect(await evaluate(graph({ from_parameter: 'bound' }), Float64Array.of(4), { bound: 5 })).toEqual(
      Float64Array.of(Math.atan2(5, 4) ** 3),
    );
    expect(stepCache.size).toBe(size);
  });

  it('never contains names, labels or texts of a graph', async () => {
    const sources: string[] = [];
    const compile = jest.spyOn(stepCache, 'compile');
    const evil = '`);process.exit(1);//';
    const nodes = {
      [evil]: { process_id: 'array_element', arguments: { data: { from_parameter: evil }, label: evil } },
      __proto__x: { process_id: 'eq', arguments: { x: from(evil), y: 123.456 } },
      constructor: { process_id: 'not', arguments: { x: from('__proto__x') }, result: true },
    };
    const inputs = new Map([[evil, { kind: 'array' as const, length: 1, labels: [evil] }]]);
    const evaluator = createEvaluator(callbackOf(nodes, [evil]), { inputs, missing: 'nan' });
    const result = await evaluator.run(new Map([[evil, { data: [Float64Array.of(1, 123.456)] }]]), 2, signal);
    expect(result.data[0]).toEqual(Uint8Array.of(1, 0));
    for (const [source] of compile.mock.calls) sources.push(source);
    compile.mockRestore();
    expect(sources).not.toHaveLength(0);
    for (const source of sources) {
      expect(source).not.toContain('process');
      expect(source).not.toContain('123');
    }
  });
});

describe('long runs', () => {
  it('give way, so that an abort can arrive', async () => {
    const controller = new AbortController();
    const graph: Record<string, Node> = { n0: { process_id: 'sin', arguments: { x } } };
    for (let k = 1; k < 60; k++)
      graph[`n${k}`] = {
        process_id: 'sin',
        arguments: { x: from(`n${k - 1}`) },
        ...(k === 59 ? { result: true } : {}),
      };
    const evaluator = createEvaluator(callbackOf(graph, ['x']), shape);
    const plane = new Float64Array(500_000).fill(1e9);
    const run = evaluator.run(new Map([['x', { data: [plane] }]]), plane.length, controller.signal);
    setImmediate(() => controller.abort(new Error('gone')));
    await expect(run).rejects.toThrow('gone');
  });
});
