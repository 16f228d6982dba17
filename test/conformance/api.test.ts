import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { silentLogger } from '../../src/base/logger';
import { createHttpApp } from '../../src/http/app';
import type { Backend } from '../../src/http/backend';
import { createMetrics } from '../../src/http/metrics';
import type { Route } from '../../src/http/route';
import { startServer, type TestServer } from '../support/server';
import { type Answer, endpoints, violations } from './api-schemas';

const provider = {
  id: 'local',
  issuer: 'https://login.example',
  title: 'Login',
  scopes: ['openid'],
  defaultClients: [{ id: 'openeo', grantTypes: ['urn:ietf:params:oauth:grant-type:device_code+pkce'] }],
};

/** A collection of one picture, which is described so well that nobody opens it. */
const collection = {
  ...{ type: 'Collection', stac_version: '1.0.0', id: 'TEST', title: 'Test', license: 'other' },
  description: 'One picture.',
  extent: {
    spatial: { bbox: [[11, 46, 11.1, 46.1]] },
    temporal: { interval: [['2024-06-01T10:00:00Z', '2024-06-01T10:00:00Z']] },
  },
  links: [
    { rel: 'item', href: './item.json' },
    { rel: 'license', href: 'https://license.example/' },
  ],
};
const corners = [
  [11, 46],
  [11.1, 46],
  [11.1, 46.1],
  [11, 46.1],
  [11, 46],
];
const item = {
  ...{ type: 'Feature', stac_version: '1.0.0', id: 'one', collection: 'TEST', links: [] },
  ...{ bbox: [11, 46, 11.1, 46.1], geometry: { type: 'Polygon', coordinates: [corners] } },
  properties: {
    ...{ datetime: '2024-06-01T10:00:00Z', 'eo:cloud_cover': 3, 'proj:code': 'EPSG:32632' },
    ...{ 'proj:shape': [100, 100], 'proj:transform': [10, 0, 700000, 0, -10, 5100000] },
  },
  assets: {
    data: {
      ...{ href: './one.tif', type: 'image/tiff; application=geotiff; profile=cloud-optimized' },
      ...{
        roles: ['data'],
        bands: [{ name: 'B04', 'eo:common_name': 'red', data_type: 'uint16', nodata: 0 }],
      },
      'eo:bands': [{ name: 'B04', common_name: 'red' }],
      'raster:bands': [{ data_type: 'uint16', nodata: 0 }],
    },
  },
};

async function writeCollection(): Promise<string> {
  folder = await mkdtemp(join(tmpdir(), 'tilegraph-conformance-'));
  await writeFile(join(folder, 'item.json'), JSON.stringify(item));
  await writeFile(join(folder, 'collection.json'), JSON.stringify(collection));
  return join(folder, 'collection.json');
}

interface Capabilities {
  readonly endpoints: readonly { readonly path: string; readonly methods: readonly string[] }[];
}

let folder: string;
let server: TestServer;
let alice: string;
/** `GET /me 200`: what a test has seen and found valid. */
const seen = new Set<string>();
let offered: string[];

beforeAll(async () => {
  server = await startServer({ collections: [await writeCollection()], oidcProviders: [provider] });
  alice = await server.user('alice');
  const capabilities = (await (await server.call('GET', '/')).json()) as Capabilities;
  offered = capabilities.endpoints.flatMap(({ path, methods }) =>
    methods.map((method) => `${method} ${path}`),
  );
  offered.push('GET /', 'GET /.well-known/openeo');
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Call {
  /** Replaces the template's placeholders, and may add a query. */
  readonly path?: string;
  readonly body?: unknown;
  readonly raw?: string | Uint8Array;
  readonly headers?: Record<string, string>;
  /** null: no login. */
  readonly token?: string | null;
}

/** Sends a request, and checks the answer against what the standard says of the endpoint. */
async function call(
  endpoint: string,
  expected: number,
  options: Call = {},
): Promise<Answer & { json: () => ReturnType<typeof JSON.parse> }> {
  const [method, template] = endpoint.split(' ');
  const path = options.path ?? template;
  const token = options.token === undefined ? alice : options.token;
  const response = await fetch(path.startsWith('/.well-known') ? server.url + path : server.api + path, {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(options.body !== undefined && { 'content-type': 'application/json' }),
      ...options.headers,
    },
    body: options.body === undefined ? (options.raw as string | undefined) : JSON.stringify(options.body),
  });
  const answer = { status: response.status, headers: response.headers, text: await response.text() };
  expect([endpoint, answer.status, answer.status === expected ? '' : answer.text]).toEqual([
    endpoint,
    expected,
    '',
  ]);
  expect([endpoint, violations(endpoint, answer)]).toEqual([endpoint, []]);
  const key = Object.hasOwn(endpoints[endpoint].responses, String(expected))
    ? String(expected)
    : `${Math.floor(expected / 100)}XX`;
  seen.add(`${endpoint} ${key}`);
  return { ...answer, json: () => JSON.parse(answer.text) };
}

const graph = { e: { process_id: 'e', arguments: {}, result: true } };
const stored = {
  summary: 'Test',
  description: 'Test.',
  categories: ['test'],
  parameters: [
    { name: 'x', description: 'A number.', schema: { type: 'number' }, optional: true, default: 1 },
  ],
  returns: { description: 'A number.', schema: { type: 'number' } },
  links: [{ rel: 'about', href: 'https://example.org' }],
  process_graph: graph,
};
const badToken = { token: 'basic//nonsense' };

test('discovery', async () => {
  const wellKnown = (await call('GET /.well-known/openeo', 200)).json();
  expect(wellKnown.versions[0]).toMatchObject({ url: server.api, api_version: '1.2.0' });
  const capabilities = (await call('GET /', 200, { token: null })).json();
  const conformance = (await call('GET /conformance', 200)).json();
  expect(capabilities.conformsTo).toEqual(conformance.conformsTo);
  for (const endpoint of ['GET /file_formats', 'GET /udf_runtimes', 'GET /service_types', 'GET /processes'])
    for (const token of [null, alice]) await call(endpoint, 200, { token });
  await call('GET /processes', 200, { path: '/processes?limit=3' });
  await call('GET /collections', 200);
  await call('GET /collections', 200, { path: '/collections?limit=1' });
  const { collections } = (await call('GET /collections', 200, { token: null })).json();
  expect(collections.length).toBeGreaterThan(0);
  for (const { id } of collections) {
    const collection = (
      await call('GET /collections/{collection_id}', 200, { path: `/collections/${id}` })
    ).json();
    expect(Object.keys(collection['cube:dimensions']).length).toBeGreaterThan(2);
    await call('GET /collections/{collection_id}/queryables', 200, { path: `/collections/${id}/queryables` });
  }
});

test('discovery that goes wrong', async () => {
  for (const endpoint of ['GET /file_formats', 'GET /udf_runtimes', 'GET /service_types', 'GET /processes'])
    await call(endpoint, 403, badToken);
  await call('GET /processes', 400, { path: '/processes?limit=0' });
  await call('GET /collections', 403, badToken);
  await call('GET /collections', 400, { path: '/collections?limit=x' });
  await call('GET /collections/{collection_id}', 404, { path: '/collections/nothing' });
  await call('GET /collections/{collection_id}', 403, { path: '/collections/nothing', ...badToken });
  await call('GET /collections/{collection_id}/queryables', 404, { path: '/collections/nothing/queryables' });
});

test('a host that is none is refused', async () => {
  for (const [endpoint, path] of [
    ['GET /', '/openeo/1.2/'],
    ['GET /.well-known/openeo', '/.well-known/openeo'],
  ]) {
    const { status, text, headers } = await request(server.url).get(path).set('Host', 'a b');
    expect(
      violations(endpoint, { status, text, headers: new Headers(headers as Record<string, string>) }),
    ).toEqual([]);
    expect(status).toBe(400);
    seen.add(`${endpoint} 4XX`);
  }
});

test('accounts', async () => {
  const basic = `Basic ${Buffer.from('alice:a long password').toString('base64')}`;
  await call('GET /credentials/basic', 200, { token: null, headers: { authorization: basic } });
  await call('GET /credentials/basic', 401, { token: null });
  await call('GET /credentials/basic', 403, { token: null, headers: { authorization: `${basic}x` } });
  await call('GET /credentials/oidc', 200);
  await call('GET /me', 200);
  await call('GET /me', 401, { token: null });
  await call('GET /me', 403, badToken);
});

test('validation and results', async () => {
  expect((await call('POST /validation', 200, { body: stored, token: null })).json()).toEqual({ errors: [] });
  const broken = { process_graph: { a: { process_id: 'nothing', arguments: {}, result: true } } };
  expect((await call('POST /validation', 200, { body: broken })).json().errors).toHaveLength(1);
  await call('POST /validation', 400, { body: {} });
  await call('POST /validation', 403, { body: stored, ...badToken });
  await call('POST /result', 200, { body: { process: stored } });
  await call('POST /result', 200, { body: { process: { process_graph: graph }, plan: null, budget: null } });
  await call('POST /result', 400, { body: { process: broken } });
  await call('POST /result', 400, { raw: '{', headers: { 'content-type': 'application/json' } });
  await call('POST /result', 401, { body: { process: stored }, token: null });
});

test('stored processes', async () => {
  const endpoint = (method: string) => `${method} /process_graphs/{process_graph_id}`;
  const path = '/process_graphs/test';
  await call(endpoint('PUT'), 200, { path, body: stored });
  expect((await call(endpoint('GET'), 200, { path })).json()).toEqual({ ...stored, id: 'test' });
  await call('GET /process_graphs', 200);
  await call('GET /process_graphs', 200, { path: '/process_graphs?limit=1' });
  await call(endpoint('PUT'), 400, { path: '/process_graphs/add', body: stored });
  await call(endpoint('PUT'), 400, { path, body: {} });
  await call(endpoint('PUT'), 401, { path, body: stored, token: null });
  await call(endpoint('DELETE'), 204, { path });
  for (const method of ['GET', 'DELETE']) {
    await call(endpoint(method), 404, { path });
    await call(endpoint(method), 401, { path, token: null });
  }
  await call('GET /process_graphs', 401, { token: null });
});

test('files', async () => {
  const endpoint = (method: string) => `${method} /files/{path}`;
  const path = '/files/folder/%C3%A4.bin';
  await call(endpoint('PUT'), 200, { path, raw: new Uint8Array(10) });
  await call(endpoint('GET'), 200, { path });
  expect((await call('GET /files', 200)).json().files).toMatchObject([{ path: 'folder/ä.bin', size: 10 }]);
  await call('GET /files', 200, { path: '/files?limit=1' });
  await call('GET /files', 401, { token: null });
  await call(endpoint('PUT'), 400, { path: '/files/folder', raw: 'x' });
  await call(endpoint('GET'), 400, { path: '/files/folder' });
  await call(endpoint('DELETE'), 400, { path: '/files/folder' });
  await call(endpoint('DELETE'), 204, { path });
  for (const method of ['GET', 'DELETE']) await call(endpoint(method), 404, { path });
  for (const method of ['GET', 'PUT', 'DELETE']) await call(endpoint(method), 401, { path, token: null });
});

test('services', async () => {
  const service = { type: 'XYZ', title: 'Test', description: 'Test.', process: { process_graph: graph } };
  const created = await call('POST /services', 201, { path: '/services', body: service });
  const id = created.headers.get('openeo-identifier');
  const path = `/services/${id}`;
  expect(created.headers.get('location')).toBe(server.api + path);
  expect((await call('GET /services/{service_id}', 200, { path })).json().process).toEqual(service.process);
  await call('GET /services', 200);
  await call('GET /services', 200, { path: '/services?limit=1' });
  await call('PATCH /services/{service_id}', 204, { path, body: { title: 'Other', enabled: false } });
  await call('GET /services/{service_id}/logs', 200, { path: `${path}/logs` });
  await call('GET /services/{service_id}/logs', 200, { path: `${path}/logs?limit=1&level=warning` });
  await call('GET /services/{service_id}/logs', 400, { path: `${path}/logs?level=loud` });
  await call('PATCH /services/{service_id}', 400, { path, body: { enabled: 'no' } });
  await call('POST /services', 400, { body: { ...service, type: 'nothing' } });
  await call('POST /services', 400, { body: {} });
  await call('POST /services', 401, { body: service, token: null });
  await call('GET /services', 401, { token: null });
  await call('DELETE /services/{service_id}', 401, { path, token: null });
  await call('DELETE /services/{service_id}', 204, { path });
  await call('DELETE /services/{service_id}', 404, { path });
  await call('GET /services/{service_id}', 404, { path });
  await call('GET /services/{service_id}/logs', 404, { path: `${path}/logs` });
});

test('batch jobs', async () => {
  const process = { process_graph: graph };
  const created = await call('POST /jobs', 201, { body: { process, title: 'Test', description: 'Test.' } });
  const path = `/jobs/${created.headers.get('openeo-identifier')}`;
  expect(created.headers.get('location')).toBe(server.api + path);
  const endpoint = (method: string, rest = '') => `${method} /jobs/{job_id}${rest}`;
  expect((await call(endpoint('GET'), 200, { path })).json().status).toBe('created');
  await call('GET /jobs', 200);
  await call('GET /jobs', 200, { path: '/jobs?limit=1' });
  await call('GET /jobs', 400, { path: '/jobs?limit=x' });
  await call(endpoint('PATCH'), 204, { path, body: { title: 'Other', plan: 'free', budget: 3 } });
  await call(endpoint('PATCH'), 400, { path, body: {} });
  await call(endpoint('GET', '/estimate'), 200, { path: `${path}/estimate` });
  await call(endpoint('GET', '/results'), 400, { path: `${path}/results` });
  await call(endpoint('POST', '/results'), 202, { path: `${path}/results` });
  const ended = async (job: string) => {
    for (;;) {
      const { status } = (await call(endpoint('GET'), 200, { path: job })).json();
      if (['finished', 'error'].includes(status)) return status;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  expect(await ended(path)).toBe('finished');
  await call(endpoint('GET', '/results'), 200, { path: `${path}/results` });
  const item = { path: `${path}/results`, headers: { accept: 'application/geo+json' } };
  await call(endpoint('GET', '/results'), 200, item);
  await call(endpoint('DELETE', '/results'), 204, { path: `${path}/results` });
  await call(endpoint('GET', '/logs'), 200, { path: `${path}/logs` });
  await call(endpoint('GET', '/logs'), 200, { path: `${path}/logs?limit=1&level=info` });

  const load = {
    process_id: 'load_stac',
    arguments: { url: 'https://elsewhere.example/a.json' },
    result: true,
  };
  const failing = { process: { process_graph: { load } } };
  const other = (await call('POST /jobs', 201, { body: failing })).headers.get('openeo-identifier');
  await call(endpoint('POST', '/results'), 202, { path: `/jobs/${other}/results` });
  expect(await ended(`/jobs/${other}`)).toBe('error');
  await call(endpoint('GET', '/results'), 424, { path: `/jobs/${other}/results` });

  await call('POST /jobs', 400, { body: {} });
  await call('POST /jobs', 401, { body: { process }, token: null });
  await call('GET /jobs', 401, { token: null });
  await call(endpoint('DELETE'), 204, { path });
  for (const [method, rest] of [
    ['GET', ''],
    ['DELETE', ''],
    ['PATCH', ''],
    ['GET', '/estimate'],
    ['GET', '/logs'],
    ['GET', '/results'],
    ['POST', '/results'],
    ['DELETE', '/results'],
  ]) {
    const body = method === 'PATCH' ? { title: 'x' } : undefined;
    await call(endpoint(method, rest), 404, { path: path + rest, body });
    await call(endpoint(method, rest), 401, { path: path + rest, body, token: null });
  }
});

test('a failure of any endpoint is answered as the standard says', async () => {
  const failing = offered.map((endpoint): Route => {
    const [method, path] = endpoint.split(' ') as [Route['method'], string];
    const isRoot = path.startsWith('/.well-known');
    const template = path === '/files/{path}' ? '/files/{path*}' : path;
    return {
      ...{ method, path: template, access: 'public', base: isRoot ? 'root' : 'api' },
      handle() {
        throw new Error('a failure that the client must not see');
      },
    };
  });
  const { auth } = server.application;
  const settings = { trustProxy: false, filesQuotaBytes: 1, limits: { pixels: 1, seconds: 1, bodyBytes: 1 } };
  const backend = { logger: silentLogger, metrics: createMetrics(), settings, auth } as unknown as Backend;
  const app = createHttpApp(backend, failing);
  for (const endpoint of offered) {
    const [method, template] = endpoint.split(' ');
    const path = template.replace(/\{(\w+)\}/g, 'x');
    const sent = request(app)[method.toLowerCase() as 'get'](
      path.startsWith('/.well-known') ? path : `/openeo/1.2${path}`,
    );
    const { status, text, headers } = await sent;
    expect([endpoint, status, JSON.parse(text).code]).toEqual([endpoint, 500, 'Internal']);
    expect(text).not.toContain('must not see');
    const answer = { status, text, headers: new Headers(headers as Record<string, string>) };
    expect([endpoint, violations(endpoint, answer)]).toEqual([endpoint, []]);
    seen.add(`${endpoint} 5XX`);
  }
});

test('every endpoint that the capabilities list is of the standard, and tested in every documented status', () => {
  const unknown = offered.filter((endpoint) => !Object.hasOwn(endpoints, endpoint));
  expect(unknown).toEqual([]);
  const expected = offered.flatMap((endpoint) =>
    Object.keys(endpoints[endpoint].responses).map((status) => `${endpoint} ${status}`),
  );
  // It takes no input that could be wrong.
  const impossible = new Set(['GET /credentials/oidc 4XX']);
  expect(expected.filter((entry) => !seen.has(entry) && !impossible.has(entry))).toEqual([]);
});

test('everything that the standard has is offered', () => {
  expect(Object.keys(endpoints).filter((endpoint) => !offered.includes(endpoint))).toEqual([]);
});
