import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stacCollection, stacItem } from './support';

/** The classes of a server with filters in CQL2-JSON. */
export const filterClasses = [
  'https://api.stacspec.org/v1.0.0/item-search',
  'https://api.stacspec.org/v1.0.0/item-search#filter',
  'http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2',
  'http://www.opengis.net/spec/cql2/1.0/conf/cql2-json',
];

interface Expression {
  readonly op: string;
  readonly args: readonly unknown[];
}

/** A property as servers on databases see it beside a literal: converted to its type. */
function converted(value: unknown, literal: unknown): string | number | null {
  if (value === undefined || value === null) return null;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (typeof literal !== 'number') return text;
  return Number.isNaN(Number(text)) ? null : Number(text);
}

/** Basic CQL2 with its three truth values: nothing is known of what is compared with an absent property. */
function evaluate({ op, args }: Expression, properties: Record<string, unknown>): boolean | null {
  const parts = () => args.map((each) => evaluate(each as Expression, properties));
  const [operand, literal] = args as [{ property: string }, unknown];
  switch (op) {
    case 'and': {
      const known = parts();
      return known.includes(false) ? false : known.includes(null) ? null : true;
    }
    case 'or': {
      const known = parts();
      return known.includes(true) ? true : known.includes(null) ? null : false;
    }
    case 'isNull':
      return (properties[operand.property] ?? null) === null;
  }
  const left = converted(properties[operand.property], literal);
  if (left === null) return null;
  const right = typeof literal === 'number' ? literal : String(literal);
  switch (op) {
    case '=':
      return left === right;
    case '<>':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
  throw new TypeError(`no operator of Basic CQL2: ${op}`);
}

interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body?: Record<string, unknown>;
  /** How many items were sent. */
  sent: number;
}

/** A STAC API over many items, as far as one is needed: it filters, counts, pages and fails as it is told. */
export interface Api {
  readonly url: string;
  /** The searches. */
  readonly requests: ApiRequest[];
  items: object[];
  /** How the next pages are asked for. */
  next: 'GET' | 'POST' | 'merge';
  knowsFilters: boolean;
  /** What the landing page declares. */
  conformsTo: string[];
  /** The links "search" of the landing page. */
  searchLinks: object[];
  /** The answer to searches with a filter, if not their items. */
  filterStatus?: number;
  /** Statuses of the next answers, before it works again. */
  failures: number[];
  close(): Promise<void>;
}

export const day = (index: number) => new Date(Date.UTC(2020, 0, 1 + index)).toISOString();

/** Item `index` lies in the degree east of `index` − 180 and is `index` days younger than 2020. */
export const item = (index: number) => {
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

export async function serveApi(count: number): Promise<Api> {
  const api = {
    requests: [] as Api['requests'],
    items: Array.from({ length: count }, (_, index) => item(index)) as object[],
    next: 'GET' as Api['next'],
    knowsFilters: true,
    conformsTo: [] as string[],
    searchLinks: [{ rel: 'search', href: '/search' }] as object[],
    filterStatus: undefined as number | undefined,
    failures: [] as number[],
  };
  const answer = async (request: IncomingMessage): Promise<[number, unknown]> => {
    const url = new URL(request.url ?? '', 'http://api');
    if (url.pathname === '/collections/many')
      return [
        200,
        stacCollection('many', [
          { rel: 'root', href: '/' },
          { rel: 'items', href: '/collections/many/items' },
        ]),
      ];
    if (url.pathname === '/')
      return [200, { type: 'Catalog', id: 'api', conformsTo: api.conformsTo, links: api.searchLinks }];
    const failure = api.failures.shift();
    if (failure) return [failure, {}];
    const text = await textOf(request);
    const body = text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>);
    const query = new URLSearchParams(url.search);
    for (const [name, value] of Object.entries(body ?? {})) query.set(name, String(value));
    const recorded: ApiRequest = { method: request.method ?? '', path: url.pathname, query, body, sent: 0 };
    api.requests.push(recorded);
    const filter = body?.['filter'] as Expression | undefined;
    if (filter && api.filterStatus) return [api.filterStatus, { code: 'BadRequest' }];
    const box = query.get('bbox')?.split(',').map(Number);
    const [start, end] = query.get('datetime')?.split('/') ?? ['..', '..'];
    const found = (api.items as ReturnType<typeof item>[]).filter((each) => {
      const { bbox, properties } = each as { bbox: number[]; properties: { datetime: string } };
      if (!api.knowsFilters) return true;
      if (filter && evaluate(filter, properties) !== true) return false;
      if (box && (bbox[0] > box[2] || bbox[2] < box[0] || bbox[1] > box[3] || bbox[3] < box[1])) return false;
      return (start === '..' || properties.datetime >= start) && (end === '..' || properties.datetime <= end);
    });
    const limit = Number(query.get('limit') ?? 10);
    const page = Number(query.get('page') ?? 0);
    const rest = { page: String(page + 1) };
    const filters = Object.fromEntries([...query].filter(([name]) => name !== 'page'));
    const links = {
      GET: { href: `?${new URLSearchParams({ ...filters, ...rest })}` },
      POST: { href: '/search', method: 'POST', body: { ...filters, ...body, ...rest } },
      merge: {
        href: '/search',
        method: 'POST',
        merge: body !== undefined,
        body: body ? rest : { ...filters, ...rest },
      },
    };
    const features = found.slice(page * limit, (page + 1) * limit);
    recorded.sent = features.length;
    const hasMore = (page + 1) * limit < found.length;
    return [
      200,
      {
        type: 'FeatureCollection',
        features,
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
