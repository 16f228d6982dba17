import { until } from '../../../jobs/support/world';
import { constant, type Documents, JobsApi, type Json } from './jobs-api';

jest.setTimeout(180_000);

/** A server that runs no jobs: the tests take them as workers do. */
let api: JobsApi;
beforeAll(async () => {
  api = await JobsApi.open({ jobConcurrency: 0 });
});
afterAll(() => api?.server.stop());

async function queued(): Promise<string> {
  const id = await api.create(constant(1));
  expect((await api.call('POST', `/jobs/${id}/results`)).status).toBe(202);
  return id;
}

/** Leases a job, and stores a file as its first result. */
async function running() {
  const id = await queued();
  const { records, objects } = api.server.application;
  const [lease] = await records.jobs.claim({
    ...{ worker: 'test', leaseMs: 600_000, types: ['batch'], limit: 1, perUser: 100, perType: {}, ids: [id] },
  });
  const key = `jobs/${id}/${lease.run}/part.txt`;
  await objects.put(key, Buffer.from('0123456789'));
  const asset = { name: 'part.txt', key, mediaType: 'text/plain', size: 10, roles: ['data'] };
  const result = { assets: [asset] };
  await records.jobs.report(lease, { progress: 30, result });
  return { id, lease, result };
}

const results = async (id: string, query = '') =>
  (await api.json('GET', `/jobs/${id}/results${query}`)) as unknown as Documents & Json;
const statusOf = async (id: string) => (await api.json('GET', `/jobs/${id}`))['status'];

test('only what is in line or at work can be canceled; others stay as they are', async () => {
  const created = await api.create(constant(1));
  expect((await api.call('DELETE', `/jobs/${created}/results`)).status).toBe(204);
  expect(await statusOf(created)).toBe('created');
  const waits = await queued();
  expect(await api.refusal('PATCH', `/jobs/${waits}`, { title: 'x' })).toEqual([400, 'JobLocked']);
  // What is wrong with the body is no matter while nothing can be changed.
  expect(await api.refusal('PATCH', `/jobs/${waits}`, {})).toEqual([400, 'JobLocked']);
  expect((await api.call('DELETE', `/jobs/${waits}/results`)).status).toBe(204);
  expect(await statusOf(waits)).toBe('created');
  expect(await api.refusal('GET', `/jobs/${waits}/results`)).toEqual([400, 'JobNotStarted']);
  const { id, lease, result } = await running();
  const { records } = api.server.application;
  await records.jobs.complete(lease, { status: 'completed', message: '', result });
  expect((await api.call('DELETE', `/jobs/${id}/results`)).status).toBe(204);
  expect(await statusOf(id)).toBe('finished');
  expect(await (await fetch((await results(id)).assets['part.txt'].href)).text()).toBe('0123456789');
});

test('what a job that failed had stored is there on request, and 424 is the answer otherwise', async () => {
  const { id, lease, result } = await running();
  const error = { code: 'SourceUnreadable', message: 'The source broke.' };
  await api.server.application.records.jobs.complete(lease, { status: 'failed', message: '', error, result });
  const failure = await api.call('GET', `/jobs/${id}/results`);
  expect([failure.status, await failure.json()]).toEqual([
    424,
    expect.objectContaining({ level: 'error', code: 'SourceUnreadable', message: 'The source broke.' }),
  ]);
  for (const wanted of ['?partial=false', '']) {
    const answer = await api.call('GET', `/jobs/${id}/results${wanted}`);
    expect([wanted, answer.status]).toEqual([wanted, 424]);
  }
  const partial = await results(id, '?partial=true');
  expect(partial['openeo:status']).toBe('error');
  expect((await fetch(partial.assets['part.txt'].href)).status).toBe(200);
});

test('results that have expired are gone, with the way to get them again', async () => {
  const { id, lease, result } = await running();
  const { records, jobs } = api.server.application;
  await records.jobs.complete(lease, { status: 'completed', message: '', result });
  const { href } = (await results(id)).assets['part.txt'];
  await records.jobs.forgetResult(id);
  const answer = await api.call('GET', `/jobs/${id}/results`);
  expect([answer.status, await answer.json()]).toEqual([
    410,
    expect.objectContaining({
      code: 'ResultLinkExpired',
      message: expect.stringContaining('start the job again'),
    }),
  ]);
  expect([(await fetch(href)).status, await statusOf(id)]).toEqual([404, 'finished']);
  expect((await api.call('POST', `/jobs/${id}/results`)).status).toBe(202);
  await until('it waits again', async () =>
    (await jobs.manager.find(id)).status === 'queued' ? true : undefined,
  );
});

test('files are sent as HTTP has it: in parts, under conditions, and by HEAD', async () => {
  const { id } = await running();
  const { href } = (await results(id, '?partial')).assets['part.txt'];
  const ask = async (headers: Record<string, string>, method = 'GET') => {
    const answer = await fetch(href, { method, headers });
    const { 'content-range': range, 'content-length': length } = Object.fromEntries(answer.headers);
    return [answer.status, await answer.text(), range, length];
  };
  expect(await ask({ range: 'bytes=2-4' })).toEqual([206, '234', 'bytes 2-4/10', '3']);
  expect(await ask({ range: 'bytes=-3' })).toEqual([206, '789', 'bytes 7-9/10', '3']);
  expect(await ask({ range: 'bytes=8-99' })).toEqual([206, '89', 'bytes 8-9/10', '2']);
  expect(await ask({ range: 'bytes=10-' })).toEqual([416, '', 'bytes */10', expect.anything()]);
  expect(await ask({ range: 'bytes=0-1,4-5' })).toEqual([200, '0123456789', undefined, '10']);
  expect(await ask({}, 'HEAD')).toEqual([200, '', undefined, '10']);
  // Ranges are defined for GET only (RFC 9110, section 14.2).
  expect(await ask({ range: 'bytes=2-4' }, 'HEAD')).toEqual([200, '', undefined, '10']);
  const etag = (await fetch(href, { method: 'HEAD' })).headers.get('etag')!;
  expect(await ask({ 'if-none-match': etag })).toEqual([304, '', undefined, undefined]);
  expect(await ask({ range: 'bytes=2-4', 'if-range': '"other"' })).toEqual([
    200,
    '0123456789',
    undefined,
    '10',
  ]);
  expect(await ask({ 'if-match': '"other"' })).toEqual([412, '', undefined, expect.anything()]);
  expect((await fetch(href)).headers.get('content-disposition')).toBe(
    "attachment; filename*=UTF-8''part.txt",
  );
  expect((await fetch(href, { method: 'POST' })).status).toBe(405);
});

test('pages of jobs and logs keep what was asked for, and wrong ones are refused', async () => {
  const id = await api.create(constant(1), { log_level: 'debug' });
  const { jobs } = api.server.application;
  const user = { id: 'ann', name: 'ann', roles: [] };
  const { records } = api.server.application;
  const time = new Date();
  const entry = (level: 'info' | 'error', message: string) => ({
    subject: `job:${id}`,
    level,
    message,
    time,
  });
  await records.logs.append([entry('error', 'one'), entry('info', 'between'), entry('error', 'two')]);
  await jobs.manager.logs(user, id, {});
  const first = (await api.json('GET', `/jobs/${id}/logs?level=error&limit=1`)) as {
    logs: Json[];
    links: { rel: string; href: string }[];
  };
  expect(first.logs.map(({ message }) => message)).toEqual(['one']);
  expect(first.links.map(({ rel }) => rel)).toEqual(['next']);
  const query = new URL(first.links[0].href).searchParams;
  expect([query.get('level'), query.get('limit'), query.get('offset')]).toEqual([
    'error',
    '1',
    first.logs[0]['id'],
  ]);
  const second = (await api.json('GET', first.links[0].href)) as typeof first;
  expect([second.logs.map(({ message }) => message), second.links]).toEqual([['two'], []]);
  for (const path of [
    ...[
      '?limit=0',
      '?limit=-1',
      '?limit=1.5',
      '?limit=x',
      '?limit=1&limit=2',
      '?after=%00',
      '?after=nowhere',
    ],
    ...['/logs', '/logs'].map(
      (logs, index) => `/${id}${logs}?${['limit=0', 'level=info&level=error'][index]}`,
    ),
    `/${id}/logs?offset=%00`,
  ])
    expect([path, ...(await api.refusal('GET', `/jobs${path}`))]).toEqual([path, 400, 'RequestInvalid']);
});

test('the level of a job’s log keeps out what is below it', async () => {
  const id = await api.create(constant(1), { log_level: 'error' });
  await api.call('POST', `/jobs/${id}/results`);
  expect((await api.json('GET', `/jobs/${id}/logs`))['logs']).toEqual([]);
  await api.call('DELETE', `/jobs/${id}/results`);
  expect((await api.call('PATCH', `/jobs/${id}`, { log_level: 'info' })).status).toBe(204);
  await api.call('POST', `/jobs/${id}/results`);
  const { logs } = (await api.json('GET', `/jobs/${id}/logs`)) as { logs: Json[] };
  expect(logs.map(({ message }) => message)).toEqual(['The job was put in line']);
});
