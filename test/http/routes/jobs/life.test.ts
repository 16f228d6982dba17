import { until } from '../../../jobs/support/world';
import { constant, type Documents, JobsApi, type Json, type Link } from './jobs-api';

jest.setTimeout(180_000);

let api: JobsApi;

beforeAll(async () => {
  api = await JobsApi.open();
});
afterAll(() => api?.server.stop());

test('a job is created, changed, listed and removed', async () => {
  const more = { title: 'Ünï', description: 'd', plan: 'FREE', budget: 5, log_level: 'warning' };
  const id = await api.create(constant(1), more);
  expect(await api.json('GET', `/jobs/${id}`)).toMatchObject({
    ...{ id, title: 'Ünï', description: 'd', plan: 'free', budget: 5, log_level: 'warning' },
    ...{ status: 'created', progress: 0, costs: 0, process: { process_graph: constant(1) } },
  });
  expect((await api.call('PATCH', `/jobs/${id}`, { title: null, budget: null })).status).toBe(204);
  // Only what there is can be followed: there are no results yet.
  const rels = ((await api.json('GET', `/jobs/${id}`))['links'] as Link[]).map(({ rel }) => rel);
  expect(rels).toEqual(['self', 'monitor']);
  const changed = await api.json('GET', `/jobs/${id}`);
  expect(changed).not.toHaveProperty('title');
  expect(changed).not.toHaveProperty('budget');
  expect(changed['description']).toBe('d');
  const others = [await api.create(constant(2)), await api.create(constant(3))];
  const first = (await api.json('GET', '/jobs?limit=2')) as { jobs: Json[]; links: Link[] };
  const rest = (await api.json('GET', first.links[0].href)) as { jobs: Json[]; links: Link[] };
  const listed = [...first.jobs, ...rest.jobs];
  expect(listed.map((job) => job['id'])).toEqual([id, ...others]);
  expect(listed[0]).not.toHaveProperty('process');
  expect(rest.links).toEqual([]);
  for (const each of listed) expect((await api.call('DELETE', `/jobs/${each['id']}`)).status).toBe(204);
  expect(await api.json('GET', '/jobs')).toEqual({ jobs: [], links: [] });
});

test('the same Idempotency-Key makes the same job', async () => {
  const post = (key: string) =>
    fetch(`${api.server.api}/jobs`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${api.ann}`,
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
  const id = await api.create(constant(1));
  const process = { process_graph: constant(1) };
  expect(await api.refusal('POST', '/jobs', { process: {} })).toEqual([400, 'ProcessGraphMissing']);
  expect(await api.refusal('POST', '/jobs', { process, plan: 'gold' })).toEqual([400, 'BillingPlanInvalid']);
  expect(await api.refusal('POST', '/jobs', { process, budget: 0 })).toEqual([400, 'BudgetInvalid']);
  const boundless = await fetch(`${api.server.url}/openeo/1.2/jobs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.ann}`, 'content-type': 'application/json' },
    body: JSON.stringify({ process, budget: 1 }).replace(/1}$/, '1e999}'),
  });
  expect([boundless.status, ((await boundless.json()) as { code: string }).code]).toEqual([
    400,
    'BudgetInvalid',
  ]);
  expect(await api.refusal('POST', '/jobs', { process, log_level: 'loud' })).toEqual([400, 'RequestInvalid']);
  const unknown = { process_graph: { a: { process_id: 'nope', arguments: {}, result: true } } };
  expect(await api.refusal('POST', '/jobs', { process: unknown })).toEqual([400, 'ProcessUnsupported']);
  expect(await api.refusal('PATCH', `/jobs/${id}`, {})).toEqual([400, 'NoDataForUpdate']);
  expect(await api.refusal('PATCH', `/jobs/${id}`, { status: 'finished' })).toEqual([
    400,
    'PropertyNotEditable',
  ]);
  expect(await api.refusal('PATCH', `/jobs/${id}`, { process: unknown })).toEqual([
    400,
    'ProcessUnsupported',
  ]);
  expect(await api.refusal('GET', `/jobs/${id}/logs?level=loud`)).toEqual([400, 'RequestInvalid']);
  expect(await api.refusal('GET', `/jobs/${id}/logs?offset=x`)).toEqual([400, 'RequestInvalid']);
  expect(await api.refusal('GET', `/jobs/${id}/results?partial=x`)).toEqual([400, 'RequestInvalid']);
  expect(await api.refusal('GET', `/jobs/${id}/results`)).toEqual([400, 'JobNotStarted']);
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
    expect(await api.refusal(method, `/jobs/${id}${path}`, body, api.bob)).toEqual([404, 'JobNotFound']);
    expect(await api.refusal(method, `/jobs/__proto__${path}`, body)).toEqual([404, 'JobNotFound']);
    expect(await api.refusal(method, `/jobs/${id}${path}`, body, null)).toEqual([
      401,
      'AuthenticationRequired',
    ]);
  }
  expect(((await api.json('GET', '/jobs')) as { jobs: Json[] }).jobs).toHaveLength(2);
  // Administrators may look after everybody's jobs.
  expect((await api.server.call('GET', `/jobs/${id}`)).status).toBe(200);
});

test('a job that ended can be started again, and its results are discarded then', async () => {
  const id = await api.run(constant(1));
  expect((await api.call('PATCH', `/jobs/${id}`, { process: { process_graph: constant(2) } })).status).toBe(
    204,
  );
  await api.call('POST', `/jobs/${id}/results`);
  await until('it runs again', async () => {
    const { items } = await api.server.application.objects.list(`jobs/${id}/`);
    return items.length === 1 && items[0].key === `jobs/${id}/2/result.json`;
  });
  await api.ends(id);
  const results = (await api.json('GET', `/jobs/${id}/results`)) as unknown as Documents;
  expect(await (await fetch(results.assets['result.json'].href)).json()).toBe(2);
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
  const id = await api.create(graph, { log_level: 'debug' });
  const fresh = (await api.json('GET', `/jobs/${id}/logs`)) as { logs: Json[] };
  expect(fresh.logs.map((entry) => entry['message'])).toEqual(['The job was created']);
  await api.call('POST', `/jobs/${id}/results`);
  await api.ends(id);
  const all = (await api.json('GET', `/jobs/${id}/logs`)) as { logs: Json[]; links: Link[] };
  expect(all.logs.length).toBeGreaterThan(3);
  const warnings = (await api.json('GET', `/jobs/${id}/logs?level=warning`)) as {
    level: string;
    logs: Json[];
  };
  expect(warnings.level).toBe('warning');
  expect(warnings.logs.map((entry) => entry['message'])).toEqual(['seen']);
  const paged: Json[] = [];
  for (let path: string | undefined = `/jobs/${id}/logs?limit=2`; path; ) {
    const page: { logs: Json[]; links: Link[] } = (await api.json('GET', path)) as never;
    paged.push(...page.logs);
    path = page.links.find(({ rel }) => rel === 'next')?.href;
  }
  expect(paged).toEqual(all.logs);
  const offset = all.logs[0]['id'];
  const later = (await api.json('GET', `/jobs/${id}/logs?offset=${offset}`)) as { logs: Json[] };
  expect(later.logs).toEqual(all.logs.slice(1));
});
