import { createHash } from 'node:crypto';
import { until } from '../../jobs/support/world';
import { sampleCollection } from '../../support/sample';
import { startServer, type TestServer } from '../../support/server';

jest.setTimeout(180_000);

type Json = Record<string, unknown>;
interface Link {
  readonly rel: string;
  readonly href: string;
}
interface Documents {
  readonly assets: Record<string, Json & { readonly href: string }>;
  readonly links: readonly Link[];
}

let server: TestServer;
let ann: string;
let bob: string;

beforeAll(async () => {
  server = await startServer({ collections: [await sampleCollection()] });
  [ann, bob] = [await server.user('ann'), await server.user('bob')];
});
afterAll(() => server?.stop());

const load = {
  process_id: 'load_collection',
  arguments: {
    ...{ id: 'TILEGRAPH_SAMPLE', bands: ['B04', 'B08'], temporal_extent: ['2024-06-22', '2024-06-23'] },
    spatial_extent: { west: 11.34, south: 47.74, east: 11.344, north: 47.7427 },
  },
};
const save = (from_node: string, format: string, more: Json = {}) => ({
  process_id: 'save_result',
  arguments: { data: { from_node }, format },
  ...more,
});
/** Two files: the bands as GTiff, their index as NetCDF-less JSON. */
const twoFiles = {
  load,
  ndvi: { process_id: 'ndvi', arguments: { data: { from_node: 'load' }, red: 'B04', nir: 'B08' } },
  bands: save('load', 'GTiff'),
  index: save('ndvi', 'PNG', { result: true }),
};
const constant = (x: unknown) => ({ c: { process_id: 'constant', arguments: { x }, result: true } });
const failing = {
  load: {
    process_id: 'load_stac',
    arguments: { url: 'https://not-allowed.example/item.json' },
    result: true,
  },
};

const call = (method: string, path: string, body?: unknown, token: string | null = ann) =>
  server.call(method, path, body, token);

async function create(process_graph: Json, more: Json = {}, token = ann): Promise<string> {
  const response = await call('POST', '/jobs', { process: { process_graph }, ...more }, token);
  expect([response.status, await response.text()]).toEqual([201, '']);
  const id = response.headers.get('openeo-identifier')!;
  expect(response.headers.get('location')).toBe(`${server.api}/jobs/${id}`);
  return id;
}

async function json(method: string, path: string, body?: unknown, token?: string | null): Promise<Json> {
  const response = await call(method, path, body, token);
  return (await response.json()) as Json;
}

async function ends(id: string): Promise<string> {
  return until('the job ends', async () => {
    const { status } = await json('GET', `/jobs/${id}`);
    return status === 'finished' || status === 'error' ? (status as string) : undefined;
  });
}

async function run(graph: Json, more: Json = {}): Promise<string> {
  const id = await create(graph, more);
  expect((await call('POST', `/jobs/${id}/results`)).status).toBe(202);
  await ends(id);
  return id;
}

const refusal = async (method: string, path: string, body?: unknown, token?: string | null) => {
  const response = await call(method, path, body, token);
  return [response.status, ((await response.json()) as Json)['code']];
};

test('a job is created, changed, listed and removed', async () => {
  const more = { title: 'Ünï', description: 'd', plan: 'FREE', budget: 5, log_level: 'warning' };
  const id = await create(constant(1), more);
  expect(await json('GET', `/jobs/${id}`)).toMatchObject({
    ...{ id, title: 'Ünï', description: 'd', plan: 'free', budget: 5, log_level: 'warning' },
    ...{ status: 'created', progress: 0, costs: 0, process: { process_graph: constant(1) } },
  });
  expect((await call('PATCH', `/jobs/${id}`, { title: null, budget: null })).status).toBe(204);
  const changed = await json('GET', `/jobs/${id}`);
  expect(changed).not.toHaveProperty('title');
  expect(changed).not.toHaveProperty('budget');
  expect(changed['description']).toBe('d');
  const others = [await create(constant(2)), await create(constant(3))];
  const first = (await json('GET', '/jobs?limit=2')) as { jobs: Json[]; links: Link[] };
  const rest = (await json('GET', first.links[0].href)) as { jobs: Json[]; links: Link[] };
  const listed = [...first.jobs, ...rest.jobs];
  expect(listed.map((job) => job['id'])).toEqual([id, ...others]);
  expect(listed[0]).not.toHaveProperty('process');
  expect(rest.links).toEqual([]);
  for (const each of listed) expect((await call('DELETE', `/jobs/${each['id']}`)).status).toBe(204);
  expect(await json('GET', '/jobs')).toEqual({ jobs: [], links: [] });
});

test('the same Idempotency-Key makes the same job', async () => {
  const post = (key: string) =>
    fetch(`${server.api}/jobs`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${ann}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify({ process: { process_graph: constant(1) } }),
    });
  const [one, two] = [await post('k-1'), await post('k-1')];
  expect([one.status, two.status]).toEqual([201, 201]);
  expect(one.headers.get('openeo-identifier')).toBe(two.headers.get('openeo-identifier'));
  expect((await post('a b')).status).toBe(400);
});

test('what is wrong is refused with its code, and leaves nothing behind', async () => {
  const id = await create(constant(1));
  const process = { process_graph: constant(1) };
  expect(await refusal('POST', '/jobs', { process: {} })).toEqual([400, 'ProcessGraphMissing']);
  expect(await refusal('POST', '/jobs', { process, plan: 'gold' })).toEqual([400, 'BillingPlanInvalid']);
  expect(await refusal('POST', '/jobs', { process, budget: 0 })).toEqual([400, 'BudgetInvalid']);
  const boundless = await fetch(`${server.url}/openeo/1.2/jobs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ann}`, 'content-type': 'application/json' },
    body: JSON.stringify({ process, budget: 1 }).replace(/1}$/, '1e999}'),
  });
  expect([boundless.status, ((await boundless.json()) as { code: string }).code]).toEqual([
    400,
    'BudgetInvalid',
  ]);
  expect(await refusal('POST', '/jobs', { process, log_level: 'loud' })).toEqual([400, 'RequestInvalid']);
  const unknown = { process_graph: { a: { process_id: 'nope', arguments: {}, result: true } } };
  expect(await refusal('POST', '/jobs', { process: unknown })).toEqual([400, 'ProcessUnsupported']);
  expect(await refusal('PATCH', `/jobs/${id}`, {})).toEqual([400, 'NoDataForUpdate']);
  expect(await refusal('PATCH', `/jobs/${id}`, { status: 'finished' })).toEqual([400, 'PropertyNotEditable']);
  expect(await refusal('PATCH', `/jobs/${id}`, { process: unknown })).toEqual([400, 'ProcessUnsupported']);
  expect(await refusal('GET', `/jobs/${id}/logs?level=loud`)).toEqual([400, 'RequestInvalid']);
  expect(await refusal('GET', `/jobs/${id}/logs?offset=x`)).toEqual([400, 'RequestInvalid']);
  expect(await refusal('GET', `/jobs/${id}/results?partial=x`)).toEqual([400, 'RequestInvalid']);
  expect(await refusal('GET', `/jobs/${id}/results`)).toEqual([400, 'JobNotStarted']);
  for (const [method, path] of [
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['GET', '/estimate'],
    ['GET', '/logs'],
    ['GET', '/results'],
    ['POST', '/results'],
    ['DELETE', '/results'],
  ] as const) {
    const body = method === 'PATCH' ? { title: 'x' } : undefined;
    expect(await refusal(method, `/jobs/${id}${path}`, body, bob)).toEqual([404, 'JobNotFound']);
    expect(await refusal(method, `/jobs/__proto__${path}`, body)).toEqual([404, 'JobNotFound']);
    expect(await refusal(method, `/jobs/${id}${path}`, body, null)).toEqual([401, 'AuthenticationRequired']);
  }
  expect(((await json('GET', '/jobs')) as { jobs: Json[] }).jobs).toHaveLength(2);
  // Administrators may look after everybody's jobs.
  expect((await server.call('GET', `/jobs/${id}`)).status).toBe(200);
});

test('several results become several files, described and downloadable without a token', async () => {
  const id = await run(twoFiles, { title: 'Two' });
  expect(await json('GET', `/jobs/${id}`)).toMatchObject({ status: 'finished', progress: 100 });
  const response = await call('GET', `/jobs/${id}/results`);
  expect(response.headers.get('openeo-costs')).toBe('0');
  const collection = (await response.json()) as Documents & Json;
  expect(collection).toMatchObject({ type: 'Collection', id, 'openeo:status': 'finished', title: 'Two' });
  expect(Object.keys(collection.assets).sort()).toEqual(['bands.tif', 'index.png']);
  const tif = collection.assets['bands.tif'];
  expect(tif).toMatchObject({
    type: 'image/tiff; application=geotiff; profile=cloud-optimized',
    roles: ['data'],
    'proj:shape': [expect.any(Number), expect.any(Number)],
    'raster:bands': [{ name: 'B04' }, { name: 'B08' }],
  });
  const file = await fetch(tif.href);
  const bytes = Buffer.from(await file.arrayBuffer());
  expect(file.headers.get('content-type')).toBe(tif['type']);
  expect(Number(file.headers.get('content-length'))).toBe(bytes.length);
  expect(tif['file:size']).toBe(bytes.length);
  expect(tif['file:checksum']).toBe(`1220${createHash('sha256').update(bytes).digest('hex')}`);
  const head = await fetch(tif.href, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
  const part = await fetch(tif.href, { headers: { range: 'bytes=2-9' } });
  expect(part.status).toBe(206);
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(2, 10))).toBe(true);
  // Items and the shared address lead to the same files, without a token.
  for (const { rel, href } of collection.links.filter((link) => link.rel !== 'self')) {
    const shared = await fetch(href);
    expect([rel, shared.status]).toEqual([rel, 200]);
    expect((await shared.json()) as Json).toHaveProperty('assets');
  }
  const items = collection.links.filter(({ rel }) => rel === 'item');
  expect(items).toHaveLength(2);
  const item = (await (await fetch(items[0].href)).json()) as Json & { properties: Json };
  expect(item).toMatchObject({ type: 'Feature', geometry: { type: 'Polygon' } });
  expect(item.properties['datetime'] ?? item.properties['start_datetime']).toMatch(/^2024-06-22/);
  const geojson = await fetch(`${server.api}/jobs/${id}/results`, {
    headers: { authorization: `Bearer ${ann}`, accept: 'application/geo+json' },
  });
  expect(geojson.headers.get('content-type')).toContain('application/geo+json');
  expect(Object.keys(((await geojson.json()) as Documents).assets).sort()).toEqual([
    'bands.tif',
    'index.png',
  ]);
});

test('signed addresses are good for their job only, and expire', async () => {
  const [one, two] = [await run(constant([1])), await run(constant([2]))];
  const results = (await json('GET', `/jobs/${one}/results`)) as unknown as Documents;
  const { href } = results.assets['result.json'];
  expect(await (await fetch(href)).json()).toEqual([1]);
  const code = async (address: string) => {
    const response = await fetch(address);
    return [response.status, ((await response.json()) as Json)['code']];
  };
  expect(await code(href.replace(one, two))).toEqual([403, 'SignatureInvalid']);
  expect(await code(`${href}x`)).toEqual([403, 'SignatureInvalid']);
  expect(await code(href.split('?')[0])).toEqual([401, 'AuthenticationRequired']);
  const { auth } = server.application;
  const old = encodeURIComponent(await auth.sign(`job:${one}`, -10));
  expect(await code(`${href.split('?')[0]}?signature=${old}`)).toEqual([410, 'ResultLinkExpired']);
  // Who was given an address for a minute gets no others that are good for longer.
  const brief = await auth.sign(`job:${one}`, 60);
  const shared = (await (
    await fetch(`${server.api}/jobs/${one}/results?signature=${brief}`)
  ).json()) as Documents & { readonly expires: string };
  expect(Date.parse(shared.expires)).toBeLessThanOrEqual(Date.now() + 60_000);
  const addresses = [shared.assets['result.json'], ...shared.links.filter(({ rel }) => rel !== 'self')];
  expect(addresses.map((each) => new URL(each.href).searchParams.get('signature'))).toEqual(
    addresses.map(() => brief),
  );
  await call('DELETE', `/jobs/${one}`);
  expect((await fetch(href)).status).toBe(403);
  expect((await server.application.objects.list(`jobs/${one}/`)).items).toEqual([]);
});

test('a job that failed answers 424 with its last error, and only that one', async () => {
  const id = await run(failing);
  expect(await json('GET', `/jobs/${id}`)).toMatchObject({ status: 'error' });
  const response = await call('GET', `/jobs/${id}/results`);
  expect(response.status).toBe(424);
  expect(await response.json()).toMatchObject({ level: 'error', code: 'HostNotAllowed' });
  const row = await json('GET', `${server.url}/api/jobs/${id}`);
  expect(row).toMatchObject({ id, job_type: 'batch', status: 'failed', created_by: 'ann' });
  expect(row['error']).toContain('not-allowed.example');
});

test('while it runs a job is locked, its results are not there yet, and cancel ends it', async () => {
  const [busy, annThere] = [server, ann];
  server = await startServer({ jobConcurrency: 0 });
  ann = await server.user('ann');
  const id = await create(constant(1));
  expect((await call('POST', `/jobs/${id}/results`)).status).toBe(202);
  expect(await json('GET', `/jobs/${id}`)).toMatchObject({ status: 'queued' });
  expect(await refusal('GET', `/jobs/${id}/results?partial=true`)).toEqual([400, 'JobNotFinished']);
  // Taken as by a worker.
  const { records } = server.application;
  const [waits] = await records.jobs.claim({
    ...{ worker: 'test', leaseMs: 60_000, types: ['batch'], limit: 1, perUser: 100, perType: {} },
  });
  expect(await refusal('PATCH', `/jobs/${id}`, { title: 'x' })).toEqual([400, 'JobLocked']);
  expect(await refusal('GET', `/jobs/${id}/results`)).toEqual([400, 'JobNotFinished']);
  expect((await call('POST', `/jobs/${id}/results`)).status).toBe(202);
  const key = `jobs/${id}/${waits.run}/part.txt`;
  await server.application.objects.put(key, Buffer.from('part'));
  const asset = { name: 'part.txt', key, mediaType: 'text/plain', size: 4, roles: ['data'] };
  await records.jobs.report(waits, { progress: 30, result: { assets: [asset] } });
  expect(await refusal('GET', `/jobs/${id}/results`)).toEqual([400, 'JobNotFinished']);
  for (const partial of ['?partial', '?partial=true']) {
    const results = (await json('GET', `/jobs/${id}/results${partial}`)) as unknown as Documents & Json;
    expect(results['openeo:status']).toBe('running');
    expect(await (await fetch(results.assets['part.txt'].href)).text()).toBe('part');
  }
  expect((await call('DELETE', `/jobs/${id}/results`)).status).toBe(204);
  expect(await json('GET', `/jobs/${id}`)).toMatchObject({ status: 'canceled' });
  const kept = (await json('GET', `/jobs/${id}/results`)) as unknown as Documents & Json;
  expect(kept['openeo:status']).toBe('canceled');
  expect((await fetch(kept.assets['part.txt'].href)).status).toBe(200);
  const gone = await create(constant(1));
  await call('POST', `/jobs/${gone}/results`);
  expect((await call('DELETE', `/jobs/${gone}`)).status).toBe(204);
  // Reading any log writes what waits to be written.
  await json('GET', `/jobs/${id}/logs`);
  expect((await records.logs.list(`job:${gone}`, {})).items).toEqual([]);
  await server.stop();
  [server, ann] = [busy, annThere];
});

test('logs are there from the moment of creation, in pages and by level', async () => {
  const graph = {
    load: { process_id: 'constant', arguments: { x: 5 } },
    look: {
      process_id: 'inspect',
      arguments: { data: { from_node: 'load' }, message: 'seen', level: 'warning' },
      result: true,
    },
  };
  const id = await create(graph, { log_level: 'debug' });
  const fresh = (await json('GET', `/jobs/${id}/logs`)) as { logs: Json[] };
  expect(fresh.logs.map((entry) => entry['message'])).toEqual(['The job was created']);
  await call('POST', `/jobs/${id}/results`);
  await ends(id);
  const all = (await json('GET', `/jobs/${id}/logs`)) as { logs: Json[]; links: Link[] };
  expect(all.logs.length).toBeGreaterThan(3);
  const warnings = (await json('GET', `/jobs/${id}/logs?level=warning`)) as { level: string; logs: Json[] };
  expect(warnings.level).toBe('warning');
  expect(warnings.logs.map((entry) => entry['message'])).toEqual(['seen']);
  const paged: Json[] = [];
  for (let path: string | undefined = `/jobs/${id}/logs?limit=2`; path; ) {
    const page: { logs: Json[]; links: Link[] } = (await json('GET', path)) as never;
    paged.push(...page.logs);
    path = page.links.find(({ rel }) => rel === 'next')?.href;
  }
  expect(paged).toEqual(all.logs);
  const offset = all.logs[0]['id'];
  const later = (await json('GET', `/jobs/${id}/logs?offset=${offset}`)) as { logs: Json[] };
  expect(later.logs).toEqual(all.logs.slice(1));
});

test('an estimate is measured on a sample, and says so where none is possible', async () => {
  const estimate = await json('GET', `/jobs/${await create(twoFiles)}/estimate`);
  expect(estimate).toMatchObject({ costs: 0, duration: expect.stringMatching(/^PT\d+S$/) });
  const id = await run(twoFiles);
  const results = (await json('GET', `/jobs/${id}/results`)) as unknown as Documents;
  const size = Object.values(results.assets).reduce((sum, asset) => sum + (asset['file:size'] as number), 0);
  // The results are smaller than the sample, so that the estimate is exact.
  expect(estimate['size']).toBe(size);
  expect(estimate['tilegraph:values']).toBeGreaterThan(1000);
  expect(estimate['tilegraph:bytes_read']).toBeGreaterThan(1000);
  const udf = {
    process_id: 'run_udf',
    arguments: { data: [1], udf: 'return 1', runtime: 'JavaScript' },
    result: true,
  };
  const coded = await create({ udf });
  expect(await refusal('GET', `/jobs/${coded}/estimate`)).toEqual([500, 'EstimateComplexity']);
  const failed = await create(failing);
  expect(await refusal('GET', `/jobs/${failed}/estimate`)).toEqual([500, 'EstimateComplexity']);
});

test('a job that ended can be started again, and its results are discarded then', async () => {
  const id = await run(constant(1));
  expect((await call('PATCH', `/jobs/${id}`, { process: { process_graph: constant(2) } })).status).toBe(204);
  await call('POST', `/jobs/${id}/results`);
  await until('it runs again', async () => {
    const { items } = await server.application.objects.list(`jobs/${id}/`);
    return items.length === 1 && items[0].key === `jobs/${id}/2/result.json`;
  });
  await ends(id);
  const results = (await json('GET', `/jobs/${id}/results`)) as unknown as Documents;
  expect(await (await fetch(results.assets['result.json'].href)).json()).toBe(2);
});
