import fc from 'fast-check';
import { OpenEOError } from '../../src/base/errors';
import type { ProcessDefinition } from '../../src/graph/types';
import { createWorld, from, graph, node, param, result } from './kit';

/** One step of a random graph: a process, sources by index of an earlier step, a number. */
const step = fc.record({
  process: fc.constantFrom('add', 'multiply', 'later', 'constant', 'map'),
  a: fc.nat(50),
  b: fc.nat(50),
  value: fc.integer({ min: -5, max: 5 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const name = (index: number) => `n${index}`;

/** Graph and value of the same random program: the second is a naive interpreter of its own. */
function build(steps: readonly Step[]): { definition: ProcessDefinition; value: unknown } {
  const nodes: [string, unknown][] = [];
  const values: number[] = [];
  for (const [index, { process, a, b, value }] of steps.entries()) {
    const last = { result: index === steps.length - 1 };
    const source = (at: number) => (index === 0 ? value : from(name(at % index)));
    const of = (at: number) => (index === 0 ? value : values[at % index]);
    if (process === 'add') {
      nodes.push([name(index), node('add', { x: source(a), y: source(b) }, last)]);
      values.push(of(a) + of(b));
    } else if (process === 'multiply') {
      nodes.push([name(index), node('multiply', { x: source(a), y: param('factor') }, last)]);
      values.push(of(a) * 3);
    } else if (process === 'map') {
      const inner = graph({ s: node('add', { x: param('x'), y: param('context') }, result) });
      const array = node('map', { data: [source(a), value], process: inner, context: source(b) });
      const total = graph({ t: node('add', { x: param('x'), y: value }, result) });
      nodes.push([`${name(index)}m`, array]);
      nodes.push([`${name(index)}t`, node('map', { data: from(`${name(index)}m`), process: total })]);
      // Arrays have no other way back to a number here than being left aside.
      nodes.push([name(index), node('constant', { x: source(a) }, last)]);
      values.push(of(a));
    } else {
      nodes.push([name(index), node(process, { x: source(a) }, last)]);
      values.push(of(a));
    }
  }
  const order = [...nodes].sort(([p], [q]) => (p < q ? 1 : -1));
  return { definition: graph(Object.fromEntries(order)), value: values.at(-1) };
}

test('random graphs run as they read', async () => {
  const world = createWorld();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
      const { definition, value } = build(steps);
      expect(await world.run(definition, { factor: 3 })).toBe(value);
    }),
    { numRuns: 150 },
  );
});

const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1e308,
    '',
    'add',
    '__proto__',
    [],
    {},
    [[[]]],
    { from_node: 'n0' },
    { from_node: '__proto__' },
    { from_node: null },
    { from_parameter: 'constructor' },
    { process_graph: {} },
    { process_graph: null },
    { process_graph: { a: { process_id: 'constant', arguments: { x: 1 }, result: true } } },
    JSON.parse('{"__proto__": {"result": true}}'),
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Replaces one place in JSON, counted depth-first, or adds a key to it. */
function mutate(json: unknown, place: number, value: unknown, key: string | undefined): unknown {
  let left = place;
  const visit = (at: unknown): unknown => {
    if (left-- === 0) {
      if (key === undefined || typeof at !== 'object' || at === null || Array.isArray(at)) return value;
      return Object.fromEntries([...Object.entries(at), [key, value]]);
    }
    if (Array.isArray(at)) return at.map(visit);
    if (typeof at === 'object' && at !== null)
      return Object.fromEntries(Object.entries(at).map(([name, item]) => [name, visit(item)]));
    return at;
  };
  return visit(json);
}

const keys = fc.option(
  fc.constantFrom('__proto__', 'constructor', 'x', 'from_node', 'result', 'process_graph', 'arguments'),
  { nil: undefined },
);

test('damaged graphs give issues or errors of ours, never a TypeError', async () => {
  const world = createWorld();
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(60), junk, keys), { minLength: 1, maxLength: 3 }),
      async (steps, mutations) => {
        let definition: unknown = build(steps).definition;
        for (const [place, value, key] of mutations) definition = mutate(definition, place, value, key);
        const issues = await world.validate(definition, ['factor']);
        for (const { code, message } of issues) {
          expect(code).toMatch(/^Process/);
          expect(message).not.toMatch(/undefined|\[object/);
        }
        try {
          await world.run(definition as ProcessDefinition, { factor: 3 });
          expect(issues).toEqual([]);
        } catch (error) {
          refused++;
          expect(error).toBeInstanceOf(OpenEOError);
        }
      },
    ),
    { numRuns: 600 },
  );
  expect(refused).toBeGreaterThan(100);
  expect(({} as Record<string, unknown>).result).toBeUndefined();
});

test('names of prototypes are names everywhere', async () => {
  const world = createWorld({
    stored: JSON.parse(
      JSON.stringify({
        constructor: {
          parameters: [{ name: '__proto__', schema: { type: 'number' } }],
          process_graph: { toString: node('constant', { x: { from_parameter: '__proto__' } }, result) },
        },
      }),
    ),
  });
  const definition = JSON.parse(`{ "process_graph": {
    "__proto__": { "process_id": "constructor", "arguments": { "__proto__": 5 } },
    "constructor": { "process_id": "constant", "result": true, "arguments": { "x":
      { "__proto__": { "from_node": "__proto__" }, "hasOwnProperty": { "from_parameter": "valueOf" } } } }
  } }`);
  const value = (await world.run(definition, { valueOf: 6 })) as object;
  expect(Object.entries(value)).toEqual([
    ['__proto__', 5],
    ['hasOwnProperty', 6],
  ]);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  const issues = await world.validate(
    JSON.parse(`{ "process_graph": { "n": { "process_id": "__proto__", "result": true,
      "arguments": { "__proto__": { "from_node": "toString" } } } } }`),
    [],
  );
  expect(issues.map(({ code }) => code)).toEqual(['ProcessUnsupported', 'ProcessGraphInvalid']);
  const unheard = await world.validate(
    graph({ n: node('add', { x: param('toString'), y: param('constructor') }, result) }),
    [],
  );
  expect(unheard.map(({ code }) => code)).toEqual(['ProcessParameterRequired', 'ProcessParameterRequired']);
});
