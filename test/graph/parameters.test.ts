import fc from 'fast-check';
import { bindQuery, injectedUser, injectedUserId } from '../../src/graph/parameters';
import type { ParameterSpec } from '../../src/graph/types';
import { graph, parameter } from './kit';

const bind = (schema: ParameterSpec['schema'], text: string) =>
  bindQuery(graph({}, [parameter('p', schema)]), new Map([['p', text]])).get('p');

const string = { type: 'string' };
const number = { type: 'number' };

test.each([
  [string, '12', '12'],
  [string, 'true', 'true'],
  [string, '[1]', '[1]'],
  [string, '', ''],
  [number, '12', 12],
  [number, '-1.5e3', -1500],
  [number, '+.5', 0.5],
  [{ type: 'integer' }, '7', 7],
  [{ type: 'boolean' }, 'false', false],
  [{ type: ['string', 'null'] }, 'null', null],
  [[number, string], '5', 5],
  [[number, string], '5m', '5m'],
  [{ type: 'array' }, '[1,"a"]', [1, 'a']],
  [{ type: 'object' }, ' {"a":{"from_node":"n"}}', { a: { from_node: 'n' } }],
  [{}, '[1,2]', [1, 2]],
  [{}, '[1,2', '[1,2'],
  [{}, 'true', true],
  [{}, 'text', 'text'],
  [{ anyOf: [{ type: 'array' }, { type: 'string' }] }, '{"a":1}', '{"a":1}'],
])('as %j the text %j is %j', (schema, text, value) => {
  expect(bind(schema, text)).toEqual(value);
});

test.each([
  [number, 'five'],
  [number, ''],
  [number, '1e999'],
  [number, '0x10'],
  [{ type: 'array' }, '[1,'],
  [{ type: 'array' }, '{}'],
  [{ type: 'object', subtype: 'datacube' }, '{}'],
  [{ type: 'array' }, '['.repeat(5000) + ']'.repeat(5000)],
])('as %j the text %j is refused', (schema, text) => {
  expect(() => bind(schema, text)).toThrow(
    expect.objectContaining({
      code: 'ProcessParameterInvalid',
      details: expect.objectContaining({ parameter: 'p' }),
    }),
  );
});

test('names that are not declared are ignored', () => {
  expect(bindQuery(graph({}), new Map([['q', '1']])).size).toBe(0);
  expect(bindQuery(graph({}, [parameter('p', {})]), new Map([['constructor', '1']])).size).toBe(0);
  expect(bindQuery({ ...graph({}), parameters: 'none' as never }, new Map([['p', '1']])).size).toBe(0);
});

test('names of prototypes are names', () => {
  const names = ['__proto__', 'constructor'];
  const bound = bindQuery(
    graph(
      {},
      names.map((name) => parameter(name, string)),
    ),
    new Map(names.map((name) => [name, 'x'])),
  );
  expect([...bound]).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'x'],
  ]);
});

test.each(['_openeo_user', '_openeo_anything', 'tile_x', 'tile_z', 'bounding_box', 'spatial_extent_crs'])(
  'only the server sets %s, declared or not',
  (name) => {
    for (const declared of [[], [parameter(name, {})]])
      expect(() => bindQuery(graph({}, declared), new Map([[name, '1']]))).toThrow(
        expect.objectContaining({ code: 'ProcessParameterInvalid', status: 400 }),
      );
  },
);

test('whatever JSON is written for an open parameter is read back', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      if (typeof value === 'string') return;
      expect(bind({}, JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('any text stays itself for text', () => {
  fc.assert(fc.property(fc.string(), (text) => expect(bind(string, text)).toBe(text)));
});

test('the injected user is plain data with an id that only the server can make', () => {
  const user = injectedUser({ id: 'p:1', name: 'Ann', email: 'a@b', roles: ['uploader'] });
  expect(JSON.parse(JSON.stringify(user))).toEqual({
    user_id: 'p:1',
    name: 'Ann',
    email: 'a@b',
    roles: ['uploader'],
  });
  expect(injectedUserId(user)).toBe('p:1');
  expect(injectedUserId({ ...user })).toBeUndefined();
});
