import { silentLogger } from '../../src/base/logger';
import { createGraphRunner } from '../../src/graph/run';
import { type Arguments, type Callback, LabeledArray, type ProcessDefinition } from '../../src/graph/types';
import { createEvaluator } from '../../src/kernel/evaluator';
import type { Cube } from '../../src/raster/cube';
import { memoryCube } from '../../src/raster/memory-cube';
import { predefinedProcesses } from '../support/predefined';

const { signal } = new AbortController();
const taken: Callback[] = [];
let world: Awaited<ReturnType<typeof predefinedProcesses<unknown>>>;

beforeAll(async () => {
  world = await predefinedProcesses<unknown>();
});
afterAll(() => world.registry.close());

/** The callback that the executor hands to `reduce_dimension` for this graph. */
async function callbackOf(process_graph: object): Promise<Callback> {
  const { registry, checks, limits } = world;
  const { process } = registry.find('reduce_dimension')!;
  const run = (args: Arguments) => {
    taken.push(args.reducer as Callback);
    return null;
  };
  const runner = createGraphRunner<unknown, string>({
    registry: {
      find: (id, namespace) =>
        id !== 'reduce_dimension'
          ? registry.find(id, namespace)
          : { process: { ...process, module: { run } } },
    },
    ...{ checks, limits, createContext: () => ({ signal }) },
  });
  const data = { from_parameter: 'data' };
  const args = { data, reducer: { process_graph }, dimension: 't' };
  const plan = await runner.plan(
    {
      process_graph: { r: { process_id: 'reduce_dimension', arguments: args, result: true } },
    } as ProcessDefinition,
    {},
  );
  const cube: Cube = memoryCube({
    dimensions: [{ type: 'temporal', name: 't', labels: ['2020-01-01', '2020-01-02'] }],
    data: Float64Array.of(1, 2),
  });
  await runner.run(plan, { parameters: new Map([['data', cube]]), signal, logger: silentLogger });
  return taken.pop() as Callback;
}

const node = (process_id: string, args: object, rest: object = {}) => ({
  process_id,
  arguments: args,
  ...rest,
});
const data = { from_parameter: 'data' };
const own = (process_id: string, args: object) => ({
  process_graph: { only: node(process_id, args, { result: true }) },
});
const x = { from_parameter: 'x' };

/** Graphs over three values per pixel. */
const graphs: Record<string, object> = {
  'a mean of logarithms': {
    logs: node('array_apply', { data, process: own('ln', { x }) }),
    mean: node('mean', { data: { from_node: 'logs' } }, { result: true }),
  },
  'the index of the largest of the running sums': {
    sums: node('cumsum', { data, ignore_nodata: false }),
    max: node('max', { data: { from_node: 'sums' } }),
    found: node('array_find', { data: { from_node: 'sums' }, value: { from_node: 'max' } }, { result: true }),
  },
  'filled gaps': { fill: node('array_interpolate_linear', { data }, { result: true }) },
  'sorted with no-data first': { sort: node('sort', { data, nodata: false, asc: false }, { result: true }) },
  'the order': { order: node('order', { data, nodata: true }, { result: true }) },
  'all but the first': {
    rest: node(
      'array_filter',
      { data, condition: own('gt', { x: { from_parameter: 'index' }, y: 0 }) },
      { result: true },
    ),
  },
  'values put together': {
    lows: node('cummin', { data }),
    both: node('array_concat', { array1: data, array2: { from_node: 'lows' } }),
    more: node('array_append', { data: { from_node: 'both' }, value: 7 }),
    less: node('array_modify', { data: { from_node: 'more' }, values: [], index: 1, length: 2 }),
    back: node('rearrange', { data: { from_node: 'less' }, order: [4, 0, 1] }, { result: true }),
  },
  'whether there is a minus one': { has: node('array_contains', { data, value: -1 }, { result: true }) },
};

const values = [null, Number.NaN, -1, 0, 2.5, Number.POSITIVE_INFINITY];
const pixels = values.flatMap((a) => values.flatMap((b) => values.map((c) => [a, b, c])));

const labels = ['a', 'b', 'c'];
const cases = Object.entries(graphs).flatMap(([name, graph]) => [
  [name, 'plain', graph] as const,
  // Its parts would have the same labels.
  ...(name === 'values put together' ? [] : [[name, 'labelled', graph] as const]),
]);

it.each(cases)(
  '%s of %s arrays: the executor’s callback is fused and gives what calls give',
  async (_, kind, graph) => {
    const isLabeled = kind === 'labelled';
    const callback = await callbackOf(graph);
    const evaluator = createEvaluator(callback, {
      inputs: new Map([
        ['data', { kind: 'array', length: 3, ...(isLabeled && { labels }) }],
        ['context', { kind: 'value', value: null }],
      ]),
      missing: 'mask',
    });
    expect(evaluator.isFused).toBe(true);
    const planes = [0, 1, 2].map((k) => pixels.map((pixel) => pixel[k]));
    const result = await evaluator.run(
      new Map([
        [
          'data',
          {
            data: planes.map((plane) => Float64Array.from(plane, (value) => value ?? 0)),
            valid: planes.map((plane) => Uint8Array.from(plane, (value) => (value === null ? 0 : 1))),
          },
        ],
      ]),
      pixels.length,
      signal,
    );
    const read = (k: number, i: number) => {
      if (result.valid?.[k]?.[i] === 0) return null;
      const value = result.data[k][i];
      return evaluator.outputTypes?.[k] === 'boolean' ? value !== 0 : value;
    };
    for (const [i, pixel] of pixels.entries()) {
      const argument = isLabeled ? new LabeledArray(labels, pixel) : pixel;
      const called = await callback.call({ data: argument, context: null });
      const fused = result.data.map((_plane, k) => read(k, i));
      expect({ pixel, value: evaluator.isArray ? fused : fused[0] }).toEqual({
        pixel,
        value: called instanceof LabeledArray ? called.values : called,
      });
    }
  },
);
