import { createWorld, from, graph, node, param, rejection, result } from '../kit';

function chain(length: number) {
  const nodes: Record<string, unknown> = { n0: node('add', { x: 0, y: 1 }) };
  for (let index = 1; index < length; index++)
    nodes[`n${index}`] = node('add', { x: from(`n${index - 1}`), y: 1 }, { result: index === length - 1 });
  // Written backwards, so that the order has to be found.
  return graph(Object.fromEntries(Object.entries(nodes).reverse()));
}

function nest(depth: number): ReturnType<typeof graph> {
  if (depth === 0) return graph({ n: node('add', { x: param('x'), y: 1 }, result) });
  return graph({ n: node('map', { data: [param('x')], process: nest(depth - 1) }, result) });
}

const nestedArray = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

test('a chain of 10,000 nodes runs', async () => {
  await expect(createWorld().run(chain(10_000))).resolves.toBe(10_000);
});

test('a chain of 10,000 slow nodes runs', async () => {
  const nodes: Record<string, unknown> = { n0: node('later', { x: 7 }) };
  for (let index = 1; index < 10_000; index++)
    nodes[`n${index}`] = node(
      index % 100 === 0 ? 'later' : 'constant',
      { x: from(`n${index - 1}`) },
      { result: index === 9_999 },
    );
  await expect(createWorld().run(graph(nodes))).resolves.toBe(7);
});

test('10,000 nodes that all read the same two run', async () => {
  const nodes: Record<string, unknown> = { a: node('add', { x: 1, y: 1 }), b: node('later', { x: 2 }) };
  for (let index = 0; index < 10_000; index++)
    nodes[`n${index}`] = node('add', { x: from('a'), y: from('b') }, { result: index === 5000 });
  await expect(createWorld().run(graph(nodes))).resolves.toBe(4);
});

test('a circle of 10,000 nodes is found', async () => {
  const nodes = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [
      `n${index}`,
      node('constant', { x: from(`n${(index + 1) % 10_000}`) }, { result: index === 0 }),
    ]),
  );
  const issues = await createWorld().validate(graph(nodes));
  expect(issues).toHaveLength(1);
  expect(issues[0].message.length).toBeLessThan(300);
});

test('callbacks nested 50 deep run', async () => {
  const world = createWorld();
  let value = await world.run(nest(50), { x: 1 });
  for (let depth = 0; depth < 50; depth++) [value] = value as unknown[];
  expect(value).toBe(2);
});

test('callbacks nested deeper than the limit are refused', async () => {
  const world = createWorld({ limits: { nodes: 1000, depth: 10 } });
  await expect(world.validate(nest(10))).resolves.toEqual([]);
  const error = await rejection(world.run(nest(11), { x: 1 }));
  expect(error).toMatchObject({ code: 'ProcessGraphComplexity' });
  expect(error.message).toContain('11 levels');
});

test('more nodes than the limit are refused, those of callbacks included', async () => {
  const world = createWorld({ limits: { nodes: 10, depth: 100 } });
  await expect(world.validate(chain(10))).resolves.toEqual([]);
  await expect(world.validate(chain(11))).resolves.toMatchObject([{ code: 'ProcessGraphComplexity' }]);
  await expect(world.validate(nest(9))).resolves.toEqual([]);
  await expect(world.validate(nest(10))).resolves.toMatchObject([{ code: 'ProcessGraphComplexity' }]);
});

test('stored processes that double with every level are counted, not expanded', async () => {
  const stored: Record<string, unknown> = { p0: graph({ n: node('constant', { x: 1 }, result) }) };
  for (let level = 1; level <= 1100; level++)
    stored[`p${level}`] = graph({
      a: node(`p${level - 1}`, {}),
      b: node(`p${level - 1}`, {}),
      c: node('list', { data: [from('a'), from('b')] }, result),
    });
  const world = createWorld({ stored, limits: { nodes: 5000, depth: 5000 } });
  const issues = await world.validate(graph({ n: node('p1100', {}, result) }));
  expect(issues[0].code).toBe('ProcessGraphComplexity');
  await expect(world.run(graph({ n: node('p3', {}, result) }))).resolves.toEqual([
    [
      [1, 1],
      [1, 1],
    ],
    [
      [1, 1],
      [1, 1],
    ],
  ]);
});

test('a long line of stored processes ends at the limit', async () => {
  const stored = Object.fromEntries(
    Array.from({ length: 3000 }, (_, index) => [
      `p${index}`,
      graph({ n: node(`p${index + 1}`, {}, result) }),
    ]),
  );
  const world = createWorld({ stored, limits: { nodes: 100, depth: 50 } });
  const issues = await world.validate(graph({ n: node('p0', {}, result) }));
  expect(issues.map(({ code }) => code)).toEqual(['ProcessGraphComplexity']);
  expect(world.asked.length).toBeLessThan(110);
});

test.each([400, 600, 100_000])('arguments nested %i deep end well', async (depth) => {
  const world = createWorld();
  const definition = graph({ n: node('constant', { x: nestedArray(depth) }, result) });
  const issues = await world.validate(definition);
  expect(issues.map(({ code }) => code)).toEqual(depth > 500 ? ['ProcessGraphComplexity'] : []);
  const list = graph({ n: node('list', { data: param('p') }, result) });
  await expect(world.run(list, { p: nestedArray(depth) })).resolves.toBeDefined();
});

test('values that a graph nests 10,000 deep do not overflow the stack', async () => {
  const nodes: Record<string, unknown> = { n0: node('list', { data: [] }) };
  for (let index = 1; index < 10_000; index++)
    nodes[`n${index}`] = node('list', { data: [from(`n${index - 1}`)] }, { result: index === 9_999 });
  await expect(createWorld().run(graph(nodes))).resolves.toHaveLength(1);
});

test.each([
  ['a recursive schema', { type: 'array', items: { $ref: '#' } }],
  ['references that double', { definitions: { a: {} }, allOf: [{ $ref: '#/definitions/a' }] }],
  ['a repeated repetition', { pattern: '^(a+)+$' }],
  ['repeated alternatives', { pattern: '^(a|aa)+$' }],
  ['many repetitions', { pattern: 'a*a*a*a*a*b' }],
  ['many optional parts', { pattern: `^${'[ab]?'.repeat(32)}c$` }],
  ['many alternatives one after the other', { pattern: `^${'(a|aa)'.repeat(32)}c$` }],
  ['repeated optional parts', { pattern: '^(a?a?){20}c$' }],
  ['a repetition in a repeated group in a group', { pattern: '^((?:[ab]+c?)){2,}$' }],
  ['a back-reference', { pattern: '(a)\\1' }],
  ['keys by a slow pattern', { patternProperties: { '(x+x+)+y': {} } }],
  ['a long pattern', { pattern: 'a'.repeat(1001) }],
  ['something that is no pattern', { pattern: '(' }],
])('%s is refused', async (_, schema) => {
  const definition = graph({ n: node('constant', { x: 1 }, result) }, [{ name: 'p', schema }]);
  const issues = await createWorld().validate(definition);
  expect(issues.map(({ code }) => code)).toEqual(['ProcessInvalid']);
  expect(issues[0].message).toContain('the schema of the parameter p cannot be used');
});

test.each([
  ['^[a-z]+-[0-9]+$', 'abc-12', 'abc-x'],
  [
    '^(-?)P(?=\\d|T\\d)(?:(\\d+)Y)?(?:(\\d+)M)?(?:(\\d+)([DW]))?(?:T(?:(\\d+)H)?(?:(\\d+)M)?(?:(\\d+(?:\\.\\d+)?)S)?)?$',
    'P1DT2H',
    'P',
  ],
  ['(\r\n|\r|\n)', `${'long text '.repeat(1000)}\n`, 'one line'],
  ['a*b', 'b', `${'a'.repeat(100_000)}`],
])('the pattern %s counts', async (pattern, good, bad) => {
  const definition = graph({ n: node('text', { text: param('p') }, result) }, [
    { name: 'p', schema: { type: 'string', pattern } },
  ]);
  await expect(createWorld().run(definition, { p: good })).resolves.toBe(good);
  await expect(createWorld().run(definition, { p: bad })).rejects.toMatchObject({
    code: 'ProcessParameterInvalid',
  });
});

test('values that are deeper than a stack are compared without a crash', async () => {
  const schema = { type: 'array', enum: [nestedArray(400)] };
  const definition = graph({ n: node('list', { data: param('p') }, result) }, [{ name: 'p', schema }]);
  await expect(createWorld().run(definition, { p: nestedArray(400) })).resolves.toBeDefined();
  await expect(createWorld().run(definition, { p: nestedArray(100_000) })).rejects.toMatchObject({
    code: 'ProcessParameterInvalid',
  });
});

// Words for each of them would take seconds.
test('of a graph with very many faults the first ones are told', async () => {
  const entries = Array.from({ length: 300_000 }, (_, index) => [`n${index}`, 1]);
  const faulty = Object.fromEntries(entries);
  expect(await createWorld().validate(graph(faulty))).toHaveLength(1000);
  const unknown = graph({ a: node('add', faulty, result) });
  expect(await createWorld().validate(unknown)).toHaveLength(1000);
});

test.each([
  ['very many parameters', Array.from({ length: 20_000 }, (_, index) => ({ minimum: index }))],
  [
    'a parameter with a huge schema',
    [{ anyOf: Array.from({ length: 20_000 }, (_, index) => ({ const: index })) }],
  ],
])('a graph with %s is refused', async (_, schemas) => {
  const parameters = schemas.map((schema, index) => ({ name: `p${index}`, schema }));
  const issues = await createWorld().validate(graph({ a: node('add', { x: 1, y: 1 }, result) }, parameters));
  expect(issues.map(({ code }) => code)).toEqual(['ProcessGraphComplexity']);
});

test('of a value with very many faults the first one is told', async () => {
  const schema = { type: 'array', items: { type: 'number' } };
  const definition = graph({ a: node('list', { data: param('p') }, result) }, [{ name: 'p', schema }]);
  for (const count of [3, 1_000_000])
    await expect(createWorld().run(definition, { p: new Array(count).fill('a') })).rejects.toThrow(
      '/0 must be a number',
    );
});
