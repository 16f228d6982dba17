import { silentLogger } from '../../../src/base/logger';
import { createHttpClient, type HttpClient } from '../../../src/base/net';
import { gtiff } from '../../../src/raster/formats/gtiff';
import { memoryCube } from '../../../src/raster/memory-cube';
import { createRasterReader } from '../../../src/raster/reader';
import type { RasterReader } from '../../../src/raster/source';
import { openCatalog, openStacUrl } from '../../../src/store/catalog/open';
import type { Catalog } from '../../../src/store/catalog/types';
import { serveFile } from '../../raster/support/server';
import { type Api, day, filterClasses, item, serveApi } from '../../store/catalog/stac-api';
import { callback, codeOf, from, fromNode, gridOf, runCube, runGraph, signal, x, y } from './kit';

const count = 120;
/** Values of one property over the items; undefined is absent. */
const kinds = [undefined, null, 5, 50, '5', 'five', true, 'true', -1.5, 'Five', '', 0] as const;
/** The same items, on a server that declares filters and on one that does not. */
let servers: { filtering: Api; plain: Api };
let catalogs: { filtering: Catalog; plain: Catalog };
let file: Awaited<ReturnType<typeof serveFile>>;
let http: HttpClient;
let raster: RasterReader;

beforeAll(async () => {
  const cube = memoryCube({
    dimensions: [y, x],
    grid: gridOf(16, 16),
    data: new Uint8Array(256),
    valid: new Uint8Array(256).fill(1),
  });
  const { body } = await gtiff.encode(cube, { options: {}, signal, maxPixels: 1e7 });
  file = await serveFile(body as Uint8Array);
  const assets = { B04: { href: file.url, type: 'image/tiff; application=geotiff', roles: ['data'] } };
  servers = { filtering: await serveApi(0), plain: await serveApi(0) };
  servers.filtering.conformsTo = filterClasses;
  const items = Array.from({ length: count }, (_, index) => {
    const mixed = kinds[index % kinds.length];
    const platform = index % 2 ? 'sentinel-2a' : 'sentinel-2b';
    const properties = { datetime: day(index), 'eo:cloud_cover': index % 100, platform, 'a.b': 'dotted' };
    return { ...item(index), properties: { ...properties, mixed }, assets };
  });
  for (const api of Object.values(servers)) api.items = items;
  const logger = silentLogger;
  http = createHttpClient({
    allowedHosts: [file, ...Object.values(servers)].map(({ url }) => new URL(url).host),
    logger,
  });
  raster = createRasterReader({ http, logger });
  // Nothing is looked at again meanwhile.
  const freshness = { localMs: 3_600_000, remoteMs: 3_600_000 };
  const open = async ({ url }: Api) => {
    const catalog = await openCatalog({ collections: [`${url}/collections/many`], http, logger, freshness });
    await catalog.list();
    return catalog;
  };
  catalogs = { filtering: await open(servers.filtering), plain: await open(servers.plain) };
});
afterAll(async () => {
  await raster.close();
  await http.close();
  await file.close();
  await Promise.all(Object.values(servers).map((api) => api.close()));
});

interface Loaded {
  /** The times of the cube: each item has one of its own. Or the code of the error. */
  readonly times: unknown;
  /** How many items the server sent. */
  readonly sent: number;
  readonly filter: unknown;
}

async function loadFrom(name: 'filtering' | 'plain', properties: object, values: object): Promise<Loaded> {
  const { requests } = servers[name];
  requests.length = 0;
  const args = { id: 'many', spatial_extent: null, temporal_extent: null, properties };
  const labels = { data: fromNode('load'), dimension: 't' };
  const nodes = {
    load: { process_id: 'load_collection', arguments: args },
    labels: { process_id: 'dimension_labels', arguments: labels, result: true },
  };
  const running = runGraph(nodes, { ...values }, { catalog: catalogs[name], raster });
  const times = await running.catch(() => codeOf(running));
  const sent = requests.reduce((sum, request) => sum + request.sent, 0);
  return { times, sent, filter: requests[0]?.body?.['filter'] };
}

/** Loads with and without filters on the server, which must give the same. */
async function load(properties: object, values: object = {}): Promise<Loaded> {
  const filtered = await loadFrom('filtering', properties, values);
  const plain = await loadFrom('plain', properties, values);
  expect(plain.filter).toBeUndefined();
  expect(filtered.times).toEqual(plain.times);
  return filtered;
}

const property = (name: string, op: string, ...rest: unknown[]) => ({
  op,
  args: [{ property: name }, ...rest],
});
const clouds = (op: string, value: number) => property('eo:cloud_cover', op, value);
const mixed = (op: string, ...rest: unknown[]) => property('mixed', op, ...rest);
const value = from('value');
/** A callback of several nodes; the last one is the result. */
const graph = (nodes: Record<string, [process: string, args: object]>) => ({
  process_graph: Object.fromEntries(
    Object.entries(nodes).map(([id, [process_id, args]], index, all) => [
      id,
      { process_id, arguments: args, ...(index === all.length - 1 && { result: true }) },
    ]),
  ),
});

test.each<[name: string, properties: object, filter: object, sent: number]>([
  ['a number', { 'eo:cloud_cover': callback('eq', { x: value, y: 7 }) }, clouds('=', 7), 2],
  [
    'a text',
    { platform: callback('eq', { x: 'sentinel-2a', y: value }) },
    property('platform', '=', 'sentinel-2a'),
    60,
  ],
  ['a truth value', { mixed: callback('eq', { x: value, y: true }) }, mixed('=', true), 20],
  ['another text', { mixed: callback('neq', { x: value, y: 'five' }) }, mixed('<>', 'five'), 90],
  ['less', { 'eo:cloud_cover': callback('lt', { x: value, y: 5 }) }, clouds('<', 5), 10],
  ['at most, mirrored', { 'eo:cloud_cover': callback('gte', { x: 5, y: value }) }, clouds('<=', 5), 12],
  ['more', { 'eo:cloud_cover': callback('gt', { x: value, y: 97 }) }, clouds('>', 97), 2],
  [
    'a range',
    { 'eo:cloud_cover': callback('between', { x: value, min: 90, max: 95 }) },
    { op: 'and', args: [clouds('>=', 90), clouds('<=', 95)] },
    6,
  ],
  [
    'a range without its end',
    { 'eo:cloud_cover': callback('between', { x: value, min: 90, max: 95, exclude_max: true }) },
    { op: 'and', args: [clouds('>=', 90), clouds('<', 95)] },
    5,
  ],
  [
    'one of a list',
    { mixed: callback('array_contains', { data: [50, 'five', null], value }) },
    { op: 'or', args: [mixed('=', 50), mixed('=', 'five')] },
    20,
  ],
  [
    'none of a list, which absent properties are',
    {
      mixed: graph({
        among: ['array_contains', { data: ['five', 'Five'], value }],
        not: ['not', { x: fromNode('among') }],
      }),
    },
    {
      op: 'or',
      args: [mixed('isNull'), { op: 'and', args: [mixed('<>', 'five'), mixed('<>', 'Five')] }],
    },
    100,
  ],
  [
    'two conditions',
    {
      'eo:cloud_cover': callback('lt', { x: value, y: 10 }),
      platform: callback('eq', { x: value, y: 'sentinel-2b' }),
    },
    { op: 'and', args: [clouds('<', 10), property('platform', '=', 'sentinel-2b')] },
    10,
  ],
  [
    'what can be said of two conditions',
    {
      'eo:cloud_cover': callback('lt', { x: value, y: 10 }),
      platform: callback('text_ends', { data: value, pattern: 'a' }),
    },
    clouds('<', 10),
    20,
  ],
  [
    'logic',
    {
      'eo:cloud_cover': graph({
        few: ['lt', { x: value, y: 2 }],
        many: ['gt', { x: value, y: 98 }],
        either: ['or', { x: fromNode('few'), y: fromNode('many') }],
        twice: ['not', { x: fromNode('either') }],
        again: ['not', { x: fromNode('twice') }],
      }),
    },
    { op: 'or', args: [clouds('<', 2), clouds('>', 98)] },
    5,
  ],
  ['a parameter', { 'eo:cloud_cover': callback('lt', { x: value, y: from('most') }) }, clouds('<', 3), 6],
])('%s is asked of the server', async (_, properties, filter, sent) => {
  const loaded = await load(properties, { most: 3 });
  expect(loaded).toMatchObject({ filter, sent, times: expect.any(Array) });
});

/** A chain of "and" that reads each node twice: written out it would have 2^30 comparisons. */
const doubled = graph({
  n0: ['lt', { x: value, y: 10 }],
  ...Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [
      `n${index + 1}`,
      ['and', { x: fromNode(`n${index}`), y: fromNode(`n${index}`) }] as [string, object],
    ]),
  ),
});

test.each<[name: string, properties: object]>([
  ['a distance', { 'eo:cloud_cover': callback('eq', { x: value, y: 7, delta: 2 }) }],
  ['either case', { mixed: callback('eq', { x: value, y: 'FIVE', case_sensitive: false }) }],
  ['null', { mixed: callback('eq', { x: value, y: null }) }],
  ['another number, as "5" is', { mixed: callback('neq', { x: value, y: 5 }) }],
  ['another text that is like a number', { mixed: callback('neq', { x: value, y: '5' }) }],
  [
    'not less, as texts are',
    { mixed: graph({ a: ['lt', { x: value, y: 9 }], b: ['not', { x: fromNode('a') }] }) },
  ],
  [
    'one side of "or"',
    {
      mixed: graph({
        a: ['eq', { x: value, y: 5 }],
        b: ['is_nodata', { x: value }],
        c: ['or', { x: fromNode('a'), y: fromNode('b') }],
      }),
    },
  ],
  ['what is absent', { nowhere: callback('is_nodata', { x: value }) }],
  ['the order of texts', { mixed: callback('gte', { x: value, y: 'five' }) }],
  ['the property beside itself', { mixed: callback('eq', { x: value, y: value }) }],
  ['a constant', { mixed: callback('eq', { x: 1, y: 1 }) }],
  [
    'an empty list',
    { mixed: graph({ a: ['array_contains', { data: [], value }], b: ['not', { x: fromNode('a') }] }) },
  ],
  ['a name with a dot', { 'a.b': callback('eq', { x: value, y: 'dotted' }) }],
  ['a field beside the properties', { id: callback('eq', { x: value, y: 'item-00001' }) }],
  ['a name of all objects', { __proto__: null, constructor: callback('is_nodata', { x: value }) }],
  ['what would become too long', { 'eo:cloud_cover': doubled }],
])('%s is decided here alone', async (_, properties) => {
  const { filter, sent } = await load(properties);
  expect(filter).toBeUndefined();
  // Equal searches are kept.
  expect([0, count]).toContain(sent);
});

test('conditions of any form choose the same items with and without filters on the server', async () => {
  let state = 7;
  const random = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const pick = <T>(...choices: readonly T[]): T => choices[random(choices.length)];
  const literal = () => pick<unknown>(5, 50, -1.5, 0, '5', 'five', 'Five', 'sentinel-2a', true, 'true', '');
  const sides = (other: unknown) => pick({ x: value, y: other }, { x: other, y: value });
  let narrower = 0;
  for (let round = 0; round < 40; round++) {
    const nodes: Record<string, [string, object]> = {};
    const size = 1 + random(6);
    for (let index = 0; index < size; index++) {
      const before = () => fromNode(`n${random(index)}`);
      const leaf = (): [string, object] =>
        pick<() => [string, object]>(
          () => [pick('eq', 'neq'), sides(literal())],
          () => [pick('gt', 'gte', 'lt', 'lte'), sides(pick(5, 0, 49.5))],
          () => ['between', { x: value, min: pick(-2, 0), max: pick(5, 50), exclude_max: pick(true, false) }],
          () => ['array_contains', { data: pick(['five', 'Five'], [literal(), literal()]), value }],
        )();
      const inner = (): [string, object] =>
        pick<() => [string, object]>(
          () => ['not', { x: before() }],
          () => [pick('and', 'or'), { x: before(), y: before() }],
        )();
      nodes[`n${index}`] = index > 0 && random(4) > 0 ? inner() : leaf();
    }
    const { filter } = await load({ [pick('mixed', 'mixed', 'platform', 'nowhere')]: graph(nodes) });
    if (filter) narrower++;
  }
  expect(narrower).toBeGreaterThan(10);
});

test('load_stac asks servers so, too', async () => {
  const { url, requests } = servers.filtering;
  requests.length = 0;
  const properties = { 'eo:cloud_cover': callback('gt', { x: value, y: 98 }) };
  const cube = await runCube(
    'load_stac',
    { url: `${url}/collections/many`, properties },
    { raster, openStac: (address, stop) => openStacUrl(address, { http, logger: silentLogger }, stop) },
  );
  expect(cube.dimensions.find(({ type }) => type === 'temporal')?.labels).toHaveLength(1);
  expect(requests.at(-1)).toMatchObject({ path: '/search', sent: 1, body: { filter: clouds('>', 98) } });
});
