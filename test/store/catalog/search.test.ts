import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '../../../src/base/logger';
import { createHttpClient, type HttpClient } from '../../../src/base/net';
import { openCatalog, openStacUrl } from '../../../src/store/catalog/open';
import { ItemSearch } from '../../../src/store/catalog/search';
import { stacCollection, stacItem } from './support';

/** A STAC API over many items, as far as one is needed: it filters, counts, pages and fails as it is told. */
interface Api {
  readonly url: string;
  readonly requests: { readonly method: string; readonly query: URLSearchParams; readonly body?: object }[];
  items: object[];
  /** How the next pages are asked for. */
  next: 'GET' | 'POST' | 'merge';
  knowsFilters: boolean;
  /** Statuses of the next answers, before it works again. */
  failures: number[];
  close(): Promise<void>;
}

const day = (index: number) => new Date(Date.UTC(2020, 0, 1 + index)).toISOString();

/** Item `index` lies in the degree east of `index` − 180 and is `index` days younger than 2020. */
const item = (index: number) => {
  const west = (index % 360) - 180;
  return stacItem(`item-${String(index).padStart(5, '0')}`, {
    bbox: [west, 10, west + 0.9, 11],
    properties: { datetime: day(index), 'eo:cloud_cover': index % 100 },
  });
};

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

async function serveApi(count: number): Promise<Api> {
  const api = {
    requests: [] as Api['requests'],
    items: Array.from({ length: count }, (_, index) => item(index)) as object[],
    next: 'GET' as Api['next'],
    knowsFilters: true,
    failures: [] as number[],
  };
  const answer = async (request: IncomingMessage): Promise<[number, unknown]> => {
    const url = new URL(request.url ?? '', 'http://api');
    if (url.pathname === '/collections/many')
      return [200, stacCollection('many', [{ rel: 'items', href: '/collections/many/items' }])];
    const failure = api.failures.shift();
    if (failure) return [failure, {}];
    const text = await textOf(request);
    const body = text === '' ? undefined : (JSON.parse(text) as Record<string, string>);
    const query = new URLSearchParams(url.search);
    for (const [name, value] of Object.entries(body ?? {})) query.set(name, String(value));
    api.requests.push({ method: request.method ?? '', query, body });
    const box = query.get('bbox')?.split(',').map(Number);
    const [start, end] = query.get('datetime')?.split('/') ?? ['..', '..'];
    const found = (api.items as ReturnType<typeof item>[]).filter((each) => {
      const { bbox, properties } = each as { bbox: number[]; properties: { datetime: string } };
      if (!api.knowsFilters) return true;
      if (box && (bbox[0] > box[2] || bbox[2] < box[0] || bbox[1] > box[3] || bbox[3] < box[1])) return false;
      return (start === '..' || properties.datetime >= start) && (end === '..' || properties.datetime <= end);
    });
    const limit = Number(query.get('limit') ?? 10);
    const page = Number(query.get('page') ?? 0);
    const rest = { page: String(page + 1) };
    const filters = Object.fromEntries([...query].filter(([name]) => name !== 'page'));
    const links = {
      GET: { href: `?${new URLSearchParams({ ...filters, ...rest })}` },
      POST: { href: '/search', method: 'POST', body: { ...filters, ...rest } },
      merge: {
        href: '/search',
        method: 'POST',
        merge: body !== undefined,
        body: body ? rest : { ...filters, ...rest },
      },
    };
    const hasMore = (page + 1) * limit < found.length;
    return [
      200,
      {
        type: 'FeatureCollection',
        features: found.slice(page * limit, (page + 1) * limit),
        links: hasMore ? [{ rel: 'next', ...links[api.next] }] : [],
      },
    ];
  };
  const server: Server = createServer((request, response) => {
    answer(request).then(([status, document]) => {
      response.writeHead(status, { 'content-type': 'application/geo+json' });
      response.end(JSON.stringify(document));
    }, response.destroy.bind(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(api, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

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

const search = () =>
  new ItemSearch(`${api.url}/collections/many/items`, {
    http,
    logger: silentLogger,
    templates: {},
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
