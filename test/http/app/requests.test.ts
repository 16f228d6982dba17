import net from 'node:net';
import request from 'supertest';
import { connectH2, requestH2 } from '../../support/h2';
import { type Harness, startHarness } from '../support/harness';
import { openApp, routes } from './support';

const app = openApp();

const exposed =
  'Location, OpenEO-Identifier, OpenEO-Costs, Link, Accept-Ranges, Content-Range, ETag, Repr-Digest, Retry-After, X-Request-Id';

describe('cross-origin requests', () => {
  test.each(['/', '/nowhere', '/me', '/fail/x'])(
    'any answer may be read by any origin (%s)',
    async (path) => {
      const { headers } = await request(app.harness.api).get(path).set('Origin', 'https://editor.example');
      expect(headers['access-control-allow-origin']).toBe('*');
      expect(headers['access-control-expose-headers']).toBe(exposed);
    },
  );

  test.each(['/', '/files/a/b', '/nowhere', '/services/x'])(
    'OPTIONS is answered with 204 (%s)',
    async (path) => {
      const answer = await request(app.harness.api)
        .options(path)
        .set('Origin', 'https://editor.example')
        .set('Access-Control-Request-Method', 'PUT')
        .set('Access-Control-Request-Headers', 'authorization');
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(answer.headers['access-control-allow-methods']).toBe(
        'OPTIONS, GET, HEAD, POST, PATCH, PUT, DELETE',
      );
      expect(answer.headers['access-control-allow-headers']).toMatch(/^Authorization, Content-Type/);
      expect(answer.headers['access-control-expose-headers']).toBe(exposed);
      expect(answer.headers['content-type']).toBe('application/json');
    },
  );

  test('other sites may embed what we answer, browsers may not guess or frame it', async () => {
    const { headers } = await request(app.harness.api).get('/');
    expect(headers['cross-origin-resource-policy']).toBe('cross-origin');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['cross-origin-embedder-policy']).toBeUndefined();
  });
});

describe('addresses', () => {
  test.each([
    ['/openeo/1.2//test///a', 200, { name: 'a', user: null }],
    ['//openeo//1.2//test/a/', 200, { name: 'a', user: null }],
    ['/openeo/1.2/test/%C3%A4%20b', 200, { name: 'ä b', user: null }],
    ['/openeo/1.2/test/a%2Fb', 200, { name: 'a/b', user: null }],
    ['/openeo/1.2/test/__proto__', 200, { name: '__proto__', user: null }],
    ['/at-root/a/b%2Fc/%C3%A4', 200, { rest: 'a/b/c/ä' }],
  ])('%s', async (path, status, body) => {
    const answer = await request(app.harness.origin).get(path);
    expect([answer.status, answer.body]).toEqual([status, body]);
  });

  test.each([
    ['GET', '/openeo/1.2/nowhere', 404, 'NotFound'],
    ['GET', '/nowhere', 404, 'NotFound'],
    ['GET', '/openeo/1.2/test/%E0%A4%A', 400, 'RequestInvalid'],
    ['GET', '/openeo/1.2/test/%ff', 400, 'RequestInvalid'],
    ['GET', '/openeo/1.2/jobs', 501, 'FeatureUnsupported'],
    ['POST', '/openeo/1.2/jobs/x/results', 501, 'FeatureUnsupported'],
    ['GET', '/openeo/1.0/collections', 404, 'UnsupportedApiVersion'],
    ['GET', '/openeo/2', 404, 'UnsupportedApiVersion'],
    ['GET', '/openeo/nowhere', 404, 'NotFound'],
    ['PUT', '/openeo/1.2/test/a', 405, 'MethodNotAllowed'],
    ['DELETE', '/openeo/1.2/collections', 405, 'MethodNotAllowed'],
    ['POST', '/healthz', 405, 'MethodNotAllowed'],
  ])('%s %s is answered with %i %s', async (method, path, status, code) => {
    const { api, origin } = app.harness;
    expect(api).toContain(origin);
    const answer = await request(origin)[method.toLowerCase() as 'get'](path);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.body).toEqual({
      id: answer.headers['x-request-id'],
      code,
      message: expect.any(String),
      links: [],
    });
    expect(answer.headers['allow']).toBe(
      code === 'MethodNotAllowed' ? (path.includes('test') ? 'GET, HEAD, POST' : 'GET, HEAD') : undefined,
    );
  });

  test.each([
    ['GET http://elsewhere.example/openeo/1.2//test/a?b=1', 200],
    ['GET http://elsewhere.example', 404],
    ['OPTIONS *', 204],
    ['TRACE /openeo/1.2/test/a', 405],
    ['GET *', 404],
  ])('other forms of targets are understood: %s', async (line, status) => {
    const socket = net.connect(app.harness.port, '127.0.0.1');
    socket.end(`${line} HTTP/1.1\r\nHost: here.example\r\nConnection: close\r\n\r\n`);
    const text = Buffer.concat(await socket.toArray()).toString();
    expect(text.split('\r\n')[0]).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  test('HEAD answers the headers of GET', async () => {
    const [head, get] = [await request(app.harness.api).head('/'), await request(app.harness.api).get('/')];
    expect([head.status, head.text]).toEqual([200, undefined]);
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
  });

  test('links lead to where the request was sent, or where a trusted proxy got it', async () => {
    const links = async (server: Harness, headers: Record<string, string>) =>
      (await request(server.origin).get('/.well-known/openeo').set(headers)).body.versions?.[0].url;
    expect(await links(app.harness, { Host: 'tiles.example:8080' })).toBe(
      'http://tiles.example:8080/openeo/1.2',
    );
    const forwarded = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'public.example', Host: 'inner' };
    expect(await links(app.harness, forwarded)).toBe('http://inner/openeo/1.2');
    const behind = await startHarness({ settings: { trustProxy: 'loopback' } });
    expect(await links(behind, forwarded)).toBe('https://public.example/openeo/1.2');
    await behind.stop();
  });

  test.each(['a b', 'a"><script>', 'user@host', 'a/b', '[::1'])(
    'a malformed host is refused: %s',
    async (host) => {
      const answer = await request(app.harness.origin).get('/.well-known/openeo').set('Host', host);
      expect([answer.status, answer.body.code]).toEqual([400, 'RequestInvalid']);
    },
  );

  test('a public address with a path is in all links, and may be in requests', async () => {
    const server = await startHarness({ settings: { publicUrl: 'https://example.org/eo/tiles' } });
    for (const path of ['/openeo/1.2/', '/eo/tiles/openeo/1.2/', '/eo/tiles//openeo/1.2']) {
      const { body } = await request(server.origin).get(path);
      expect(body.links).toContainEqual(
        expect.objectContaining({ rel: 'self', href: 'https://example.org/eo/tiles/openeo/1.2/' }),
      );
    }
    await server.stop();
  });
});

describe('who asks', () => {
  test.each([
    [undefined, 200, null],
    ['token', 200, 'alice'],
    ['Bearer basic//nonsense', 403, undefined],
    ['Basic YWxpY2U6Y29ycmVjdCBob3JzZQ==', 403, undefined],
  ])('optional credentials must be good where they are sent (%s)', async (header, status, user) => {
    const sent = request(app.harness.api).get('/test/a');
    if (header) sent.set('Authorization', header === 'token' ? app.token : header);
    const answer = await sent;
    expect([answer.status, answer.body.user]).toEqual([status, user]);
  });

  test('what needs a login says so', async () => {
    const answer = await request(app.harness.api).get('/me');
    expect([answer.status, answer.body.code]).toEqual([401, 'AuthenticationRequired']);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer /);
  });

  test('what needs the role admin says so', async () => {
    const answer = await request(app.harness.api).get('/admin/processes').set('Authorization', app.token);
    expect([answer.status, answer.body.code]).toEqual([403, 'PermissionsInsufficient']);
  });
});

describe('JSON bodies', () => {
  const post = () => request(app.harness.api).post('/test/a');

  test.each([
    ['{"a":', 'application/json', 400, 'RequestInvalid', /not JSON/],
    ["{'a':1}", 'application/json', 400, 'RequestInvalid', /not JSON/],
    ['[]', 'application/json', 400, 'RequestInvalid', /not a JSON object/],
    ['null', 'application/json', 400, 'RequestInvalid', /not a JSON object/],
    ['7', 'application/json', 400, 'RequestInvalid', /not a JSON object/],
    ['', 'application/json', 400, 'RequestInvalid', /no body/],
    ['{}', 'text/plain', 400, 'ContentTypeInvalid', /application\/json/],
    ['{}', 'application/x-www-form-urlencoded', 400, 'ContentTypeInvalid', /application\/json/],
    ['{}', 'application/json; charset=latin1', 400, 'ContentTypeInvalid', /UTF-8/],
    [`{"a":"${'x'.repeat(2000)}"}`, 'application/json', 413, 'BodyTooLarge', /1000 bytes/],
  ])('%.20s as %s', async (body, type, status, code, message) => {
    const answer = await post().set('Content-Type', type).send(body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.body.message).toMatch(message);
  });

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'application/geo+json',
  ])('are read as %s', async (type) => {
    const body = '{"__proto__":{"a":1},"ä":"\u{1F600}"}';
    const answer = await post().set('Content-Type', type).send(body);
    expect([answer.status, answer.text]).toEqual([200, body]);
  });

  test('without a type are refused', async () => {
    const session = await connectH2(app.harness.origin);
    const path = '/openeo/1.2/test/a';
    const answer = await requestH2(session, { ':path': path, ':method': 'POST' }, ['{}']);
    expect(JSON.parse(answer.body.toString()).code).toBe('ContentTypeInvalid');
    // Without content-length, too large by streaming.
    const large = await requestH2(
      session,
      { ':path': path, ':method': 'POST', 'content-type': 'application/json' },
      ['{"a":"', 'x'.repeat(5000), '"}'],
    );
    expect(large.status).toBe(413);
    session.destroy();
  });

  test('that nest too deeply are refused, whatever they are', async () => {
    const server = await startHarness({ routes });
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    const answer = await request(server.api).post('/test/a').type('json').send(deep);
    expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining('deeper than 1000')]);
    await server.stop();
  });

  test('a compressed bomb counts by what comes out', async () => {
    const { gzipSync } = await import('node:zlib');
    const sent = post().set('Content-Type', 'application/json').set('Content-Encoding', 'gzip');
    const answer = await sent
      .serialize((body) => body)
      .send(gzipSync(`{"a":"${'x'.repeat(100_000)}"}`) as never);
    expect(answer.status).toBe(413);
  });
});
