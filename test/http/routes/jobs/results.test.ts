import { createHash } from 'node:crypto';
import { constant, type Documents, failing, JobsApi, type Json, type Link, twoFiles } from './jobs-api';

jest.setTimeout(180_000);

let api: JobsApi;

beforeAll(async () => {
  api = await JobsApi.open();
});
afterAll(() => api?.server.stop());

test('several results become several files, described and downloadable without a token', async () => {
  const id = await api.run(twoFiles, { title: 'Two' });
  const described = await api.json('GET', `/jobs/${id}`);
  expect(described).toMatchObject({ status: 'finished', progress: 100 });
  const path = `${api.server.api}/jobs/${id}`;
  expect((described['links'] as Link[]).map(({ rel, href }) => [rel, href])).toEqual([
    ['self', path],
    ['monitor', `${path}/logs`],
    ['result', `${path}/results`],
  ]);
  const response = await api.call('GET', `/jobs/${id}/results`);
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
  const geojson = await fetch(`${api.server.api}/jobs/${id}/results`, {
    headers: { authorization: `Bearer ${api.ann}`, accept: 'application/geo+json' },
  });
  expect(geojson.headers.get('content-type')).toContain('application/geo+json');
  expect(Object.keys(((await geojson.json()) as Documents).assets).sort()).toEqual([
    'bands.tif',
    'index.png',
  ]);
});

test('signed addresses are good for their job only, and expire', async () => {
  const [one, two] = [await api.run(constant([1])), await api.run(constant([2]))];
  const results = (await api.json('GET', `/jobs/${one}/results`)) as unknown as Documents;
  const { href } = results.assets['result.json'];
  expect(await (await fetch(href)).json()).toEqual([1]);
  const code = async (address: string) => {
    const response = await fetch(address);
    return [response.status, ((await response.json()) as Json)['code']];
  };
  expect(await code(href.replace(one, two))).toEqual([403, 'SignatureInvalid']);
  expect(await code(`${href}x`)).toEqual([403, 'SignatureInvalid']);
  expect(await code(href.split('?')[0])).toEqual([401, 'AuthenticationRequired']);
  const { auth } = api.server.application;
  const old = encodeURIComponent(await auth.sign(`job:${one}`, -10));
  expect(await code(`${href.split('?')[0]}?signature=${old}`)).toEqual([410, 'ResultLinkExpired']);
  // Who was given an address for a minute gets no others that are good for longer.
  const brief = await auth.sign(`job:${one}`, 60);
  const shared = (await (
    await fetch(`${api.server.api}/jobs/${one}/results?signature=${brief}`)
  ).json()) as Documents & { readonly expires: string };
  expect(Date.parse(shared.expires)).toBeLessThanOrEqual(Date.now() + 60_000);
  const addresses = [shared.assets['result.json'], ...shared.links.filter(({ rel }) => rel !== 'self')];
  expect(addresses.map((each) => new URL(each.href).searchParams.get('signature'))).toEqual(
    addresses.map(() => brief),
  );
  await api.call('DELETE', `/jobs/${one}`);
  expect((await fetch(href)).status).toBe(403);
  expect((await api.server.application.objects.list(`jobs/${one}/`)).items).toEqual([]);
});

test('a job that failed answers 424 with its last error, and only that one', async () => {
  const id = await api.run(failing);
  expect(await api.json('GET', `/jobs/${id}`)).toMatchObject({ status: 'error' });
  const response = await api.call('GET', `/jobs/${id}/results`);
  expect(response.status).toBe(424);
  expect(await response.json()).toMatchObject({ level: 'error', code: 'HostNotAllowed' });
  const row = await api.json('GET', `${api.server.url}/api/jobs/${id}`);
  expect(row).toMatchObject({ id, job_type: 'batch', status: 'failed', created_by: 'ann' });
  expect(row['error']).toContain('not-allowed.example');
});

test('while it runs a job is locked, its results are not there yet, and cancel ends it', async () => {
  const idle = await JobsApi.open({ jobConcurrency: 0 });
  const id = await idle.create(constant(1));
  expect((await idle.call('POST', `/jobs/${id}/results`)).status).toBe(202);
  expect(await idle.json('GET', `/jobs/${id}`)).toMatchObject({ status: 'queued' });
  expect(await idle.refusal('GET', `/jobs/${id}/results?partial=true`)).toEqual([400, 'JobNotFinished']);
  // Taken as by a worker.
  const { records } = idle.server.application;
  const [waits] = await records.jobs.claim({
    ...{ worker: 'test', leaseMs: 60_000, types: ['batch'], limit: 1, perUser: 100, perType: {} },
  });
  expect(await idle.refusal('PATCH', `/jobs/${id}`, { title: 'x' })).toEqual([400, 'JobLocked']);
  expect(await idle.refusal('GET', `/jobs/${id}/results`)).toEqual([400, 'JobNotFinished']);
  expect((await idle.call('POST', `/jobs/${id}/results`)).status).toBe(202);
  const key = `jobs/${id}/${waits.run}/part.txt`;
  await idle.server.application.objects.put(key, Buffer.from('part'));
  const asset = { name: 'part.txt', key, mediaType: 'text/plain', size: 4, roles: ['data'] };
  await records.jobs.report(waits, { progress: 30, result: { assets: [asset] } });
  expect(await idle.refusal('GET', `/jobs/${id}/results`)).toEqual([400, 'JobNotFinished']);
  for (const partial of ['?partial', '?partial=true']) {
    const results = (await idle.json('GET', `/jobs/${id}/results${partial}`)) as unknown as Documents & Json;
    expect(results['openeo:status']).toBe('running');
    expect(await (await fetch(results.assets['part.txt'].href)).text()).toBe('part');
  }
  expect((await idle.call('DELETE', `/jobs/${id}/results`)).status).toBe(204);
  expect(await idle.json('GET', `/jobs/${id}`)).toMatchObject({ status: 'canceled' });
  const kept = (await idle.json('GET', `/jobs/${id}/results`)) as unknown as Documents & Json;
  expect(kept['openeo:status']).toBe('canceled');
  expect((await fetch(kept.assets['part.txt'].href)).status).toBe(200);
  const gone = await idle.create(constant(1));
  await idle.call('POST', `/jobs/${gone}/results`);
  expect((await idle.call('DELETE', `/jobs/${gone}`)).status).toBe(204);
  // Reading any log writes what waits to be written.
  await idle.json('GET', `/jobs/${id}/logs`);
  expect((await records.logs.list(`job:${gone}`, {})).items).toEqual([]);
  await idle.server.stop();
});
