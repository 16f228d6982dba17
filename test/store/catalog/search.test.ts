import { type Logger, silentLogger } from '../../../src/base/logger';
import { createHttpClient, type HttpClient } from '../../../src/base/net';
import { openCatalog, openStacUrl } from '../../../src/store/catalog/open';
import { ItemSearch } from '../../../src/store/catalog/search';
import { type Api, day, filterClasses, item, serveApi } from './stac-api';
import { recordingLogger } from './support';

const { signal } = new AbortController();
let api: Api;
let http: HttpClient;
beforeEach(async () => {
  api = await serveApi(1000);
  http = createHttpClient({ allowedHosts: [new URL(api.url).host], logger: silentLogger });
});
afterEach(async () => {
  await http.close();
  await api.close();
});

const search = (logger: Logger = silentLogger) =>
  new ItemSearch(`${api.url}/collections/many/items`, {
    http,
    logger,
    templates: {},
    collection: 'many',
    filterEndpoint: async () => `${api.url}/search`,
    pauseMs: 1,
  });
const ids = (items: readonly { id: string }[]) => items.map(({ id }) => Number(id.slice(5)));
const range = (start: number, end: number) => Array.from({ length: end - start }, (_, n) => start + n);

describe('a collection with more items than are held', () => {
  test('is searched by place and time, and described by its first items', async () => {
    const catalog = await openCatalog({
      collections: [`${api.url}/collections/many`],
      http,
      logger: silentLogger,
    });
    expect(await catalog.get('many')).toMatchObject({
      id: 'many',
      'cube:dimensions': { bands: { values: ['B04'] } },
    });
    api.requests.length = 0;
    const filter = { bbox: [-80, 0, -78.05, 20], interval: [day(0), day(461)] } as const;
    // Day 461 itself is beyond the interval, whatever the server thinks.
    expect(ids(await catalog.items('many', filter, signal))).toEqual([100, 101, 460]);
    expect(api.requests.map(({ query }) => [query.get('bbox'), query.get('datetime')])).toEqual([
      ['-80,0,-78.05,20', `${day(0)}/${day(461)}`],
    ]);
    await catalog.items('many', filter, signal);
    expect(api.requests).toHaveLength(1);
    expect(await catalog.queryables('many')).toMatchObject({
      properties: { 'eo:cloud_cover': { type: 'integer' } },
    });
  });

  test('is what load_stac opens, too', async () => {
    const catalog = await openStacUrl(`${api.url}/collections/many`, { http, logger: silentLogger }, signal);
    expect(ids(await catalog.items('many', { interval: [day(990), null] }, signal))).toEqual(
      range(990, 1000),
    );
  });
});

test.each(['GET', 'POST', 'merge'] as const)('pages are followed by %s', async (next) => {
  api.next = next;
  expect(ids(await search().search({ interval: [day(100), null] }))).toEqual(range(100, 1000));
  expect(api.requests).toHaveLength(4);
  for (const { query } of api.requests) expect(query.get('datetime')).toBe(`${day(100)}/..`);
});

test('a box across the antimeridian is asked for in two', async () => {
  const found = await search().search({ bbox: [178.5, 0, -178.5, 20], interval: [null, day(360)] });
  expect(ids(found)).toEqual([0, 1, 358, 359]);
  expect(api.requests.map(({ query }) => query.get('bbox'))).toEqual(['178.5,0,180,20', '-180,0,-178.5,20']);
});

test('servers that know no filters are filtered here', async () => {
  api.knowsFilters = false;
  const found = await search().search({ bbox: [-180, 0, -178.5, 20], interval: [day(300), day(400)] });
  expect(ids(found)).toEqual([360, 361]);
});

test('items have versions of their own, and broken ones are left out', async () => {
  api.items = [item(1), item(2), { ...item(3), assets: {} }, { type: 'Feature' }];
  const before = await search().search({});
  expect(ids(before)).toEqual([1, 2]);
  api.items[1] = { ...item(2), properties: { datetime: day(2), updated: day(9) } };
  const after = await search().search({});
  expect(after[0].version).toBe(before[0].version);
  expect(after[1].version).not.toBe(before[1].version);
});

test('busy servers are asked again, refusals are told', async () => {
  api.failures = [503, 429, 500];
  expect(await search().search({ interval: [day(995), null] })).toHaveLength(5);
  api.failures = [503, 503, 503, 503];
  await expect(search().search({})).rejects.toMatchObject({
    code: 'SourceUnreadable',
    message: expect.stringMatching(/answers 503/),
  });
  api.failures = [403];
  await expect(search().search({})).rejects.toMatchObject({ message: expect.stringMatching(/answers 403/) });
});

test('a search that failed is made anew', async () => {
  const one = search();
  api.failures = [404];
  await expect(one.search({})).rejects.toThrow();
  expect(await one.search({ interval: [day(999), null] })).toHaveLength(1);
});

test('more items than a cube may have are refused', async () => {
  api.items = range(0, 10_001).map(item);
  await expect(search().search({})).rejects.toMatchObject({
    code: 'SourceUnreadable',
    message: expect.stringMatching(/more than 10,000 items.*smaller area or a shorter time/),
  });
});

describe('a filter of properties', () => {
  const cql2 = { op: '<', args: [{ property: 'eo:cloud_cover' }, 3] };
  const clear = range(0, 1000).filter((index) => index % 100 < 3);
  const wanted = { bbox: [-180, 0, 0, 20], interval: [day(0), day(200)], cql2 } as const;

  test.each(['POST', 'merge'] as const)('holds for all pages, next ones by %s', async (next) => {
    api.next = next;
    api.items = range(0, 9000).map(item);
    expect(await search().search({ cql2 })).toHaveLength(270);
    expect(api.requests.map(({ path, method, sent }) => `${method} ${path} ${sent}`)).toEqual([
      'POST /search 250',
      'POST /search 20',
    ]);
  });

  test('asks for one collection', async () => {
    expect(ids(await search().search(wanted))).toEqual([0, 1, 2, 100, 101, 102]);
    expect(api.requests.map(({ body }) => body)).toEqual([
      {
        collections: ['many'],
        limit: 250,
        bbox: [-180, 0, 0, 20],
        datetime: `${day(0)}/${day(200)}`,
        'filter-lang': 'cql2-json',
        filter: cql2,
      },
    ]);
  });

  test('has searches of its own among what is kept', async () => {
    const one = search();
    expect(await one.search({})).toHaveLength(1000);
    expect(ids(await one.search({ cql2 }))).toEqual(clear);
    const count = api.requests.length;
    await one.search({ cql2 });
    await one.search({});
    expect(api.requests).toHaveLength(count);
  });

  test.each([400, 405, 500])('that is answered by %d is left out, and not sent again', async (status) => {
    api.filterStatus = status;
    const logger = recordingLogger();
    const one = search(logger);
    expect(await one.search({ cql2 })).toHaveLength(1000);
    expect(logger.events).toMatchObject([
      { level: 'warning', fields: { reason: expect.stringContaining(`answers ${status}`) } },
    ]);
    const refused = api.requests.filter(({ body }) => body).length;
    expect(refused).toBe(status < 500 ? 1 : 4);
    expect(await one.search({ cql2, interval: [day(900), null] })).toHaveLength(100);
    expect(api.requests.filter(({ body }) => body)).toHaveLength(refused);
    expect(logger.events).toHaveLength(1);
  });

  test('that is refused on a later page is left out from the start', async () => {
    api.next = 'POST';
    api.items = range(0, 9000).map(item);
    // The first page is answered.
    api.failures = [0, 400];
    expect(await search().search({ cql2 })).toHaveLength(9000);
  });

  test.each([
    ['one that declares filters', filterClasses, undefined, 'POST'],
    [
      'one of another version',
      filterClasses.map((name) => name.replace('v1.0.0/item-search#', 'v1.0.0-rc.3/item-search#')),
      undefined,
      'POST',
    ],
    ['one without CQL2-JSON', filterClasses.slice(0, 3), undefined, 'GET'],
    [
      'one that filters only collections',
      filterClasses.filter((name) => !name.includes('#')),
      undefined,
      'GET',
    ],
    ['one without the search', filterClasses, [], 'GET'],
    ['one that searches by GET', filterClasses, [{ rel: 'search', href: '/search', method: 'GET' }], 'GET'],
    [
      'one of both methods',
      filterClasses,
      ['GET', 'POST'].map((method) => ({ rel: 'search', href: '/search', method })),
      'POST',
    ],
    [
      'one on a host that is not allowed',
      filterClasses,
      [{ rel: 'search', href: 'http://192.0.2.1/' }],
      'GET',
    ],
  ])('%s', async (_, conformsTo, searchLinks, method) => {
    api.conformsTo = conformsTo;
    api.searchLinks = searchLinks ?? api.searchLinks;
    const logger = silentLogger;
    const catalog = await openCatalog({ collections: [`${api.url}/collections/many`], http, logger });
    await catalog.list();
    api.requests.length = 0;
    const found = await catalog.items('many', { cql2 }, signal);
    expect(found).toHaveLength(method === 'POST' ? clear.length : 1000);
    expect(api.requests[0].method).toBe(method);
  });
});
