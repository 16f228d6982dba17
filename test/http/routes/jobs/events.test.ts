import { getEventListeners } from 'node:events';
import { Agent, request } from 'node:http';
import { startServer, type TestServer } from '../../../support/server';

jest.setTimeout(120_000);

let server: TestServer;
let ann: string;

beforeAll(async () => {
  server = await startServer({ jobConcurrency: 0 });
  ann = await server.user('ann');
});
afterAll(() => server?.stop());

interface ServerEvent {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

async function* events(url: string, token = ann): AsyncGenerator<ServerEvent> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (event) yield { event, data: JSON.parse(data) };
    }
  }
}

async function started(): Promise<string> {
  const process = { process_graph: { e: { process_id: 'e', arguments: {}, result: true } } };
  const response = await server.call('POST', '/jobs', { process }, ann);
  const id = response.headers.get('openeo-identifier')!;
  await server.call('POST', `/jobs/${id}/results`, undefined, ann);
  return id;
}

const claim = async () =>
  (
    await server.application.records.jobs.claim({
      ...{ worker: 'w', leaseMs: 60_000, types: ['batch'], limit: 1, perUser: 9, perType: {} },
    })
  )[0];

test('a browser hears of each change until the end, in both words', async () => {
  const { jobs } = server.application.records;
  const id = await started();
  const openeo = events(`${server.api}/jobs/${id}/events`);
  const own = events(`${server.url}/api/jobs/${id}/events`);
  const both = async () => [(await openeo.next()).value, (await own.next()).value].map(({ data }) => data);
  expect(await both()).toMatchObject([
    { id, status: 'queued' },
    { id, status: 'queued', progress: 0 },
  ]);
  const lease = await claim();
  expect(await both()).toMatchObject([{ status: 'running' }, { status: 'running' }]);
  await jobs.report(lease, { progress: 50, message: 'Half' });
  expect(await both()).toMatchObject([{ progress: 50 }, { progress: 50, message: 'Half' }]);
  await jobs.complete(lease, { status: 'completed', message: 'completed' });
  expect(await both()).toMatchObject([{ status: 'finished' }, { status: 'completed', progress: 100 }]);
  expect([(await openeo.next()).done, (await own.next()).done]).toEqual([true, true]);
  expect(getEventListeners(server.application.jobs.watcher.closed, 'abort')).toEqual([]);
});

test('a job that is removed is told as removed, and others see nothing', async () => {
  const id = await started();
  const stream = events(`${server.api}/jobs/${id}/events`);
  expect((await stream.next()).value).toMatchObject({ event: 'job' });
  await server.call('DELETE', `/jobs/${id}`, undefined, ann);
  expect((await stream.next()).value).toEqual({ event: 'removed', data: { id } });
  expect((await stream.next()).done).toBe(true);
  const bob = await server.user('bob');
  const other = await started();
  for (const [token, status] of [
    [bob, 404],
    [null, 401],
  ] as const)
    expect((await server.call('GET', `/jobs/${other}/events`, undefined, token)).status).toBe(status);
});

test('HEAD is answered to its end, while the job still runs', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (method: string, url: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request(
        url,
        { method, agent, headers: { authorization: `Bearer ${ann}` } },
        (response) => {
          response.resume().once('end', () => resolve(response.statusCode));
        },
      );
      sent.once('error', reject).end();
    });
  // The connection is free again only when the server has ended its answer.
  expect(await ask('HEAD', `${server.api}/jobs/${await started()}/events`)).toBe(200);
  expect(await ask('GET', `${server.url}/healthz`)).toBe(200);
  agent.destroy();
});

test('streams do not keep a server from stopping', async () => {
  const busy = server;
  const [annThere] = [ann];
  server = await startServer({ jobConcurrency: 0 });
  ann = await server.user('ann');
  const stream = events(`${server.api}/jobs/${await started()}/events`);
  await stream.next();
  const stopping = server.stop();
  expect((await stream.next()).done).toBe(true);
  await stopping;
  [server, ann] = [busy, annThere];
});
