import { getEventListeners } from 'node:events';
import { Agent, request } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { EventSource, Agent as FetchAgent } from 'undici';
import { until } from '../../../jobs/support/world';
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
  readonly id?: string;
  readonly data: Record<string, unknown>;
}

function ask(url: string, lastEventId?: string): Promise<Response> {
  const headers = {
    authorization: `Bearer ${ann}`,
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  };
  return fetch(url, { headers });
}

async function* events(url: string, lastEventId?: string): AsyncGenerator<ServerEvent> {
  const response = await ask(url, lastEventId);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const [, id, event, data] = /^(?:id: (\S+)\n)?event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (event) yield { event, data: JSON.parse(data), ...(id && { id }) };
    }
  }
}

async function made(): Promise<string> {
  const process = { process_graph: { e: { process_id: 'e', arguments: {}, result: true } } };
  const response = await server.call('POST', '/jobs', { process }, ann);
  return response.headers.get('openeo-identifier')!;
}

async function started(): Promise<string> {
  const id = await made();
  await server.call('POST', `/jobs/${id}/results`, undefined, ann);
  return id;
}

const claim = async (id: string) =>
  (
    await server.application.records.jobs.claim({
      ...{ worker: 'w', leaseMs: 60_000, types: ['batch'], limit: 1, perUser: 9, perType: {} },
      ids: [id],
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
  const lease = await claim(id);
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

test('who comes back hears what is new, from any server, and nothing twice', async () => {
  const { jobs } = server.application.records;
  const id = await started();
  const url = `${server.api}/jobs/${id}/events`;
  const first: ServerEvent = (await events(url).next()).value;
  const lease = await claim(id);
  const again = events(url, first.id);
  const second: ServerEvent = (await again.next()).value;
  expect(second.data).toMatchObject({ status: 'running' });
  expect(second.id).not.toBe(first.id);
  // One who knows this state is told nothing before the next one, one who comes with nonsense is told this one.
  const quiet = events(url, second.id);
  const next = quiet.next();
  expect((await events(url, 'Ünknown').next()).value).toEqual(second);
  await jobs.complete(lease, { status: 'completed', message: 'completed' });
  const last: ServerEvent = (await next).value;
  expect(last.data).toMatchObject({ status: 'finished' });
  expect((await again.next()).value).toEqual(last);
  expect((await quiet.next()).done).toBe(true);
  const over = await ask(url, last.id);
  expect([over.status, await over.text()]).toEqual([204, '']);
  // Started anew there is news again.
  await server.call('POST', `/jobs/${id}/results`, undefined, ann);
  expect((await events(url, last.id).next()).value.data).toMatchObject({ status: 'queued' });
});

test('a job that was not started yet is waited for, and one that was canceled is over', async () => {
  const id = await made();
  const stream = events(`${server.api}/jobs/${id}/events`);
  const statuses = [];
  for await (const { data } of stream) {
    if (statuses.push(data['status']) === 1) await server.call('POST', `/jobs/${id}/results`, undefined, ann);
    if (statuses.length === 2) await server.call('DELETE', `/jobs/${id}/results`, undefined, ann);
  }
  expect(statuses).toEqual(['created', 'queued', 'created']);
});

/** A way to the server that can be cut. */
async function cuttable() {
  const sockets = new Set<Socket>();
  const { port } = new URL(server.url);
  const proxy = createServer((socket) => {
    const there = connect(Number(port), '127.0.0.1');
    for (const each of [socket, there]) sockets.add(each.on('error', () => {}));
    socket.pipe(there).pipe(socket);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => proxy.once('listening', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    cut,
    close: () => proxy.close(),
  };
}

test('an EventSource whose connection is lost hears every state that it finds once, and ends with the job', async () => {
  const { jobs } = server.application.records;
  const id = await started();
  const way = await cuttable();
  const dispatcher = new FetchAgent().compose((dispatch) => (options, handler) => {
    const headers = { ...(options.headers as Record<string, string>), authorization: `Bearer ${ann}` };
    return dispatch({ ...options, headers }, handler);
  });
  const source = new EventSource(`${way.url}/api/jobs/${id}/events`, { node: { dispatcher } });
  const heard: [string, number][] = [];
  let opened = 0;
  source.addEventListener('open', () => opened++);
  source.addEventListener('job', (event) => {
    const { status, progress } = JSON.parse((event as unknown as { data: string }).data);
    heard.push([status, progress]);
  });
  try {
    await until('it is in line', () => heard.length === 1);
    way.cut();
    const lease = await claim(id);
    await jobs.report(lease, { progress: 30 });
    await until('it is back, with news', () => heard.length === 2);
    way.cut();
    await until('it is back, without news', () => opened === 3);
    await jobs.complete(lease, { status: 'completed', message: 'completed' });
    await until('it stays away', () => source.readyState === EventSource.CLOSED);
    expect(heard).toEqual([
      ['queued', 0],
      ['running', 30],
      ['completed', 100],
    ]);
  } finally {
    source.close();
    way.cut();
    way.close();
    await dispatcher.close();
  }
});

test('HEAD is answered to its end, while the job still runs', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = (method: string, url: string) =>
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
  expect(await send('HEAD', `${server.api}/jobs/${await started()}/events`)).toBe(200);
  expect(await send('GET', `${server.url}/healthz`)).toBe(200);
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
