import request from 'supertest';
import type { RequestContext } from '../../../src/http/context';
import type { Route } from '../../../src/http/route';
import { connectH2, requestH2 } from '../../support/h2';
import { type Harness, startHarness } from '../support/harness';
import { openApp } from './support';

const app = openApp();

describe('failures', () => {
  test('are answered with an id that the log repeats, and nothing else', async () => {
    const answer = await request(app.harness.api).get('/fail/hunter2');
    expect([answer.status, answer.body.code]).toEqual([500, 'Internal']);
    expect(answer.text).not.toContain('hunter2');
    expect(answer.headers['etag']).toBeUndefined();
    expect(answer.headers['cache-control']).toBe('no-store');
    const [failure, line] = app.lines();
    expect(failure).toMatchObject({ level: 'error', request: answer.body.id, code: 'Internal' });
    expect(failure.error.stack).toContain('app/support');
    expect(line).toMatchObject({
      message: 'request',
      request: answer.body.id,
      status: 500,
      code: 'Internal',
    });
  });

  test('with nothing thrown are failures too', async () => {
    expect((await request(app.harness.api).get('/fail/nothing')).status).toBe(500);
  });

  test('after the headers cut the connection', async () => {
    await expect(request(app.harness.api).get('/fail/late')).rejects.toThrow(/aborted|socket hang up/);
    const session = await connectH2(app.harness.origin);
    await expect(requestH2(session, { ':path': '/openeo/1.2/fail/late' })).rejects.toThrow();
    // The session goes on.
    expect((await requestH2(session, { ':path': '/openeo/1.2/' })).status).toBe(200);
    session.destroy();
  });
});

describe('the log', () => {
  test('has a line per request, without what is secret', async () => {
    await request(app.harness.api).get('/test/a?signature=SECRET&x=1').set('Authorization', app.token);
    expect(app.lines()).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        message: 'request',
        request: expect.any(String),
        method: 'GET',
        path: '/openeo/1.2/test/a',
        route: '/test/{name}',
        status: 200,
        durationMs: expect.any(Number),
        http: '1.1',
        address: '127.0.0.1',
        user: 'alice',
      },
    ]);
    const session = await connectH2(app.harness.origin);
    app.log.splice(0);
    await requestH2(session, { ':path': '/openeo/1.2/test/a' });
    session.destroy();
    expect(app.lines()).toMatchObject([
      { message: 'request', http: '2.0', address: '127.0.0.1', status: 200 },
    ]);
    await request(app.harness.origin).get('/openeo/1.2/credentials/basic').auth('alice', 'hunter2');
    const all = app.log.join('');
    expect(all).not.toMatch(/SECRET|hunter2/);
    expect(all).not.toContain(app.token.slice(-20));
  });
});

describe('for operators', () => {
  test('/healthz and /readyz tell the state', async () => {
    expect((await request(app.harness.origin).get('/healthz')).body).toEqual({ status: 'ok' });
    const ready = await request(app.harness.origin).get('/readyz');
    expect([ready.status, ready.body]).toEqual([200, { status: 'ready', checks: { records: 'ok' } }]);
  });

  test('/readyz says what is away, without secrets', async () => {
    const away = async () => {
      throw new Error('connect to postgres://user:hunter2@db');
    };
    const tileStore = { ping: away } as unknown as Harness['backend']['tileStore'];
    const server = await startHarness({ backend: { tileStore } });
    const { status, body, text } = await request(server.origin).get('/readyz');
    expect([status, body.checks]).toEqual([503, { records: 'ok', tile_store: 'cannot be reached' }]);
    expect(text).not.toContain('hunter2');
    expect((await request(server.origin).get('/healthz')).status).toBe(200);
    await server.stop();
  });

  test('/metrics counts by template, not by address', async () => {
    const names = Array.from({ length: 5 }, (_, i) => `/test/secret-${i}`);
    for (const name of names) await request(app.harness.api).get(name);
    const { text, headers } = await request(app.harness.origin).get('/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain/);
    const count =
      /tilegraph_http_request_duration_seconds_count\{method="GET",route="\/test\/\{name\}",status="200"\} (\d+)/;
    expect(Number(count.exec(text)?.[1])).toBeGreaterThanOrEqual(5);
    expect(text).not.toContain('secret-');
  });
});

test('every request has its own context', async () => {
  const seen = new Set<RequestContext>();
  const route: Route = {
    method: 'GET',
    path: '/context',
    access: 'public',
    handle(req, res) {
      seen.add(req.context);
      res.json({ id: req.context.id });
    },
  };
  const server = await startHarness({ routes: [route] });
  const session = await connectH2(server.origin);
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => requestH2(session, { ':path': '/openeo/1.2/context' })),
  );
  expect(new Set(answers.map(({ headers }) => headers['x-request-id'])).size).toBe(5);
  expect(seen.size).toBe(5);
  session.destroy();
  await server.stop();
});
