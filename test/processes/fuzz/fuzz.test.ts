import { Readable } from 'node:stream';
import fc from 'fast-check';
import { OpenEOError } from '../../../src/base/errors';
import { silentLogger } from '../../../src/base/logger';
import {
  LabeledArray,
  type ParameterSpec,
  type ProcessDefinition,
  type ProcessSpec,
  SavedResult,
} from '../../../src/graph/types';
import { isCube } from '../../../src/raster/cube';
import { outputFormats } from '../../../src/raster/formats/registry';
import { encodeResult } from '../../../src/services/encode-result';
import { openSuite, type Suite } from '../../conformance/official/suite';
import { arrays, cubes, objects, scalars } from './values';

/** More by hand: FUZZ_RUNS=200 FUZZ_SEED=… (runs per process) */
const runs = Number(process.env['FUZZ_RUNS'] ?? 6);
const seed = Number(process.env['FUZZ_SEED'] ?? 20_240_622);
/** A call that computes longer than anybody would expect of cubes of a few pixels. */
const patienceMs = 60_000;

let suite: Suite;
let specs: readonly ProcessSpec[];
beforeAll(async () => {
  suite = await openSuite();
  specs = suite.parts.registry.list();
});
afterAll(() => suite.close());

interface Reference {
  readonly from_parameter: string;
}
const from = (name: string): Reference => ({ from_parameter: name });

/** Something that a schema may accept, but need not. */
function valueFor(schema: ParameterSpec['schema'], pick: (count: number) => number, depth: number): unknown {
  const one = <T>(list: readonly T[]): T => list[pick(list.length)];
  const alternative = [schema].flat()[pick([schema].flat().length)] as Readonly<Record<string, unknown>>;
  const { type, subtype, enum: allowed, parameters } = alternative ?? {};
  if (subtype === 'process-graph')
    return callbackOf((parameters ?? []) as readonly ParameterSpec[], pick, depth);
  if (subtype === 'datacube') return one(cubes);
  if (Array.isArray(allowed) && pick(4) > 0) return one(allowed);
  const kinds = [type ?? ['number', 'string', 'array', 'object', 'cube']].flat() as string[];
  switch (pick(12) === 0 ? one(['number', 'string', 'array', 'object', 'cube']) : one(kinds)) {
    case 'null':
      return null;
    case 'array':
      return one(arrays);
    case 'object':
      return one(objects);
    case 'cube':
      return one(cubes);
    case 'boolean':
      return pick(2) === 0;
    case 'integer':
      return pick(5) - 1;
    case 'number':
      return one(scalars.filter((value) => typeof value === 'number'));
    default:
      return one(scalars);
  }
}

/** A process graph of one or two nodes over the parameters that it is given. */
function callbackOf(own: readonly ParameterSpec[], pick: (count: number) => number, depth: number): object {
  const names = own.length > 0 ? own.map(({ name }) => name) : ['x'];
  const last = nodeOf(specs[pick(specs.length)], pick, depth + 1, names);
  if (pick(2) === 0) return { process_graph: { last: { ...last, result: true } } };
  const first = nodeOf(specs[pick(specs.length)], pick, depth + 1, names);
  const [argument = 'x'] = Object.keys(last.arguments);
  return {
    process_graph: {
      first,
      last: { ...last, arguments: { ...last.arguments, [argument]: { from_node: 'first' } }, result: true },
    },
  };
}

/** A call of a process. Inside of callbacks, arguments are the callback's parameters or what JSON can say. */
function nodeOf(
  { id, parameters = [] }: ProcessSpec,
  pick: (count: number) => number,
  depth = 0,
  names: readonly string[] = [],
): { process_id: string; arguments: Record<string, unknown> } {
  const args: Record<string, unknown> = {};
  for (const [index, { name, schema, optional }] of parameters.entries()) {
    if (optional && pick(3) > 0) continue;
    if (names.length > 0 && (index === 0 || pick(3) === 0)) args[name] = from(names[pick(names.length)]);
    else if (depth > 2) args[name] = 1;
    else args[name] = valueFor(schema, pick, depth);
  }
  return { process_id: id, arguments: args };
}

type Node = ReturnType<typeof nodeOf>;

/** What came of a call: the code of an error that clients may see, or a value. */
type Outcome = { readonly code: string } | { readonly value: unknown };

/** Cubes, NaN and the like become parameters of the graph, wherever they are. */
function definitionOf(node: Node): { definition: ProcessDefinition; values: Map<string, unknown> } {
  const values = new Map<string, unknown>();
  const visit = (value: unknown): unknown => {
    const isJson =
      typeof value === 'number' ? Number.isFinite(value) : !isCube(value) && !(value instanceof LabeledArray);
    if (!isJson) {
      const name = `p${values.size}`;
      values.set(name, value);
      return from(name);
    }
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item)]));
  };
  const graph = { only: visit({ ...node, result: true }) };
  return { definition: { process_graph: graph } as unknown as ProcessDefinition, values };
}

/** Runs a call, reads and writes its result. @throws Error with the graph for everything that clients must not see */
async function outcomeOf(node: Node): Promise<Outcome> {
  const { runner } = suite.parts;
  const { definition, values } = definitionOf(node);
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const plan = await runner.plan(definition, { supplied: new Set(values.keys()) });
    const result = await runner.run(plan, { parameters: values, signal, logger: silentLogger });
    const value = result instanceof SavedResult ? result.data : result;
    if (isCube(value)) await value.read(value.grid ? { grid: value.grid } : {}, signal);
    const { body } = await encodeResult(result, { formats: outputFormats, signal, maxPixels: 100_000 });
    if (body instanceof Readable) await body.toArray();
    return { value };
  } catch (error) {
    if (error instanceof OpenEOError) return { code: error.code };
    const where = `of ${show(definition)}\nwith ${show([...values])}`;
    throw new Error(`${(error as Error).stack}\n${where}`, { cause: error });
  }
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, item) => {
    if (typeof item === 'number' && !Number.isFinite(item)) return String(item);
    return isCube(item) ? `cube ${cubes.indexOf(item)}` : item;
  });
}

type Pick = (count: number) => number;

const randomly = (numRuns: number, body: (pick: Pick) => Promise<void>) =>
  fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat()), (stream) =>
      body((count) => (stream.next().value as number) % Math.max(1, count)),
    ),
    { numRuns, seed, endOnFailure: true },
  );

test(
  'whatever a process is given, the outcome is a result or an error that clients may see',
  async () => {
    const outcomes: Outcome[] = [];
    for (const spec of specs)
      await randomly(runs, async (pick) => {
        outcomes.push(await outcomeOf(nodeOf(spec, pick)));
      });
    // Otherwise this would prove nothing.
    expect(outcomes.filter((outcome) => 'value' in outcome).length).toBeGreaterThan(outcomes.length / 20);
    expect(outcomes.filter((outcome) => 'code' in outcome && outcome.code === 'Internal')).toEqual([]);
    expect(Object.keys(Object.prototype)).toEqual([]);
  },
  runs * 60_000,
);

test(
  'and so it is for what one makes of the cubes that others have made',
  async () => {
    const cubic = specs.filter(({ parameters }) =>
      JSON.stringify(parameters?.[0]?.schema ?? null).includes('"datacube"'),
    );
    let made = 0;
    await randomly(runs * 5, async (pick) => {
      let cube = cubes[pick(cubes.length)];
      for (let attempt = 0; attempt < 20; attempt++) {
        const spec = cubic[pick(cubic.length)];
        const node = nodeOf(spec, pick);
        node.arguments[spec.parameters?.[0]?.name as string] = cube;
        const outcome = await outcomeOf(node);
        if (!('value' in outcome) || !isCube(outcome.value)) continue;
        cube = outcome.value;
        made++;
      }
    });
    expect(made).toBeGreaterThan(runs);
  },
  runs * 60_000,
);
