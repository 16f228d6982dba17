import { once } from 'node:events';
import http from 'node:http';
import request from 'supertest';
import { Limiter } from '../../../src/base/limiter';
import { connectH2, requestH2 } from '../../support/h2';
import { type Harness, startHarness } from '../support/harness';

let harness: Harness;
let token: string;

beforeAll(async () => {
  harness = await startHarness({ settings: { limits: { pixels: 1e6, seconds: 20, bodyBytes: 1 << 20 } } });
  token = await harness.login('alice');
});
afterAll(() => harness.stop());

const node = (process_id: string, args: object = {}) => ({
  n: { process_id, arguments: args, result: true },
});
const compute = (process: object, query = '', server = harness, header = token) =>
  request(server.api).post(`/result${query}`).set('Authorization', header).send({ process });

/** What the process `wait_forever` reports of itself. */
const reports: string[] = [];
const report = (what: string) => reports.push(what);
beforeEach(() => {
  reports.length = 0;
  process.on('tilegraph-test', report);
});
afterEach(() => {
  process.off('tilegraph-test', report);
});
async function reported(what: string, count = 1): Promise<void> {
  while (reports.filter((other) => other === what).length < count)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

test('data is answered as JSON', async () => {
  const answer = await compute({ process_graph: node('add', { x: 1, y: 2 }) });
  expect([answer.status, answer.body]).toEqual([200, 3]);
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  expect(answer.headers).toMatchObject({ 'openeo-costs': '0', 'cache-control': 'no-store' });
  expect(answer.headers['content-disposition']).toBe('inline; filename="result.json"');
  expect((await compute({ process_graph: node('many_numbers') })).body).toHaveLength(200_000);
});

test('the query gives declared parameters a value', async () => {
  const definition = {
    parameters: [
      { name: 'x', description: '', schema: { type: 'number' } },
      { name: 'y', description: '', schema: { type: 'number' }, optional: true, default: 10 },
    ],
    process_graph: node('add', { x: { from_parameter: 'x' }, y: { from_parameter: 'y' } }),
  };
  expect((await compute(definition, '?x=1.5')).body).toBe(11.5);
  expect((await compute(definition, '?x=1&y=2&other=3')).body).toBe(3);
  expect((await compute(definition)).body.code).toBe('ProcessParameterRequired');
  expect((await compute(definition, '?x=abc')).body.code).toBe('ProcessParameterInvalid');
  expect((await compute(definition, '?x=1&x=2')).body.code).toBe('RequestInvalid');
  expect((await compute(definition, '?x=1&_openeo_user=bob')).body.code).toBe('ProcessParameterInvalid');
  expect((await compute(definition, '?x=1&__proto__=2')).body).toBe(11);
});

test('who asks is known to processes and graphs', async () => {
  expect((await compute({ process_graph: node('whoami') })).body).toBe('alice');
});

test.each([
  [{}, 'RequestInvalid'],
  [{ process: null }, 'RequestInvalid'],
  [{ process: 7 }, 'RequestInvalid'],
  [{ process: {} }, 'ProcessGraphMissing'],
  [{ process: { process_graph: {} } }, 'ProcessGraphInvalid'],
  [{ process: { process_graph: node('nothing') } }, 'ProcessUnsupported'],
  [{ process: { process_graph: node('__proto__') } }, 'ProcessUnsupported'],
  [{ process: { process_graph: node('add') } }, 'ProcessParameterRequired'],
  [{ process: { process_graph: node('add', { x: 'a', y: 1 }) } }, 'ProcessParameterInvalid'],
  [{ process: { process_graph: node('add', { x: 1, y: 1, z: 1 }) } }, 'ProcessParameterUnsupported'],
  [{ process: { process_graph: node('e') }, plan: 'gold' }, 'BillingPlanInvalid'],
  [{ process: { process_graph: node('e') }, budget: -1 }, 'RequestInvalid'],
  [{ process: { process_graph: node('e') }, budget: 'x' }, 'RequestInvalid'],
  [{ process: { process_graph: node('e') }, log_level: 'loud' }, 'RequestInvalid'],
])('%j is refused: %s', async (body, code) => {
  const answer = await request(harness.api).post('/result').set('Authorization', token).send(body);
  expect([answer.status, answer.body.code]).toEqual([400, code]);
});

test('what is optional may be null or there', async () => {
  const body = {
    process: { process_graph: node('e') },
    plan: null,
    budget: null,
    log_level: 'debug',
    extra: 1,
  };
  const answer = await request(harness.api).post('/result').set('Authorization', token).send(body);
  expect(answer.body).toBeCloseTo(Math.E);
});

test('it needs a login', async () => {
  expect((await request(harness.api).post('/result').send({})).status).toBe(401);
});

test('bugs of processes are ours', async () => {
  const answer = await compute({ process_graph: node('crash') });
  expect([answer.status, answer.body.code]).toEqual([500, 'Internal']);
  expect(answer.text).not.toContain('hunter2');
});

test('what takes too long is stopped', async () => {
  const server = await startHarness({ settings: { limits: { pixels: 1, seconds: 0.05, bodyBytes: 1e6 } } });
  const answer = await compute(
    { process_graph: node('wait_forever') },
    '',
    server,
    await server.login('alice'),
  );
  expect([answer.status, answer.body.code]).toEqual([408, 'RequestTimeout']);
  expect(answer.body.message).toContain('0.05');
  await reported('aborted');
  await server.stop();
});

test.each(['HTTP/1.1', 'HTTP/2'])('it stops when the client leaves (%s)', async (version) => {
  const body = JSON.stringify({ process: { process_graph: node('wait_forever') } });
  const headers = { authorization: token, 'content-type': 'application/json' };
  const path = '/openeo/1.2/result';
  if (version === 'HTTP/1.1') {
    const sent = http.request({ port: harness.port, host: '127.0.0.1', method: 'POST', path, headers });
    sent.on('error', () => {});
    sent.end(body);
    await reported('started');
    sent.destroy();
  } else {
    const session = await connectH2(harness.origin);
    const stream = session.request({ ':path': path, ':method': 'POST', ...headers });
    stream.on('error', () => {});
    stream.end(body);
    await reported('started');
    stream.close(8);
    await once(stream, 'close');
    session.destroy();
  }
  await reported('aborted');
});

test('what is too much waits, and what is more is refused', async () => {
  const heavy = new Limiter(1, 1);
  const server = await startHarness({ backend: { heavy } });
  const header = await server.login('alice');
  const session = await connectH2(server.origin);
  const send = (process_id: string) => {
    const stream = session.request({
      ...{ ':path': '/openeo/1.2/result', ':method': 'POST' },
      ...{ authorization: header, 'content-type': 'application/json' },
    });
    stream.on('error', () => {});
    stream.end(JSON.stringify({ process: { process_graph: node(process_id) } }));
    return stream;
  };
  const running = send('wait_forever');
  await reported('started');
  const waiting = send('e');
  while (heavy.waiting < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  const refused = await compute({ process_graph: node('e') }, '', server, header);
  expect([refused.status, refused.body.code]).toEqual([429, 'TooManyRequests']);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  // Other requests are not in that queue.
  expect((await request(server.origin).get('/healthz')).status).toBe(200);
  // One that leaves the queue makes room; one that leaves its place lets the next in.
  waiting.close(8);
  while (heavy.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const next = compute({ process_graph: node('e') }, '', server, header);
  running.close(8);
  expect((await next).status).toBe(200);
  expect(heavy.running).toBe(0);
  session.destroy();
  await server.stop();
});

test('a graceful stop lets a computation finish', async () => {
  const server = await startHarness({ settings: { limits: { pixels: 1, seconds: 0.3, bodyBytes: 1e6 } } });
  const header = await server.login('alice');
  const session = await connectH2(server.origin);
  const answer = requestH2(
    session,
    {
      ...{ ':path': '/openeo/1.2/result', ':method': 'POST' },
      ...{ authorization: header, 'content-type': 'application/json' },
    },
    [JSON.stringify({ process: { process_graph: node('wait_forever') } })],
  );
  await reported('started');
  await server.server.close(10_000);
  expect((await answer).status).toBe(408);
  await server.stop();
});
