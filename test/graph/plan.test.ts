import fc from 'fast-check';
import { canonicalJson } from '../../src/graph/hash';
import type { ProcessDefinition } from '../../src/graph/types';
import { createWorld, from, graph, node, param, parameter, result } from './kit';

const stored = {
  writes: { process_graph: { r: node('record', { x: 1 }, result) } },
  shift: {
    parameters: [parameter('x', { type: 'number' })],
    process_graph: { a: node('add', { x: param('x'), y: 1 }, result) },
  },
};
const world = createWorld({ stored });
const plan = (definition: ProcessDefinition) => world.runner.plan(definition, { user: 'ann' });

test('a plan is in the order of execution, complete with defaults, and frozen', async () => {
  const planned = await plan(
    graph({ b: node('multiply', { x: from('a') }, result), a: node('add', { x: 1, y: param('p') }) }, [
      parameter('p', { type: 'number' }, { optional: true, default: 3 }),
    ]),
  );
  expect(planned.nodes.map(({ id, reads, readers }) => [id, reads, readers])).toEqual([
    ['a', [], 1],
    ['b', ['a'], 0],
  ]);
  expect([...planned.nodes[1].arguments]).toEqual([
    ['x', { kind: 'node', node: 'a' }],
    ['y', { kind: 'literal', value: 2 }],
  ]);
  expect([...planned.free]).toEqual(['p']);
  expect(planned).toMatchObject({ result: 'b', effects: 'none', parameters: [{ name: 'p', default: 3 }] });
  for (const part of [planned, planned.nodes, planned.nodes[0], planned.nodes[0].arguments.get('x')])
    expect(Object.isFrozen(part)).toBe(true);
});

test('literals are copies, so that neither side can change the other’s', async () => {
  const value = { deep: [1, { deeper: 2 }] };
  const planned = await plan(graph({ a: node('constant', { x: value }, result) }));
  value.deep[1] = 0;
  const argument = planned.nodes[0].arguments.get('x') as { value: { deep: unknown[] } };
  expect(argument.value).toEqual({ deep: [1, { deeper: 2 }] });
  expect(Object.isFrozen(argument.value.deep[1])).toBe(true);
});

test('free names are those that come from outside', async () => {
  const planned = await plan(
    graph({
      m: node(
        'map',
        {
          data: [param('a')],
          process: graph({ n: node('constant', { x: [param('x'), param('b'), param('context')] }, result) }),
        },
        result,
      ),
      s: node('shift', { x: 1 }),
    }),
  );
  expect([...planned.free].sort()).toEqual(['a', 'b']);
  const callback = planned.nodes[0].arguments.get('process');
  if (callback?.kind !== 'callback') throw new Error('No callback');
  expect([...callback.plan.free]).toEqual(['b']);
  expect(callback.parameters).toEqual(['x', 'context']);
});

test.each([
  ['a node', graph({ r: node('record', { x: 1 }, result) })],
  [
    'a callback',
    graph({ c: node('call', { process: graph({ r: node('record', { x: 1 }, result) }) }, result) }),
  ],
  ['a stored process', graph({ w: node('writes', {}, result) })],
  [
    'a node that nothing reads',
    graph({ a: node('constant', { x: 1 }, result), r: node('record', { x: 1 }) }),
  ],
])('writing in %s is known before it runs', async (_, definition) => {
  expect((await plan(definition)).effects).toBe('write');
});

describe('the hash', () => {
  test('tells arrays of many numbers apart by their numbers and how they are nested', () => {
    const numbers = Array.from({ length: 24 }, (_, index) => index);
    const pairs = Array.from({ length: 12 }, (_, index) => numbers.slice(2 * index, 2 * index + 2));
    const others = [
      numbers,
      numbers.toReversed(),
      pairs,
      [pairs],
      [pairs.slice(0, 6), pairs.slice(6)],
      [...numbers, null],
      [...numbers, '24'],
      [...numbers, -0],
      [...numbers, 0.5],
      numbers.map(String),
    ];
    expect(new Set(others.map(canonicalJson)).size).toBe(others.length);
    expect(canonicalJson({ a: pairs, b: 1 })).toBe(canonicalJson({ b: 1, a: structuredClone(pairs) }));
    expect(canonicalJson([1, [2, 'x']])).toBe('[1,[2,"x"]]');
  });

  const hash = async (definition: ProcessDefinition) => (await plan(definition)).hash;
  const base = graph({
    a: node('add', { x: 1, y: param('p') }),
    b: node('constant', { x: { k: from('a'), l: [1, 2] } }, result),
  });

  test('is the same for other ids, key orders, explicit defaults, descriptions and repeated pure nodes', async () => {
    const expected = await hash(base);
    const others = [
      graph({
        q: node('constant', { x: { l: [1, 2], k: from('z') } }, { ...result, description: 'other' }),
        z: node('add', { y: param('p'), x: 1 }),
      }),
      { ...base, id: 'named', summary: 'text' },
    ];
    for (const other of others) expect(await hash(other)).toBe(expected);
    expect(await hash(graph({ m: node('multiply', { x: 1 }, result) }))).toBe(
      await hash(graph({ m: node('multiply', { x: 1, y: 2 }, result) })),
    );
    const both = (second: string) =>
      graph({
        a: node('add', { x: 1, y: 1 }),
        a2: node('add', { x: 1, y: 1 }),
        s: node('add', { x: from('a'), y: from(second) }, result),
      });
    const once = graph({
      a: node('add', { x: 1, y: 1 }),
      s: node('add', { x: from('a'), y: from('a') }, result),
    });
    expect(await hash(both('a2'))).toBe(await hash(once));
  });

  test('differs where graphs do something else', async () => {
    const constant = (x: unknown, rest?: object) =>
      graph({ a: node('constant', { x }, { ...result, ...rest }) });
    const definitions = [
      base,
      constant(1),
      constant('1'),
      constant([1, 2]),
      constant([[1], 2]),
      constant({ a: 1 }),
      constant(null),
      constant(param('p')),
      constant(param('q')),
      constant('p'),
      { ...constant(param('p')), parameters: [parameter('p', {}, { optional: true, default: 1 })] },
      { ...constant(param('p')), parameters: [parameter('p', {}, { optional: true, default: 2 })] },
      graph({ a: node('add', { x: 1, y: 2 }, result) }),
      graph({ a: node('add', { x: 2, y: 1 }, result) }),
      graph({ a: node('add', { x: 1, y: 2 }, result), b: node('record', { x: 1 }) }),
      graph({
        a: node('add', { x: 1, y: 2 }, result),
        b: node('record', { x: 1 }),
        c: node('record', { x: 1 }),
      }),
      graph({ a: node('add', { x: 1, y: 2 }), b: node('record', { x: 1 }, result) }),
      graph({ s: node('shift', { x: 1 }, result) }),
    ];
    const hashes = await Promise.all(definitions.map(hash));
    expect(new Set(hashes).size).toBe(definitions.length);
  });

  test('does not depend on how a graph is written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer()), { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.nat()),
        async (steps, order) => {
          const write = (name: (index: number) => string) =>
            steps.map(([a, b, constant], index): [string, unknown] => [
              name(index),
              index === 0
                ? node('add', { x: constant, y: 1 }, { result: steps.length === 1 })
                : node(
                    'add',
                    { x: from(name(a % index)), y: b % 3 === 0 ? constant : from(name(b % index)) },
                    { result: index === steps.length - 1 },
                  ),
            ]);
          const shuffled = write((index) => `other${steps.length - index}`)
            .map((entry) => ({ entry, at: order.next().value as number }))
            .sort((a, b) => a.at - b.at)
            .map(({ entry }) => entry);
          expect(await hash(graph(Object.fromEntries(shuffled)))).toBe(
            await hash(graph(Object.fromEntries(write((index) => `n${index}`)))),
          );
        },
      ),
      { numRuns: 50 },
    );
  });
});
