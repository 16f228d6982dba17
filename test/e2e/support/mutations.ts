import fc from 'fast-check';

type Tree = unknown;
type Path = readonly (string | number)[];

/** Values that programs trip over. */
export const strange: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  0.5,
  1e308,
  -1e308,
  5e-324,
  Number.MAX_SAFE_INTEGER,
  2 ** 53 + 2,
  -(2 ** 31) - 1,
  '',
  ' ',
  'NaN',
  'Infinity',
  '-Infinity',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  '../../etc/passwd',
  'a\u0000b',
  '\ud800',
  '\u202e\u0645\u0631\u062d\u0628\u0627 🛰️',
  'é'.normalize('NFD'),
  'x'.repeat(5000),
  '2024-02-30',
  '2024-06-01T00:00:00Z',
  '9999-12-31',
  [],
  {},
  [[]],
  [null],
  [[], {}],
  { '': null },
  { process_graph: {} },
  { process_graph: null },
  { from_node: 'load' },
  { from_node: '__proto__' },
  { from_node: 1 },
  { from_node: null },
  { from_parameter: 'x' },
  { from_parameter: 'data' },
  { from_parameter: '__proto__' },
  { from_parameter: '_openeo_user' },
  { from_node: 'load', from_parameter: 'x' },
  { west: 11, south: 47, east: 12, north: 48 },
  { west: 180, south: -90, east: -180, north: 90 },
  { west: 12, south: 48, east: 11, north: 47, crs: 'nonsense' },
  { west: 0, south: 0, east: 0, north: 0, crs: 32632 },
  { west: -1e300, south: -1e300, east: 1e300, north: 1e300, crs: 3857 },
  { type: 'Polygon', coordinates: [] },
  {
    type: 'Polygon',
    coordinates: [
      [
        [11.3, 47.7],
        [11.4, 47.7],
        [11.3, 47.8],
        [11.3, 47.7],
      ],
    ],
  },
  { type: 'FeatureCollection', features: [] },
  { type: 'Point', coordinates: [Number.MAX_VALUE, null] },
  ['2024-06-01', null],
  [null, null],
  ['2024-06-01', '2024-01-01'],
  JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}'),
  nested(60, (inner) => [inner]),
  nested(60, (inner) => ({
    process_graph: { a: { process_id: 'add', arguments: { x: inner, y: 1 }, result: true } },
  })),
];

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  return depth === 0 ? 1 : wrap(nested(depth - 1, wrap));
}

const kinds = ['remove', 'replace', 'rename', 'copy', 'swap', 'wrap', 'nudge', 'add'] as const;

/** One change; `where`, `other` and `value` are wrapped around what there is. */
export interface Mutation {
  readonly kind: (typeof kinds)[number];
  readonly where: number;
  readonly other: number;
  readonly value: number;
}

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom(...kinds),
  where: fc.nat(),
  other: fc.nat(),
  value: fc.nat(),
});

function pathsOf(tree: Tree, path: Path = []): Path[] {
  if (typeof tree !== 'object' || tree === null || path.length > 30) return [path];
  const children = Array.isArray(tree) ? [...tree.keys()] : Object.keys(tree);
  return [
    path,
    ...children.flatMap((key) => pathsOf((tree as Record<string | number, Tree>)[key], [...path, key])),
  ];
}

function at(tree: Tree, path: Path): Tree {
  return path.reduce<Tree>((value, key) => (value as Record<string | number, Tree>)?.[key], tree);
}

/** Sets own keys only, whatever they are called. */
function put(tree: Tree, path: Path, value: Tree): void {
  const parent = at(tree, path.slice(0, -1)) as object;
  if (typeof parent !== 'object' || parent === null) return;
  Object.defineProperty(parent, path[path.length - 1], {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function rename(tree: Tree, path: Path, to: string): void {
  const parent = at(tree, path.slice(0, -1));
  if (typeof parent !== 'object' || parent === null || Array.isArray(parent)) return;
  const entries = Object.entries(parent).map(([key, value]) =>
    key === path[path.length - 1] ? ([to, value] as const) : ([key, value] as const),
  );
  for (const key of Object.keys(parent)) Reflect.deleteProperty(parent, key);
  for (const [key, value] of entries) put(tree, [...path.slice(0, -1), key], value);
}

/** A copy of a tree with changes. */
export function mutate(tree: Tree, mutations: readonly Mutation[]): Tree {
  // Not structuredClone: it would keep parts that seeds share, and changes could close a circle through them.
  const result: Tree = JSON.parse(JSON.stringify(tree));
  for (const { kind, where, other, value } of mutations) {
    const paths = pathsOf(result).filter((path) => path.length > 0);
    if (paths.length === 0) return result;
    const path = paths[where % paths.length];
    const second = paths[other % paths.length];
    const odd = structuredClone(strange[value % strange.length]);
    const own = at(result, path);
    if (kind === 'remove') {
      const parent = at(result, path.slice(0, -1));
      if (Array.isArray(parent)) parent.splice(Number(path[path.length - 1]), 1);
      else Reflect.deleteProperty(parent as object, path[path.length - 1]);
    } else if (kind === 'replace') put(result, path, odd);
    else if (kind === 'rename') rename(result, path, typeof odd === 'string' ? odd : 'data');
    else if (kind === 'copy') put(result, path, structuredClone(at(result, second)));
    else if (kind === 'wrap') put(result, path, value % 2 ? [own] : { value: own });
    else if (kind === 'add') {
      if (Array.isArray(own)) own.push(odd);
      else put(result, [...path, String(strange[other % strange.length])], odd);
    } else if (kind === 'nudge' && typeof own === 'number') put(result, path, own * ((value % 7) - 3) + 0.25);
    else if (kind === 'nudge' && typeof own === 'string')
      put(result, path, `${own}${value % 3 ? '' : '\u0000'}1`);
    else if (kind === 'swap' && !isWithin(path, second) && !isWithin(second, path)) {
      const theirs = at(result, second);
      put(result, path, theirs);
      put(result, second, own);
    }
  }
  return result;
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((key, index) => path[index] === key);
}
