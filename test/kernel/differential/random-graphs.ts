import fc from 'fast-check';

type Type = 'number' | 'boolean';
type Node = { process_id: string; arguments: Record<string, unknown>; result?: boolean };

/** Process id, parameters with their types, type of the result. */
type Scalar = readonly [id: string, parameters: Readonly<Record<string, Type>>, result: Type];

const unary =
  'sqrt absolute ln floor ceil int sgn sin cos tan arcsin arccos arctan sinh cosh tanh arsinh arcosh artanh'.split(
    ' ',
  );
const scalars: readonly Scalar[] = [
  ...unary.map((id): Scalar => [id, { x: 'number' }, 'number']),
  ...['add', 'subtract', 'multiply', 'divide', 'mod', 'arctan2', 'normalized_difference'].map(
    (id): Scalar => [id, { x: 'number', y: 'number' }, 'number'],
  ),
  ['exp', { p: 'number' }, 'number'],
  ['power', { base: 'number', p: 'number' }, 'number'],
  ['log', { x: 'number', base: 'number' }, 'number'],
  ...['gt', 'gte', 'lt', 'lte', 'eq', 'neq'].flatMap((id): Scalar[] => [
    [id, { x: 'number', y: 'number' }, 'boolean'],
    [id, { x: 'boolean', y: 'boolean' }, 'boolean'],
    [id, { x: 'boolean', y: 'number' }, 'boolean'],
  ]),
  ...['and', 'or', 'xor'].map((id): Scalar => [id, { x: 'boolean', y: 'boolean' }, 'boolean']),
  ['not', { x: 'boolean' }, 'boolean'],
  ...['is_nan', 'is_infinite', 'is_nodata', 'is_valid'].flatMap((id): Scalar[] => [
    [id, { x: 'number' }, 'boolean'],
    [id, { x: 'boolean' }, 'boolean'],
  ]),
  ['if', { value: 'boolean', accept: 'number', reject: 'number' }, 'number'],
  ['if', { value: 'boolean', accept: 'number' }, 'number'],
  ['if', { value: 'boolean', accept: 'boolean', reject: 'boolean' }, 'boolean'],
  ['constant', { x: 'number' }, 'number'],
];
const reducers: readonly (readonly [id: string, takes: Type, gives: Type])[] = [
  ...['sum', 'product', 'min', 'max', 'mean', 'median', 'variance', 'sd', 'first', 'last'].map(
    (id) => [id, 'number', 'number'] as const,
  ),
  ...['any', 'all', 'first', 'last'].map((id) => [id, 'boolean', 'boolean'] as const),
];

const special = [0, -0, 1, -1, 0.5, 2, 2.5, 10, 1e300, -1e-300, Infinity, -Infinity, Number.NaN];
export const number = fc.oneof(
  fc.constantFrom(...special),
  fc.integer({ min: -20, max: 20 }),
  fc.float({ noNaN: true, min: -100, max: 100 }),
);
/** undefined stands for no-data. */
const pixel = fc.option(number, { nil: undefined, freq: 4 });

export interface Case {
  readonly graph: Record<string, Node>;
  readonly length: number;
  readonly isSingle: boolean;
  readonly pixels: readonly (readonly (number | undefined)[])[];
}

const x = { from_parameter: 'x' };
export const index = { from_parameter: 'index' };
const only = (process_id: string, args: Node['arguments']) => ({
  process_graph: { only: { process_id, arguments: args, result: true } },
});
const consumers = ['sum', 'min', 'first', 'last', 'median', 'sd'];

/** A process that makes an array of numbers from one. */
function arrayNode(
  data: unknown,
  own: readonly unknown[],
  a: number,
  b: number,
  length: number,
): [process_id: string, args: Node['arguments']] {
  const flags = { asc: b % 2 === 0, nodata: b % 3 === 0 };
  const choices: readonly [string, Node['arguments']][] = [
    ...['cumsum', 'cumproduct', 'cummin', 'cummax'].map((id): [string, Node['arguments']] => [
      id,
      { data, ignore_nodata: b % 2 === 0 },
    ]),
    ['array_interpolate_linear', { data }],
    ['array_interpolate_linear', { data: own }],
    ['sort', { data, ...flags }],
    ['sort', { data: own, ...flags }],
    ['order', { data, ...flags }],
    ['order', { data: own, ...flags }],
    ['array_append', { data, value: own[0] }],
    ['array_concat', { array1: own, array2: data }],
    ['array_modify', { data, values: own, index: b % (length + 1), length: b % 3 }],
    ['rearrange', { data, order: [length - 1, 0, b % length] }],
    ['array_apply', { data, process: only('absolute', { x }) }],
    ['array_apply', { data, process: only('add', { x, y: index }) }],
    ['array_filter', { data, condition: only('lte', { x: index, y: b % length }) }],
    ['array_filter', { data: own, condition: only('gt', { x: index, y: b % 4 }) }],
  ];
  return choices[a % choices.length];
}

/** Builds a graph step by step from choices (numbers that select among what is possible then). */
function build(
  length: number,
  choices: readonly (readonly [number, number, number, number])[],
  constants: readonly (number | boolean | null)[],
): Record<string, Node> {
  const graph: Record<string, Node> = {};
  const values: Record<Type, unknown[]> = { number: [], boolean: [] };
  const data = { from_parameter: 'data' };
  const add = (type: Type, node: Node) => {
    const id = `n${Object.keys(graph).length}`;
    graph[id] = node;
    values[type].push({ from_node: id });
  };
  for (const value of constants) values[typeof value === 'boolean' ? 'boolean' : 'number'].push(value);
  values.boolean.push(null);
  for (let k = 0; k < Math.min(length, 3); k++)
    add('number', { process_id: 'array_element', arguments: { data, index: k } });
  add('boolean', { process_id: 'gt', arguments: { x: { from_node: `n${0}` }, y: 0 } });
  const pick = (type: Type, choice: number) =>
    values[type][values[type].length - 1 - (choice % values[type].length)];
  for (const [kind, a, b, c] of choices) {
    if (kind % 4 === 0) {
      const [id, takes, gives] = reducers[a % reducers.length];
      const own = [pick(takes, b), pick(takes, b + 1), pick(takes, c), pick(takes, c + 2)];
      const isOwn = takes === 'boolean' || c % 2 === 0;
      add(gives, { process_id: id, arguments: { data: isOwn ? own : data, ignore_nodata: b % 3 !== 0 } });
    } else if (kind % 5 === 2) {
      const own = [pick('number', a), pick('number', b), pick('number', c), pick('number', c + 3)];
      const [id, args] = arrayNode(data, own, a, b, length);
      const array = `n${Object.keys(graph).length}`;
      graph[array] = { process_id: id, arguments: args };
      const made = { from_node: array };
      if (c % 2) add('number', { process_id: consumers[b % 6], arguments: { data: made } });
      else
        add('number', {
          process_id: 'array_element',
          arguments: { data: made, index: c % (length + 2), return_nodata: true },
        });
      add('number', {
        process_id: 'array_find',
        arguments: { data: b % 2 ? own : data, value: pick('number', b + 1), reverse: c % 3 === 0 },
      });
      add('boolean', {
        process_id: 'array_contains',
        arguments: { data: c % 2 ? own : data, value: pick('number', b + 2) },
      });
    } else if (kind % 11 === 1) {
      add('number', {
        process_id: 'count',
        arguments: { data: b % 2 ? data : [pick('number', a), pick('number', b)] },
      });
      add('number', { process_id: 'round', arguments: { x: pick('number', a), p: (b % 5) - 2 } });
      add('number', { process_id: 'clip', arguments: { x: pick('number', a), min: -1, max: b } });
      add('boolean', {
        process_id: 'between',
        arguments: { x: pick('number', c), min: -1, max: b, exclude_max: a % 2 === 0 },
      });
      add('boolean', {
        process_id: 'eq',
        arguments: { x: pick('number', a), y: pick('number', c), delta: 0.5 },
      });
      add('number', {
        process_id: 'linear_scale_range',
        arguments: { x: pick('number', c), inputMin: -1, inputMax: b, outputMin: 0, outputMax: 255 },
      });
    } else {
      const [id, parameters, result] = scalars[a % scalars.length];
      const args = Object.entries(parameters).map(([name, type], k) => [
        name,
        pick(type, k === 0 ? b : c + k),
      ]);
      add(result, { process_id: id, arguments: Object.fromEntries(args) });
    }
  }
  const last = Object.keys(graph).at(-1) as string;
  graph[last].result = true;
  return graph;
}

export const cases: fc.Arbitrary<Case> = fc
  .record({
    length: fc.constantFrom(1, 2, 5, 9, 16, 17, 26),
    choices: fc.array(fc.tuple(fc.nat(100), fc.nat(1000), fc.nat(50), fc.nat(50)), {
      minLength: 1,
      maxLength: 14,
    }),
    constants: fc.array(fc.oneof(number, fc.boolean(), fc.constant(null)), { maxLength: 3 }),
    count: fc.integer({ min: 1, max: 12 }),
    isSingle: fc.boolean(),
  })
  .chain(({ length, choices, constants, count, isSingle }) =>
    fc.record({
      graph: fc.constant(build(length, choices, constants)),
      length: fc.constant(length),
      isSingle: fc.constant(isSingle),
      pixels: fc.array(fc.array(pixel, { minLength: count, maxLength: count }), {
        minLength: length,
        maxLength: length,
      }),
    }),
  );
