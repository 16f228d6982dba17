import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { drawing, encode } from '../../pyramid/support/pictures';
import { startServer, type TestServer } from '../../support/server';

jest.setTimeout(120_000);

type Json = Record<string, unknown>;

let server: TestServer;
let ann: string;
let bob: string;
let picture: Buffer;
beforeAll(async () => {
  server = await startServer();
  [ann, bob] = [await server.user('ann'), await server.user('bob')];
  picture = await encode(drawing(901, 703, 4), 901, 703, 'png');
});
afterAll(() => server.stop());

const at = (path: string) => `${server.url}/api${path}`;
const call = async (method: string, path: string, body?: unknown, token: string | null = ann) => {
  const response = await server.call(method, at(path), body, token);
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Json };
};

async function upload(
  path: string,
  file: Buffer,
  type: string | null = 'base_map',
  token: string | null = ann,
) {
  const form = new FormData();
  if (type !== null) form.set('asset_type', type);
  form.set('file', new Blob([new Uint8Array(file)]), 'Zoë’s map.png');
  const headers = token === null ? undefined : { authorization: `Bearer ${token}` };
  const response = await fetch(at(`${path}/assets`), { method: 'POST', headers, body: form });
  return { status: response.status, body: (await response.json()) as Json };
}

/** Waits until a job has ended, and keeps what was seen of it. */
async function follow(id: unknown, token = ann) {
  const seen: Json[] = [];
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(5)) {
    const { body } = await call('GET', `/jobs/${id}`, undefined, token);
    if (JSON.stringify(body) !== JSON.stringify(seen.at(-1))) seen.push(body);
    if (['completed', 'failed', 'canceled'].includes(String(body['status']))) return { job: body, seen };
  }
  throw new Error(`The job does not end: ${JSON.stringify(seen.at(-1))}`);
}

/** A project with a draft and an asset. */
async function draft(token = ann, file = picture) {
  const slug = `map-${randomUUID().slice(0, 8)}`;
  await call('POST', '/projects', { slug }, token);
  const { body } = await call('POST', `/projects/${slug}/versions`, undefined, token);
  const path = `/projects/${slug}/versions/${body['version']}`;
  const asset = await upload(path, file, 'base_map', token);
  return { slug, path, assetId: String(asset.body['id']), versionId: String(body['id']) };
}

const generate = (path: string, assetId: string, query = '', token: string | null = ann) =>
  call('POST', `${path}/generate-tiles?asset_id=${assetId}${query}`, undefined, token);

test('a project has a slug of its own, and numbered versions', async () => {
  expect(await call('POST', '/projects', { slug: 'one', title: 'Ünö' })).toMatchObject({
    ...{ status: 201, body: { slug: 'one', title: 'Ünö', owner: 'ann', versions: [] } },
  });
  expect(await call('POST', '/projects', { slug: 'one' }, bob)).toMatchObject({
    ...{ status: 409, body: { code: 'ProjectExists' } },
  });
  for (const slug of ['', 'Ö', '-a', 'A', 'a'.repeat(64), 'a/b', '__proto__', null, undefined, 7])
    expect(await call('POST', '/projects', { slug })).toMatchObject({
      status: 400,
      body: { code: 'RequestInvalid' },
    });
  for (const version of [1, 2])
    expect(await call('POST', '/projects/one/versions')).toMatchObject({
      ...{ status: 201, body: { version, status: 'draft', tiles_url: null } },
    });
  const { body } = await call('GET', '/projects/one');
  expect((body['versions'] as Json[]).map((each) => each['version'])).toEqual([1, 2]);
  expect(await call('GET', '/projects/one/versions/2')).toMatchObject({ status: 200, body: { version: 2 } });
});

test('projects are their owner’s and the administrators’', async () => {
  const { slug, path, assetId } = await draft();
  for (const [method, route] of [
    ...[
      ['GET', `/projects/${slug}`],
      ['GET', path],
      ['POST', `/projects/${slug}/versions`],
    ],
    ...[
      ['GET', `${path}/assets`],
      ['POST', `${path}/publish`],
      ['GET', `${path}/staged/0/0/0.png`],
    ],
    ...[
      ['POST', `${path}/generate-tiles?asset_id=${assetId}`],
      ['POST', `${path}/assets`],
    ],
  ]) {
    expect((await call(method, route, undefined, bob)).status).toBe(403);
    expect((await call(method, route, undefined, null)).status).toBe(401);
  }
  expect((await call('GET', '/projects', undefined, null)).status).toBe(401);
  const slugs = async (token?: string) => {
    const response = await server.call('GET', at('/projects'), undefined, token);
    return ((await response.json()) as { projects: Json[] }).projects.map((each) => each['slug']);
  };
  expect(await slugs(ann)).toContain(slug);
  expect(await slugs(bob)).not.toContain(slug);
  expect(await slugs()).toContain(slug);
  const response = await server.call('GET', at(path));
  expect(response.status).toBe(200);
});

test('what is not there is not found', async () => {
  const { slug } = await draft();
  expect(await call('GET', '/projects/none')).toMatchObject({
    status: 404,
    body: { code: 'ProjectNotFound' },
  });
  expect(await call('GET', '/projects/..%2Fx')).toMatchObject({
    status: 404,
    body: { code: 'ProjectNotFound' },
  });
  for (const version of ['9', '0', 'x', '1e0', '-1'])
    expect(await call('GET', `/projects/${slug}/versions/${version}`)).toMatchObject({
      ...{ status: 404, body: { code: 'VersionNotFound' } },
    });
  expect(await call('GET', `/jobs/${randomUUID()}`)).toMatchObject({
    status: 404,
    body: { code: 'JobNotFound' },
  });
});

test('assets are kept with their type; a base map must be a picture', async () => {
  const { path, slug } = await draft();
  const listed = (await call('GET', `${path}/assets`)).body as { assets: Json[] };
  expect(listed.assets).toEqual([
    expect.objectContaining({ asset_type: 'base_map', name: 'Zoë’s map.png', size: picture.length }),
  ]);
  expect((await upload(path, Buffer.from('a legend'), 'legend')).status).toBe(201);
  const invalid = { status: 400, body: { code: 'AssetInvalid' } };
  expect(await upload(path, Buffer.from('no picture'))).toMatchObject(invalid);
  expect(await upload(path, picture, null)).toMatchObject(invalid);
  expect(await upload(path, picture, '../x')).toMatchObject(invalid);
  const headers = { authorization: `Bearer ${ann}`, 'content-type': 'multipart/form-data; boundary=x' };
  const broken = await fetch(at(`${path}/assets`), { method: 'POST', headers, body: '--x\r\nbroken' });
  expect([broken.status, ((await broken.json()) as Json)['code']]).toEqual([400, 'AssetInvalid']);
  expect(await call('POST', `${path}/assets`, {})).toMatchObject({
    ...{ status: 400, body: { code: 'ContentTypeInvalid' } },
  });
  const { items } = await server.application.objects.list(`mp/${slug}/uploads/assets`);
  expect(items).toHaveLength(2);
});

test('a generation answers at once, tells its stages, and stages its tiles below its prefix', async () => {
  const { slug, path, assetId, versionId } = await draft();
  const started = await generate(path, assetId);
  expect(started).toEqual({
    status: 202,
    body: { job_id: expect.any(String), status: 'queued', message: 'Tile generation started' },
  });
  const id = started.body['job_id'];
  const { job, seen } = await follow(id);
  const prefix = `mp/${slug}/uploads/tiles/1/${id}/`;
  expect(job).toMatchObject({
    ...{ id, job_type: 'generate_tiles', status: 'completed', progress: 100, error: null },
    ...{ project_id: expect.any(String), version_id: versionId, created_by: 'ann' },
    ...{ created_at: expect.any(String), started_at: expect.any(String), completed_at: expect.any(String) },
  });
  expect(job['result']).toMatchObject({
    ...{ tiles_path: prefix, width: 901, height: 703, levels: 3, tile_count: 17, tile_size: 256 },
    ...{
      minzoom: 0,
      maxzoom: 2,
      format: 'png',
      skipped_empty: 0,
      bounds: expect.any(Array),
      bytes: expect.any(Number),
    },
  });
  const progress = seen.map((each) => Number(each['progress']));
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  for (const each of seen) {
    const message = String(each['message']);
    const share = Number(each['progress']);
    if (message === 'Downloading source image…') expect(share).toBe(5);
    if (/^Generating tiles… \d+%$/.test(message)) expect(share >= 10 && share <= 80).toBe(true);
    if (message === 'Uploading tiles to storage…') expect(share >= 80 && share <= 95).toBe(true);
    if (message === 'Finalizing…') expect(share >= 95 && share <= 100).toBe(true);
  }
  const { items } = await server.application.objects.list(prefix);
  expect(items.filter(({ key }) => key.endsWith('.png'))).toHaveLength(17);
  // The same job in openEO's words.
  const openeo = await server.call('GET', `/jobs/${id}`, undefined, ann);
  const document = (await openeo.json()) as { status: string; process: { process_graph: Json } };
  expect(document.status).toBe('finished');
  expect(Object.values(document.process.process_graph)).toEqual([
    expect.objectContaining({ process_id: 'tile_generation', result: true }),
  ]);
  const results = await server.call('GET', `/jobs/${id}/results`, undefined, ann);
  const assets = ((await results.json()) as { assets: Json }).assets;
  expect(Object.keys(assets).sort()).toEqual(['metadata.json', 'tilejson.json']);
});

test('nothing is public before it is published, and nothing changes afterwards', async () => {
  const { path, assetId } = await draft();
  const tile = (folder: string, token: string | null = null) =>
    server.call('GET', at(`${path}/${folder}/0/0/0.png`), undefined, token);
  expect(await call('POST', `${path}/publish`)).toMatchObject({
    status: 409,
    body: { code: 'NothingStaged' },
  });
  const first = await generate(path, assetId);
  await follow(first.body['job_id']);
  expect((await tile('tiles')).status).toBe(404);
  expect((await tile('staged', ann)).status).toBe(200);
  const second = await generate(path, assetId, '&format=png&quality=9');
  await follow(second.body['job_id']);
  const publishing = await call('POST', `${path}/publish`);
  expect(publishing.status).toBe(202);
  const { job } = await follow(publishing.body['job_id']);
  expect(job).toMatchObject({ job_type: 'publish', status: 'completed' });
  const response = await tile('tiles');
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    ...{ 'content-type': 'image/png', 'cache-control': 'public, max-age=31536000, immutable' },
  });
  const prefix = `${String((job['result'] as Json)['tiles_path'])}`;
  expect(prefix).toContain(String(second.body['job_id']));
  const version = (await call('GET', path)).body;
  expect(version).toMatchObject({ status: 'published', tiles: { tile_count: 17 } });
  const document = await (await fetch(`${version['tiles_url']}tilejson.json`)).json();
  const [template] = (document as { tiles: string[] }).tiles;
  expect((await fetch(template.replace(/\{[zxy]\}/g, '0'))).status).toBe(200);
  const tag = response.headers.get('etag') ?? '';
  expect((await fetch(response.url, { headers: { 'if-none-match': tag } })).status).toBe(304);
  expect((await tile('tiles/9')).status).toBe(404);
  for (const wrong of ['..%2Fa', 'a//b', 'a%5Cb', '%00', `${'x'.repeat(300)}/a`]) {
    const missing = await server.call('GET', at(`${path}/tiles/${wrong}`));
    expect([wrong, missing.status, missing.headers.get('cache-control')]).toEqual([wrong, 404, 'no-store']);
    const staged = await call('GET', `${path}/staged/${wrong}`);
    expect(staged).toMatchObject({ status: 404, body: { code: 'TileNotFound' } });
  }
  // Immutable from now on.
  const locked = {
    status: 400,
    body: { code: 'VersionNotDraft', message: expect.stringContaining('published') },
  };
  expect(await generate(path, assetId)).toMatchObject(locked);
  expect(await call('POST', `${path}/publish`)).toMatchObject(locked);
  expect(await upload(path, picture)).toMatchObject(locked);
  // Not even by starting the jobs again, or removing them.
  await server.call('POST', `/jobs/${first.body['job_id']}/results`, undefined, ann);
  expect((await follow(first.body['job_id'])).job).toMatchObject({
    ...{ status: 'failed', error: expect.stringContaining('published') },
  });
  await server.call('POST', `/jobs/${publishing.body['job_id']}/results`, undefined, ann);
  expect((await follow(publishing.body['job_id'])).job['status']).toBe('completed');
  await server.call('DELETE', `/jobs/${second.body['job_id']}`, undefined, ann);
  expect((await tile('tiles')).status).toBe(200);
});

test('a wrong asset is refused', async () => {
  const one = await draft();
  const two = await draft();
  const legend = await upload(one.path, Buffer.from('x'), 'legend');
  const reasons: [string, RegExp][] = [
    ['', /missing/],
    [randomUUID(), /no such/],
    [two.assetId, /another project/],
    [String(legend.body['id']), /no base_map/],
  ];
  for (const [id, reason] of reasons)
    expect(await generate(one.path, id)).toMatchObject({
      ...{ status: 400, body: { code: 'AssetInvalid', message: expect.stringMatching(reason) } },
    });
  for (const query of ['&format=bmp', '&tile_size=300', '&nonsense=1', '&area=%7B', '&dry_run=maybe'])
    expect(await generate(one.path, one.assetId, query)).toMatchObject({
      ...{ status: 400, body: { code: 'RequestInvalid' } },
    });
});

test('a generation of a project runs alone', async () => {
  const { path, assetId, slug } = await draft();
  const answers = await Promise.all(Array.from({ length: 5 }, () => generate(path, assetId)));
  const started = answers.filter(({ status }) => status === 202);
  // A generation may have ended before the last of them was looked at.
  expect(started.length).toBeGreaterThanOrEqual(1);
  for (const answer of answers)
    if (answer.status !== 202)
      expect(answer).toMatchObject({ status: 409, body: { code: 'GenerationRunning' } });
  for (const { body } of started) await follow(body['job_id']);
  const { items } = await server.application.records.jobs.list({});
  expect(items.filter((job) => job.title?.includes(slug))).toHaveLength(started.length);
});

test('a failure keeps its reason, leaves nothing public, and may be tried again', async () => {
  const { path, assetId, slug } = await draft();
  const { objects } = server.application;
  const [{ key }] = (await objects.list(`mp/${slug}/uploads/assets`)).items;
  await objects.put(key, Buffer.from('the disk ate it'));
  const { body } = await generate(path, assetId);
  const { job } = await follow(body['job_id']);
  expect(job).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('cannot be used'),
    result: null,
  });
  expect(String(job['error'])).not.toMatch(/\.ts|node_modules|\/tmp/);
  expect(await call('POST', `${path}/publish`)).toMatchObject({
    status: 409,
    body: { code: 'NothingStaged' },
  });
  await objects.put(key, picture);
  await server.call('POST', `/jobs/${body['job_id']}/results`, undefined, ann);
  expect((await follow(body['job_id'])).job['status']).toBe('completed');
  expect((await call('POST', `${path}/publish`)).status).toBe(202);
});

test('a dry run counts, and starts nothing', async () => {
  const { path, assetId } = await draft();
  expect(await generate(path, assetId, '&dry_run=true&archive=pmtiles')).toMatchObject({
    ...{
      status: 200,
      body: {
        tile_count: 17,
        levels: [
          { zoom: 0, tiles: 1 },
          { zoom: 1, tiles: 4 },
          { zoom: 2, tiles: 12 },
        ],
      },
    },
  });
  expect(await call('POST', `${path}/publish`)).toMatchObject({
    status: 409,
    body: { code: 'NothingStaged' },
  });
});
