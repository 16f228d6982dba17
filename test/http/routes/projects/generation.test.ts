import { randomUUID } from 'node:crypto';
import { type Json, useProjects } from './projects-api';

jest.setTimeout(120_000);

const api = useProjects();
const { at, call, upload, follow, draft, generate } = api;

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
  const { items } = await api.server.application.objects.list(prefix);
  expect(items.filter(({ key }) => key.endsWith('.png'))).toHaveLength(17);
  // The same job in openEO's words.
  const openeo = await api.server.call('GET', `/jobs/${id}`, undefined, api.ann);
  const document = (await openeo.json()) as { status: string; process: { process_graph: Json } };
  expect(document.status).toBe('finished');
  expect(Object.values(document.process.process_graph)).toEqual([
    expect.objectContaining({ process_id: 'tile_generation', result: true }),
  ]);
  const results = await api.server.call('GET', `/jobs/${id}/results`, undefined, api.ann);
  const assets = ((await results.json()) as { assets: Json }).assets;
  expect(Object.keys(assets).sort()).toEqual(['metadata.json', 'tilejson.json']);
});

test('nothing is public before it is published, and nothing changes afterwards', async () => {
  const { path, assetId } = await draft();
  const tile = (folder: string, token: string | null = null) =>
    api.server.call('GET', at(`${path}/${folder}/0/0/0.png`), undefined, token);
  expect(await call('POST', `${path}/publish`)).toMatchObject({
    status: 409,
    body: { code: 'NothingStaged' },
  });
  const first = await generate(path, assetId);
  await follow(first.body['job_id']);
  expect((await tile('tiles')).status).toBe(404);
  expect((await tile('staged', api.ann)).status).toBe(200);
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
    const missing = await api.server.call('GET', at(`${path}/tiles/${wrong}`));
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
  expect(await upload(path, api.picture)).toMatchObject(locked);
  // Not even by starting the jobs again, or removing them.
  await api.server.call('POST', `/jobs/${first.body['job_id']}/results`, undefined, api.ann);
  expect((await follow(first.body['job_id'])).job).toMatchObject({
    ...{ status: 'failed', error: expect.stringContaining('published') },
  });
  await api.server.call('POST', `/jobs/${publishing.body['job_id']}/results`, undefined, api.ann);
  expect((await follow(publishing.body['job_id'])).job['status']).toBe('completed');
  await api.server.call('DELETE', `/jobs/${second.body['job_id']}`, undefined, api.ann);
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
  const area = (type: string, coordinates: unknown) =>
    `&area=${encodeURIComponent(JSON.stringify({ type, coordinates }))}`;
  for (const query of [
    ...[
      '&format=bmp',
      '&tile_size=300',
      '&nonsense=1',
      '&area=%7B',
      '&dry_run=maybe',
      '&format=png&format=jpeg',
    ],
    // What is wrong whatever the asset is starts no job either.
    ...[
      '&minzoom=9&maxzoom=8',
      '&minzoom=25',
      '&layout=dzi&archive=pmtiles',
      '&quality=50',
      '&format=webp&quality=0',
    ],
    ...[
      area('Point', [1, 2]),
      area('Polygon', []),
      area('Polygon', [[[0, 91]]]),
      area('Polygon', [[['a', 1]]]),
    ],
  ])
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
  const { items } = await api.server.application.records.jobs.list({});
  expect(items.filter((job) => job.title?.includes(slug))).toHaveLength(started.length);
});

test('a job that is started again waits for its turn as a new one does', async () => {
  const { path, assetId, slug } = await draft();
  const first = await generate(path, assetId);
  await follow(first.body['job_id']);
  const second = await generate(path, assetId);
  await follow(second.body['job_id']);
  const publishing = await call('POST', `${path}/publish`);
  await follow(publishing.body['job_id']);
  // Another generation of the project, which nobody takes.
  const { records } = api.server.application;
  const held = randomUUID();
  await records.jobs.create({ id: held, ownerId: 'ann', type: 'held', process: {} });
  await records.jobs.queue(held);
  const { id, activeJobId } = (await records.projects.get(slug))!;
  expect(activeJobId).toBe(second.body['job_id']);
  await records.projects.activate(id, held, activeJobId);
  for (const { body } of [first, second, publishing]) {
    const answer = await api.server.call('POST', `/jobs/${body['job_id']}/results`, undefined, api.ann);
    expect([answer.status, ((await answer.json()) as Json)['code']]).toEqual([409, 'GenerationRunning']);
    expect((await call('GET', `/jobs/${body['job_id']}`)).body['status']).toBe('completed');
  }
  await records.jobs.cancel(held);
  const again = await api.server.call('POST', `/jobs/${first.body['job_id']}/results`, undefined, api.ann);
  expect(again.status).toBe(202);
  expect((await records.projects.get(slug))?.activeJobId).toBe(first.body['job_id']);
  await follow(first.body['job_id']);
});

test('a failure keeps its reason, leaves nothing public, and may be tried again', async () => {
  const { path, assetId, slug } = await draft();
  const { objects } = api.server.application;
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
  await objects.put(key, api.picture);
  await api.server.call('POST', `/jobs/${body['job_id']}/results`, undefined, api.ann);
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

test('a generation and a publication are estimated, or say why they would fail', async () => {
  const { path, assetId } = await draft();
  const { body } = await generate(path, assetId, '&format=webp&archive=pmtiles');
  const { job } = await follow(body['job_id']);
  const estimate = async (id: unknown) => {
    const response = await api.server.call('GET', `/jobs/${id}/estimate`, undefined, api.ann);
    return { status: response.status, body: (await response.json()) as Json };
  };
  const first = await estimate(body['job_id']);
  const pixels = 901 * 703 + 451 * 352 + 226 * 176;
  expect(first).toMatchObject({
    status: 200,
    body: {
      ...{ costs: 0, duration: expect.stringMatching(/^PT\d+S$/), 'tilegraph:tiles': 17 },
      ...{ 'tilegraph:values': pixels, 'tilegraph:bytes_read': api.picture.length },
    },
  });
  // The picture is smaller than the sample; the archive holds what the tiles hold, and a little more.
  expect(first.body['size']).toBe(2 * Number((job['result'] as Json)['bytes']));
  const publishing = await call('POST', `${path}/publish`);
  await follow(publishing.body['job_id']);
  expect(await estimate(publishing.body['job_id'])).toMatchObject({
    status: 200,
    body: { duration: 'PT1S', size: 0 },
  });
  // What was published can be told; what cannot be made any more is told as the job would tell it.
  expect((await estimate(body['job_id'])).status).toBe(200);
  const other = await draft();
  const two = await generate(other.path, other.assetId);
  await follow(two.body['job_id']);
  const old = await call('POST', `${other.path}/publish`);
  await follow(old.body['job_id']);
  const [{ key }] = (await api.server.application.objects.list(`mp/${other.slug}/uploads/assets`)).items;
  await api.server.application.objects.remove(key);
  expect(await estimate(two.body['job_id'])).toMatchObject({ status: 400, body: { code: 'AssetInvalid' } });
});
