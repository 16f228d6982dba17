import { setTimeout as delay } from 'node:timers/promises';
import { trueColour } from '../support/graphs';
import { sampleCollection } from '../support/sample';
import { startServer, type TestServer } from '../support/server';

jest.setTimeout(120_000);

type Json = Record<string, unknown>;

let server: TestServer;
let mia: string;
beforeAll(async () => {
  server = await startServer({ collections: [await sampleCollection()] });
  mia = await server.user('mia');
});
afterAll(() => server.stop());

async function create(process_graph: Json, configuration: Json = {}): Promise<string> {
  const body = { type: 'xyz', process: { process_graph }, configuration };
  const response = await server.call('POST', '/services', body, mia);
  if (response.status !== 201) throw new Error(await response.text());
  return response.headers.get('openeo-identifier')!;
}

const stored = async (id: string) =>
  (await server.application.objects.list(`seeds/${id}`)).items.map(({ key }) => key);

async function seed(id: string, query: string, token = mia) {
  const response = await server.call(
    'POST',
    `${server.url}/api/services/${id}/seed?${query}`,
    undefined,
    token,
  );
  const body = (await response.json()) as Json;
  if (response.status !== 202) return { status: response.status, body };
  for (;;) {
    const row = await server.call('GET', `${server.url}/api/jobs/${body['job_id']}`, undefined, mia);
    const job = (await row.json()) as Json;
    if (['completed', 'failed', 'canceled'].includes(String(job['status'])))
      return { status: 202, body: job, result: job['result'] as Json };
    await delay(10);
  }
}

async function addressOf(id: string): Promise<{ template: string; zooms: string }> {
  const service = await (await server.call('GET', `/services/${id}`, undefined, mia)).json();
  return { template: (service as { url: string }).url, zooms: '10-12' };
}

const fetchTile = async (template: string, [z, x, y]: readonly string[]) =>
  fetch(template.replace('{z}', z).replace('{x}', x).replace('{y}', y), {
    headers: { authorization: `Bearer ${mia}` },
  });

test('stored tiles are those that would be drawn, and are served', async () => {
  const id = await create(trueColour());
  const { template, zooms } = await addressOf(id);
  const { body, result } = await seed(id, `zooms=${zooms}`);
  expect(body).toMatchObject({ status: 'completed', progress: 100, job_type: 'seed' });
  expect(result).toMatchObject({ made: expect.any(Number), fresh: 0, removed: 0 });
  const keys = await stored(id);
  expect(keys).toHaveLength(Number(result!['made']));
  expect(keys.length).toBeGreaterThan(3);
  // A second service draws the same picture.
  const other = (await addressOf(await create(trueColour()))).template;
  let pictures = 0;
  for (const key of keys.slice(0, 12)) {
    const address = key.slice(`seeds/${id}/`.length).split('.')[0].split('/');
    const [ours, drawn] = await Promise.all([fetchTile(template, address), fetchTile(other, address)]);
    expect(ours.status).toBe(drawn.status);
    const [one, two] = await Promise.all(
      [ours, drawn].map(async (each) => Buffer.from(await each.arrayBuffer())),
    );
    expect(one.equals(two)).toBe(true);
    if (ours.status === 200) pictures++;
  }
  expect(pictures).toBeGreaterThan(0);
});

test('what is served comes from the storage', async () => {
  const id = await create(trueColour());
  const { template, zooms } = await addressOf(id);
  await seed(id, `zooms=${zooms}`);
  const { items } = await server.application.objects.list(`seeds/${id}`);
  const { key } = items.find(({ size }) => size > 100)!;
  await server.application.objects.put(key, Buffer.from('from the storage'));
  const address = key.slice(`seeds/${id}/`.length).split('.')[0].split('/');
  const response = await fetchTile(template, address);
  expect([response.headers.get('content-type'), await response.text()]).toEqual([
    'image/png',
    'from the storage',
  ]);
  expect(response.headers.get('etag')).toBe(`"${key.split('.').at(-1)}"`);
});

test('a second run makes only what is stale', async () => {
  const id = await create(trueColour());
  const { zooms } = await addressOf(id);
  const first = (await seed(id, `zooms=${zooms}`)).result!;
  const total = Number(first['made']);
  expect((await seed(id, `zooms=${zooms}`)).result).toMatchObject({ made: 0, fresh: total, removed: 0 });
  const [gone] = await stored(id);
  await server.application.objects.remove(gone);
  expect((await seed(id, `zooms=${zooms}`)).result).toMatchObject({ made: 1, fresh: total - 1, removed: 0 });
  // Another picture: everything is stale.
  const before = await stored(id);
  await server.call('PATCH', `/services/${id}`, { process: { process_graph: trueColour('first') } }, mia);
  expect((await seed(id, `zooms=${zooms}`)).result).toMatchObject({ made: total, fresh: 0, removed: total });
  const after = await stored(id);
  expect(after).toHaveLength(total);
  expect(after.some((key) => before.includes(key))).toBe(false);
});

test('the estimate of a seeding counts its tiles, and knows what is there already', async () => {
  const id = await create(trueColour());
  const { zooms } = await addressOf(id);
  const { body, result } = await seed(id, `zooms=${zooms}`);
  const { items } = await server.application.objects.list(`seeds/${id}`);
  const bytes = items.reduce((sum, { size }) => sum + size, 0);
  const estimate = async (job: unknown): Promise<Json> => {
    const response = await server.call('GET', `/jobs/${job}/estimate`, undefined, mia);
    return { status: response.status, ...((await response.json()) as Json) };
  };
  const fresh = await estimate(body['id']);
  expect(fresh).toMatchObject({ status: 200, costs: 0, duration: expect.stringMatching(/^PT\d+S$/) });
  expect([fresh['tilegraph:tiles'], fresh['size']]).toEqual([result!['made'], 0]);
  expect(fresh['tilegraph:values']).toBe(Number(result!['made']) * 256 ** 2);
  const truncation = (await seed(id, `zooms=${zooms}&truncate=true`)).body;
  expect(await stored(id)).toEqual([]);
  const stale = await estimate(body['id']);
  expect(stale['tilegraph:tiles']).toBe(result!['made']);
  expect(Number(stale['size']) / bytes).toBeGreaterThan(0.5);
  expect(Number(stale['size']) / bytes).toBeLessThan(2);
  expect(await stored(id)).toEqual([]);
  expect(await estimate(truncation['id'])).toMatchObject({ status: 500, code: 'EstimateComplexity' });
});

test('an area restricts, and truncation removes what it names', async () => {
  const id = await create(trueColour());
  const { zooms } = await addressOf(id);
  const all = Number((await seed(id, `zooms=${zooms}`)).result!['made']);
  // In the middle of the data, at the largest zoom.
  const largest = (await stored(id)).filter((key) => key.includes('/12/'));
  const [z, x, y] = largest[largest.length >> 1]
    .slice(`seeds/${id}/`.length)
    .split('.')[0]
    .split('/')
    .map(Number);
  const unclear = await seed(id, 'zooms=12&truncate=yes');
  expect([unclear.status, unclear.body['code']]).toEqual([400, 'RequestInvalid']);
  expect((await seed(id, 'zooms=12&truncate=true')).result!['removed']).toBe(largest.length);
  expect((await stored(id)).some((key) => key.includes('/12/'))).toBe(false);
  const [longitude, latitude] = [
    ((x + 0.5) / 2 ** z) * 360 - 180,
    (Math.atan(Math.sinh(Math.PI * (1 - (2 * (y + 0.5)) / 2 ** z))) * 180) / Math.PI,
  ];
  const bbox = [longitude - 1e-4, latitude - 1e-4, longitude + 1e-4, latitude + 1e-4].join();
  await seed(id, `zooms=0-24&truncate=true`);
  expect(await stored(id)).toEqual([]);
  const { result } = await seed(id, `zooms=${zooms}&bbox=${bbox}`);
  expect(result!['made']).toBe(3);
  expect(Number(result!['made'])).toBeLessThan(all);
  await server.call('DELETE', `/services/${id}`, undefined, mia);
  expect(await stored(id)).toEqual([]);
});

test('a service that cannot be run any more says why it is not seeded, and can still be truncated', async () => {
  const id = await create(trueColour());
  const { zooms } = await addressOf(id);
  await seed(id, `zooms=${zooms}`);
  expect(await stored(id)).not.toEqual([]);
  const load = { ...trueColour().load, arguments: { ...trueColour().load.arguments, id: 'GONE' } };
  await server.application.records.services.update(id, {
    process: { process_graph: { ...trueColour(), load } },
  });
  const { status, body } = await seed(id, `zooms=${zooms}`);
  expect([status, body['code']]).toEqual([400, 'ServiceNotSeedable']);
  expect(body['message']).toContain('GONE');
  const { body: job } = await seed(id, `zooms=${zooms}&truncate=true`);
  expect(job).toMatchObject({ status: 'completed', error: null });
  expect(await stored(id)).toEqual([]);
  expect((await seed('nobody', 'zooms=1&truncate=true')).body['code']).toBe('ServiceNotFound');
});

test('graphs that write or ask who asks are never made ahead', async () => {
  const assign = await create(
    {
      assign: {
        process_id: 'tile_assignment',
        arguments: {
          ...{ store: { from_parameter: '_openeo_tile_store' }, zoom: 12, stage: 'claim' },
          ...{ x_range: [1000, 1010], y_range: [2000, 2010], user_id: { from_parameter: '_openeo_user' } },
        },
        result: true,
      },
    },
    { tile_store: true },
  );
  const user = await create({
    constant: { process_id: 'constant', arguments: { x: { from_parameter: '_openeo_user' } }, result: true },
  });
  const five = await create({ constant: { process_id: 'constant', arguments: { x: 5 }, result: true } });
  for (const id of [assign, user])
    expect(await seed(id, 'zooms=1')).toMatchObject({ status: 400, body: { code: 'ServiceNotSeedable' } });
  expect(await seed(five, 'zooms=1')).toMatchObject({
    ...{ status: 400, body: { message: expect.stringContaining('no raster') } },
  });
  for (const id of [assign, user, five]) expect(await stored(id)).toEqual([]);
});

test('wrong requests are refused', async () => {
  const id = await create(trueColour());
  for (const query of ['', 'zooms=x', 'zooms=1,3', 'zooms=9-2', 'zooms=1&bbox=1,2', 'zooms=1&bbox=0,9,9,0'])
    expect(await seed(id, query)).toMatchObject({ status: 400, body: { code: 'RequestInvalid' } });
  const tom = await server.user('tom');
  expect((await seed(id, 'zooms=1', tom)).status).toBeGreaterThanOrEqual(403);
  expect((await seed('none', 'zooms=1')).status).toBe(404);
});
