import { createEvaluator, createGeneral } from '../../src/kernel/evaluator';
import type { CallbackShape, Planes } from '../../src/kernel/types';
import { callbackOf } from './plans';

const { signal } = new AbortController();
const from = (node: string) => ({ from_node: node });
const data = { from_parameter: 'data' };

function shape(
  length: number,
  missing: 'nan' | 'mask' = 'nan',
  labels?: readonly string[],
  context: unknown = null,
): CallbackShape {
  return {
    inputs: new Map([
      ['data', { kind: 'array', length, labels }],
      ['context', { kind: 'value', value: context }],
    ]),
    missing,
  };
}

const ndvi = {
  red: { process_id: 'array_element', arguments: { data, label: 'B04' } },
  nir: { process_id: 'array_element', arguments: { data, label: 'B08' } },
  index: { process_id: 'normalized_difference', arguments: { x: from('nir'), y: from('red') } },
  scaled: {
    process_id: 'linear_scale_range',
    arguments: { x: from('index'), inputMin: -1, inputMax: 1, outputMax: 255 },
    result: true,
  },
};

describe('a fused callback', () => {
  const labels = ['B02', 'B04', 'B08'];
  const red = Float32Array.of(1, 2, Number.NaN, 0, 4);
  const nir = Float32Array.of(3, 2, 1, 0, Number.NaN);

  it('computes NDVI from two of three bands and reads only those', async () => {
    const evaluator = createEvaluator(callbackOf(ndvi, ['data', 'context']), shape(3, 'nan', labels));
    expect(evaluator).toMatchObject({ isFused: true, outputs: 1, outputTypes: ['number'], isArray: false });
    expect(evaluator.reads('data')).toEqual([1, 2]);
    expect(evaluator.reads('context')).toEqual([]);
    const inputs = new Map<string, Planes>([['data', { data: [[], red, nir] }]]);
    const result = await evaluator.run(inputs, 5, signal);
    expect(result).toEqual({ data: [Float32Array.of(191.25, 127.5, Number.NaN, Number.NaN, Number.NaN)] });
  });

  it('keeps NaN and no-data apart in the mask form', async () => {
    const evaluator = createEvaluator(callbackOf(ndvi, ['data', 'context']), shape(3, 'mask', labels));
    const valid = [undefined, undefined, Uint8Array.of(1, 1, 1, 1, 0)];
    const result = await evaluator.run(new Map([['data', { data: [[], red, nir], valid }]]), 5, signal);
    expect(result.valid).toEqual([Uint8Array.of(1, 1, 1, 1, 0)]);
    expect([...result.data[0]].slice(0, 4)).toEqual([191.25, 127.5, Number.NaN, Number.NaN]);
  });

  it('takes context and values of enclosing scopes as constants', async () => {
    const graph = {
      a: { process_id: 'array_element', arguments: { data, index: 0 } },
      b: { process_id: 'multiply', arguments: { x: from('a'), y: { from_parameter: 'factor' } } },
      c: { process_id: 'add', arguments: { x: from('b'), y: { from_parameter: 'context' } }, result: true },
    };
    for (const [factor, offset] of [
      [2, 1],
      [3, -1],
    ]) {
      const callback = callbackOf(graph, ['data', 'context'], { factor });
      const evaluator = createEvaluator(callback, shape(1, 'nan', undefined, offset));
      const result = await evaluator.run(new Map([['data', { data: [Float64Array.of(1, 10)] }]]), 2, signal);
      expect(result.data[0]).toEqual(Float64Array.of(factor + offset, 10 * factor + offset));
    }
  });

  it('gives booleans with their validity in both forms', async () => {
    const graph = {
      a: { process_id: 'array_element', arguments: { data, index: 0 } },
      b: { process_id: 'gt', arguments: { x: from('a'), y: 1 }, result: true },
    };
    const evaluator = createEvaluator(callbackOf(graph, ['data', 'context']), shape(1));
    expect(evaluator.outputTypes).toEqual(['boolean']);
    const plane = Float32Array.of(0, 2, Number.NaN);
    const result = await evaluator.run(new Map([['data', { data: [plane] }]]), 3, signal);
    expect(result).toEqual({ data: [Uint8Array.of(0, 1, 0)], valid: [Uint8Array.of(1, 1, 0)] });
  });

  it('finds what another plane of a long array holds', async () => {
    const wanted = { process_id: 'array_element', arguments: { data, index: 2 } };
    const found = {
      process_id: 'array_find',
      arguments: { data, value: { from_node: 'wanted' }, reverse: true },
    };
    const callback = callbackOf({ wanted, found: { ...found, result: true } }, ['data', 'context']);
    const planes = Array.from({ length: 20 }, (_, k) => Float64Array.of(k % 7, k < 3 ? 1 : 2));
    const evaluator = createEvaluator(callback, shape(20));
    expect(evaluator.isFused).toBe(true);
    expect(await evaluator.run(new Map([['data', { data: planes }]]), 2, signal)).toEqual({
      data: [Float64Array.of(16, 2)],
    });
  });

  it('says at once when the array lacks the wanted element', () => {
    const graph = { a: { process_id: 'array_element', arguments: { data, index: 7 }, result: true } };
    expect(() => createEvaluator(callbackOf(graph, ['data', 'context']), shape(3))).toThrow(
      expect.objectContaining({ code: 'ArrayElementNotAvailable' }),
    );
  });

  it('gives arrays with labels', async () => {
    const graph = {
      a: { process_id: 'quantiles', arguments: { data, probabilities: [0, 0.5, 1] }, result: true },
    };
    const evaluator = createEvaluator(callbackOf(graph, ['data', 'context']), shape(3));
    expect(evaluator).toMatchObject({ isFused: true, outputs: 3, isArray: true });
    const planes = [Float64Array.of(3), Float64Array.of(1), Float64Array.of(Number.NaN)];
    const result = await evaluator.run(new Map([['data', { data: planes }]]), 1, signal);
    expect(result.data.map((plane) => plane[0])).toEqual([1, 2, 3]);
  });

  it('computes constants and nothing at all', async () => {
    const graph = { a: { process_id: 'pi', arguments: {}, result: true } };
    const evaluator = createEvaluator(callbackOf(graph, ['data', 'context']), shape(2));
    expect(evaluator.reads('data')).toEqual([]);
    const result = await evaluator.run(new Map(), 3, signal);
    expect(result.data[0]).toEqual(new Float64Array(3).fill(Math.PI));
    expect((await evaluator.run(new Map(), 0, signal)).data[0]).toHaveLength(0);
  });

  it('stops when the signal is aborted', async () => {
    const evaluator = createEvaluator(callbackOf(ndvi, ['data', 'context']), shape(3, 'nan', labels));
    const aborted = AbortSignal.abort(new Error('gone'));
    const inputs = new Map([['data', { data: [[], red, nir] }]]);
    await expect((async () => evaluator.run(inputs, 5, aborted))()).rejects.toThrow('gone');
  });
});

describe('the general path', () => {
  const text = {
    a: { process_id: 'array_element', arguments: { data, index: 0 } },
    b: { process_id: 'gt', arguments: { x: from('a'), y: 1 } },
    c: { process_id: 'if', arguments: { value: from('b'), accept: 'high', reject: 'low' }, result: true },
  };

  it('takes what has no kernel', async () => {
    const evaluator = createEvaluator(callbackOf(text, ['data', 'context']), shape(1));
    expect(evaluator.isFused).toBe(false);
    expect(evaluator.reads('data')).toBe('all');
    const result = await evaluator.run(new Map([['data', { data: [Float64Array.of(0, 5)] }]]), 2, signal);
    expect(result).toEqual({ data: [['low', 'high']] });
  });

  it('refuses arrays whose length changes from pixel to pixel', async () => {
    const graph = {
      a: { process_id: 'array_element', arguments: { data, index: 0 } },
      b: { process_id: 'array_create', arguments: { data: [1], repeat: from('a') }, result: true },
    };
    const evaluator = createEvaluator(callbackOf(graph, ['data', 'context']), shape(1));
    const inputs = new Map([['data', { data: [Float64Array.of(1, 2)] }]]);
    await expect((async () => evaluator.run(inputs, 2, signal))()).rejects.toMatchObject({
      code: 'ProcessGraphInvalid',
    });
  });

  it('takes planes of text, also where numbers would have a kernel', async () => {
    const graph = { a: { process_id: 'first', arguments: { data }, result: true } };
    const callback = callbackOf(graph, ['data', 'context']);
    const inputs = new Map([
      [
        'data',
        {
          data: [
            [null, 'a'],
            ['b', 'c'],
          ],
        },
      ],
    ]);
    expect(await createEvaluator(callback, shape(2)).run(inputs, 2, signal)).toEqual({ data: [['b', 'a']] });
    expect(await createGeneral(callback, shape(2)).run(inputs, 2, signal)).toEqual({ data: [['b', 'a']] });
  });

  it('stops when the signal is aborted between pixels', async () => {
    const controller = new AbortController();
    const callback = callbackOf(text, ['data', 'context']);
    let calls = 0;
    const aborting = {
      ...callback,
      call: () => {
        if (++calls === 3) controller.abort(new Error('gone'));
        return Promise.resolve(1);
      },
    };
    const inputs = new Map([['data', { data: [new Float64Array(100)] }]]);
    const run = createGeneral(aborting, shape(1)).run(inputs, 100, controller.signal);
    await expect(run).rejects.toThrow('gone');
    expect(calls).toBe(3);
  });
});
