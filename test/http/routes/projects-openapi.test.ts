import { setTimeout as delay } from 'node:timers/promises';
import document from '../../../schemas/projects.openapi.json';
import catalogue from '../../../schemas/tile-catalogue.openapi.json';
import { jobEventRoutes } from '../../../src/http/routes/job-events';
import { jobRoutes } from '../../../src/http/routes/jobs';
import { projectRoutes } from '../../../src/http/routes/projects';
import { seedRoutes } from '../../../src/http/routes/seed';
import type { Jobs } from '../../../src/jobs/jobs';
import { stateId } from '../../../src/jobs/watcher';
import type { Services } from '../../../src/services/services';
import { drawing, encode } from '../../pyramid/support/pictures';
import { sampleCollection } from '../../support/sample';
import { startServer, type TestServer } from '../../support/server';
import { type Description, describedBy } from '../support/described';

jest.setTimeout(120_000);

type Json = Record<string, unknown>;

const root = '/api/projects';
const version = `${root}/{slug}/versions/{version}`;

let server: TestServer;
let tokens: { readonly ann: string; readonly bob: string };
let api: Description;
beforeAll(async () => {
  server = await startServer({ collections: [await sampleCollection()], limitAsset: 1 << 20 });
  tokens = { ann: await server.user('ann'), bob: await server.user('bob') };
  api = describedBy(document);
});
afterAll(() => server.stop());

/** As Ann, somebody else, or nobody. */
type Caller = 'ann' | 'bob' | 'nobody';

async function ask(
  method: string,
  template: string,
  path: string,
  { caller = 'ann', ...init }: RequestInit & { readonly caller?: Caller } = {},
): Promise<Json> {
  const authorization = caller === 'nobody' ? undefined : { authorization: `Bearer ${tokens[caller]}` };
  const headers = { ...authorization, ...(init.headers as Record<string, string>) };
  const body = await api.ask(method, template, `${server.url}${path}`, { ...init, headers });
  return body.subarray(0, 1).toString() === '{' ? (JSON.parse(body.toString()) as Json) : {};
}

const json = (body: unknown) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

async function asset(file: Buffer, type = 'base_map') {
  const body = new FormData();
  body.set('asset_type', type);
  body.set('file', new Blob([new Uint8Array(file)]), 'map.png');
  return { body };
}

async function untilOver(id: unknown): Promise<Json> {
  for (;;) {
    const job = await ask('get', '/api/jobs/{job_id}', `/api/jobs/${id}`);
    if (!['queued', 'running'].includes(String(job['status']))) return job;
    await delay(10);
  }
}

test('every endpoint of projects, jobs and seeding is described, and no other', () => {
  const none = {} as never;
  const routes = [
    ...projectRoutes({
      records: none,
      objects: none,
      jobs: none,
      pyramids: none,
      uploadFolder: '',
      assetBytes: 0,
    }),
    ...jobRoutes({} as Jobs, {}),
    ...jobEventRoutes({} as Jobs),
    ...seedRoutes({ services: {} as Services, jobs: {} as Jobs }),
  ];
  const offered = routes
    .filter(({ path }) => path.startsWith('/api/'))
    .map(({ method, path }) => `${method} ${path.replace('{path*}', '{path}')}`);
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.sort()).toEqual([...offered, 'GET /api/openapi.json'].sort());
});

test('real answers of every status are what the description says', async () => {
  const served = await ask('get', '/api/openapi.json', '/api/openapi.json', { caller: 'nobody' });
  expect(served).toMatchObject({
    ...{ openapi: '3.1.0', servers: [{ url: server.url }] },
    paths: { ...catalogue.paths, ...document.paths },
  });
  const ids = Object.values(served['paths'] as Json).flatMap((each) =>
    Object.values(each as Json).map((operation) => (operation as Json)['operationId']),
  );
  expect(new Set(ids).size).toBe(ids.length);

  const picture = await encode(drawing(300, 200, 4), 300, 200, 'png');
  await ask('post', root, root, json({ slug: 'A' }));
  await ask('post', root, root, json({ slug: 'a', title: 'Zoë' }));
  await ask('post', root, root, json({ slug: 'a' }));
  await ask('post', root, root, json({ slug: 'b' }));
  await ask('get', root, `${root}?limit=1`);
  await ask('get', root, `${root}?limit=0`);
  for (const slug of ['a', 'none']) {
    await ask('get', `${root}/{slug}`, `${root}/${slug}`);
    await ask('post', `${root}/{slug}/versions`, `${root}/${slug}/versions`);
    await ask('get', version, `${root}/${slug}/versions/1`);
  }
  const path = `${root}/a/versions/1`;
  const assets = `${version}/assets`;
  const { id } = await ask('post', assets, `${path}/assets`, await asset(picture));
  await ask('post', assets, `${path}/assets`, await asset(Buffer.from('no picture')));
  await ask('post', assets, `${path}/assets`, await asset(Buffer.alloc(2 << 20), 'notes'));
  await ask('get', assets, `${path}/assets`);
  await ask('post', `${version}/publish`, `${path}/publish`);
  await ask('get', `${version}/staged/{path}`, `${path}/staged/0/0/0.png`);
  const generation = `${version}/generate-tiles`;
  await ask('post', generation, `${path}/generate-tiles?asset_id=${id}&dry_run=true`);
  await ask('post', generation, `${path}/generate-tiles?asset_id=none`);
  const { job_id } = await ask('post', generation, `${path}/generate-tiles?asset_id=${id}`);
  expect(await untilOver(job_id)).toMatchObject({ status: 'completed' });
  await ask('get', `${root}/{slug}`, `${root}/a`);
  const events = ['get', '/api/jobs/{job_id}/events', `/api/jobs/${job_id}/events`] as const;
  await ask(...events);
  const over = await server.application.records.jobs.get(String(job_id));
  await ask(...events, { headers: { 'last-event-id': stateId(over!) } });
  // Another one that is under way for as long as it is looked at.
  await server.application.jobs.engine.close();
  await ask('post', generation, `${path}/generate-tiles?asset_id=${id}`);
  await ask('post', generation, `${path}/generate-tiles?asset_id=${id}`);
  await server.call('DELETE', `/jobs/${(await server.application.records.projects.get('a'))?.activeJobId}`);
  await ask('post', `${version}/publish`, `${path}/publish`);
  const staged = await server.application.records.projects.versions(
    (await server.application.records.projects.get('a'))!.id,
  );
  await server.application.records.projects.publish(staged[0].id, staged[0].staged!, new Date());
  await ask('get', version, path);
  await ask('post', `${version}/publish`, `${path}/publish`);
  await ask('post', assets, `${path}/assets`, await asset(picture));
  const tile = `${version}/tiles/{path}`;
  await ask('get', tile, `${path}/tiles/0/0/0.png`, { caller: 'nobody' });
  await ask('get', tile, `${path}/tiles/0/0/0.png`, { headers: { 'if-none-match': '*' } });
  await ask('get', tile, `${path}/tiles/0/0/0.png`, { headers: { range: 'bytes=0-9' } });
  await ask('get', tile, `${path}/tiles/0/0/0.png`, { headers: { range: 'bytes=99999999-' } });
  await ask('get', tile, `${path}/tiles/9/9/9.png`);
  await ask('get', `${version}/staged/{path}`, `${path}/staged/0/0/0.png`);

  const { objects } = server.application;
  await objects.put(`jobs/${job_id}/tiles/0/0/0.png`, Buffer.from('x'));
  const { items } = await objects.list(`jobs/${job_id}/`);
  expect(items).not.toEqual([]);
  const seeding = '/api/services/{service_id}/seed';
  const load = { id: 'TILEGRAPH_SAMPLE', spatial_extent: null, temporal_extent: null, bands: ['B04'] };
  const process_graph = { load: { process_id: 'load_collection', arguments: load, result: true } };
  const made = await server.call(
    'POST',
    '/services',
    { type: 'xyz', process: { process_graph } },
    tokens.ann,
  );
  const service = made.headers.get('openeo-identifier');
  await ask('post', seeding, `/api/services/${service}/seed?zooms=1&truncate=true`);
  await ask('post', seeding, `/api/services/${service}/seed`);
  await ask('post', seeding, '/api/services/none/seed?zooms=1');

  // Whoever is nobody is asked who he is, and projects of others are theirs.
  const concrete = (template: string) =>
    template
      .replace('{slug}', 'a')
      .replace('{version}', '1')
      .replace('{path}', '0/0/0.png')
      .replace('{job_id}', String(job_id))
      .replace('{service_id}', String(service));
  for (const [template, operations] of Object.entries(api.paths))
    for (const [method, { responses }] of Object.entries(operations)) {
      const url = concrete(template);
      if (responses['401']) await ask(method, template, url, { caller: 'nobody' });
      if (responses['403']) await ask(method, template, url, { caller: 'bob' });
      if (responses['404'] && !responses['403'] && responses['401'])
        await ask(method, template, url, { caller: 'bob' });
      if (responses['404'] && responses['403']) await ask(method, template, url.replace('/a', '/none'));
    }
  // Tiles of a batch job are made in test/e2e.
  expect(api.unseen().filter((each) => each !== 'getJobTile 200')).toEqual([]);
});
