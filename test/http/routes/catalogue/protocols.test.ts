import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { createLogger, silentLogger } from '../../../../src/base/logger';
import { createMetrics } from '../../../../src/http/metrics';
import { quickTiles } from '../../../../src/http/quick/quick-tiles';
import { createHttpServer } from '../../../../src/http/server';
import { TileReader } from '../../../../src/tiles/reader';
import { connectH2, requestH2 } from '../../../support/h2';
import { eventually } from '../../../support/process';
import { startServer, type TestServer } from '../../../support/server';
import { selfSigned } from '../../../support/tls';
import { describeWith } from '../../../support/tools';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}
type Ask = (method: string, path: string, headers?: Readonly<Record<string, string>>) => Promise<Answer>;
type Line = Readonly<Record<string, unknown>>;

const certificate = selfSigned();

/** A client that keeps one connection, so that all requests go the same way. */
async function client(url: string, version: 1 | 2): Promise<{ ask: Ask; close(): void }> {
  const options = { ca: certificate?.cert };
  if (version === 2) {
    const session = await connectH2(url, options);
    const ask: Ask = (method, path, headers = {}) =>
      requestH2(session, { ':method': method, ':path': path, ...headers });
    return { ask, close: () => session.close() };
  }
  const module = url.startsWith('https') ? https : http;
  const agent = new module.Agent({ keepAlive: true, maxSockets: 1 });
  const ask: Ask = (method, path, headers = {}) =>
    new Promise((resolve, reject) => {
      const request = module.request(`${url}${path}`, { ...options, method, headers, agent }, (response) => {
        buffer(response).then(
          (body) => resolve({ status: response.statusCode!, headers: response.headers, body }),
          reject,
        );
      });
      request.on('error', reject).end();
    });
  return { ask, close: () => agent.destroy() };
}

/** What two equal answers may differ in. */
function plain({ status, headers, body }: Answer) {
  const { ':status': _, 'x-request-id': id, date, ...rest } = headers;
  const isJson = body.length > 0 && /json/.test(String(headers['content-type']));
  const document = isJson ? JSON.parse(body.toString()) : undefined;
  if (document) delete document.id;
  expect([typeof id, typeof date]).toEqual(['string', 'string']);
  if (document) delete (rest as Record<string, unknown>)['content-length'];
  return { status, headers: rest, body: document ?? body.toString('base64') };
}

describeWith(certificate, 'openssl', 'GET /tiles over every protocol', () => {
  describe.each([
    ['public', 'clear text'],
    ['private', 'clear text'],
    ['public', 'TLS'],
    ['private', 'TLS'],
  ])('%s, %s', (access, transport) => {
    const isTls = transport === 'TLS';
    let folder: string;
    /** On the same tiles: one keeps them in memory and answers ahead of Express, the other does not. */
    let kept: TestServer;
    let plainServer: TestServer;
    const lines: Record<'kept' | 'plain', Line[]> = { kept: [], plain: [] };
    let headers: Record<string, string> = {};
    let bytes: Buffer;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'tilegraph-protocols-'));
      writeFileSync(join(folder, 'key.pem'), certificate!.key);
      writeFileSync(join(folder, 'cert.pem'), certificate!.cert);
      const settings = {
        tileStoreUrl: `sqlite:///${join(folder, 'tiles.db')}`,
        storeUrl: `sqlite:///${join(folder, 'records.db')}`,
        objectStoreUrl: pathToFileURL(join(folder, 'objects')).href,
        tilesPublic: access === 'public',
        trustProxy: 1,
        ...(isTls && { tlsKey: join(folder, 'key.pem'), tlsCert: join(folder, 'cert.pem') }),
      };
      const record = (name: 'kept' | 'plain') =>
        createLogger('info', { write: (line) => void lines[name].push(JSON.parse(line) as Line) });
      kept = await startServer(settings, record('kept'));
      plainServer = await startServer({ ...settings, tileCache: 0 }, record('plain'));
      bytes = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
        .webp()
        .toBuffer();
      const imagery = kept.application.imagery!;
      const entry = { z: 7, x: 3, y: 5, source: 'google_maps', captured_at: '2024-01-01T00:00:00Z' };
      await imagery.upload(entry, bytes, { logger: silentLogger, signal: new AbortController().signal });
      await kept.application.auth.users.create('anna', 'a long password');
      const { token } = await kept.application.auth.login('anna', 'a long password', '127.0.0.1');
      headers = { authorization: `Bearer basic//${token}` };
    });
    afterAll(async () => {
      await kept.stop();
      await plainServer.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    test.each([1, 2] as const)(
      '5.1 5.2 5.3 5.5 5.6 5.8 alike for both ways to answer: HTTP/%i',
      async (version) => {
        const [one, other] = [await client(kept.url, version), await client(plainServer.url, version)];
        const path = '/tiles/7/3/5';
        const first = await one.ask('GET', path, headers);
        expect([first.status, first.body.equals(bytes), first.headers['content-type']]).toEqual([
          200,
          true,
          'image/webp',
        ]);
        const etag = String(first.headers['etag']);
        const modified = String(first.headers['last-modified']);
        lines.kept.length = 0;
        lines.plain.length = 0;
        const requests: [string, string, Record<string, string>][] = [
          ['GET', path, headers],
          ['HEAD', path, headers],
          ['GET', path, { ...headers, 'if-none-match': etag }],
          ['HEAD', path, { ...headers, 'if-none-match': `"a", W/${etag}` }],
          ['GET', path, { ...headers, 'if-none-match': '"other"', 'if-modified-since': modified }],
          ['GET', path, { ...headers, 'if-modified-since': modified }],
          ['GET', path, { ...headers, 'if-modified-since': 'yesterday' }],
          ['GET', path, { ...headers, 'x-forwarded-for': '198.51.100.7, 203.0.113.9' }],
          // 5.8
          ['GET', path, { ...headers, accept: 'multipart/mixed, application/zip' }],
          ['GET', path, {}],
          ['GET', path, { authorization: 'Bearer basic//nobody' }],
          ['GET', path, { authorization: 'Basic YTpi' }],
          ['GET', `${path}?v=1`, headers],
          ['GET', '//tiles/7/3/5', headers],
          ['GET', `${path}/`, headers],
          ['GET', '/tiles/7/3/6', headers],
          ['GET', '/tiles/7/128/5', headers],
          ['GET', '/tiles/07/3/5', headers],
          ['DELETE', path, headers],
          ['OPTIONS', path, {}],
        ];
        for (const [method, target, fields] of requests) {
          const answers = [await one.ask(method, target, fields), await other.ask(method, target, fields)];
          expect([method, target, fields, plain(answers[0])]).toEqual([
            method,
            target,
            fields,
            plain(answers[1]),
          ]);
        }
        one.close();
        other.close();
        // 204, 304, 401 and the like are in the log and the metrics as well, each once.
        await eventually(() => {
          expect([lines.kept.length, lines.plain.length]).toEqual([requests.length, requests.length]);
        });
        const comparable = ({ request, durationMs, time, ...line }: Line) => {
          expect([typeof request, typeof durationMs]).toEqual(['string', 'number']);
          return line;
        };
        expect(lines.kept.map(comparable)).toEqual(lines.plain.map(comparable));
        expect(lines.kept[7]).toMatchObject({ address: '203.0.113.9', http: version === 2 ? '2.0' : '1.1' });
        const count = async ({ application }: TestServer) =>
          (await application.metrics.registry.metrics())
            .split('\n')
            .filter((line) => /_duration_seconds_count\{.*\/tiles\//.test(line));
        const counted = await count(kept);
        expect(counted.join('\n')).toMatch(/method="GET",route="\/tiles\/\{z\}\/\{x\}\/\{y\}",status="304"/);
      },
    );
  });

  test('a tile in memory is answered ahead of the application, all else by it', async () => {
    const row = { id: 'a', filePath: 'a.png', source: 'uav', updatedAt: 5 } as const;
    const reader = new TileReader(
      { file: async () => row, watch: () => () => {} } as never,
      { read: async () => Buffer.from([0xff, 0xd8, 0xff]) } as never,
      { cacheBytes: 1e6 },
    );
    const server = createHttpServer((_, response) => void response.writeHead(418).end(), {
      logger: silentLogger,
      quick: quickTiles({
        ...{ reader, isPublic: false },
        auth: {
          authenticate: async (header) => {
            if (header !== 'Bearer good') throw new Error('no');
            return { id: 'anna', name: 'anna', roles: [] };
          },
        },
        records: { logger: silentLogger, metrics: createMetrics() },
      }),
    });
    const { port } = await server.listen('127.0.0.1', 0);
    const authorization = 'Bearer good';
    for (const version of [1, 2] as const) {
      const { ask, close } = await client(`http://127.0.0.1:${port}`, version);
      const status = async (...args: Parameters<Ask>) => (await ask(...args)).status;
      expect(await status('GET', '/tiles/3/1/1', { authorization })).toBe(version === 1 ? 418 : 200);
      await reader.get({ z: 3, x: 1, y: 1 });
      expect(await status('GET', '/tiles/3/1/1', { authorization })).toBe(200);
      expect(await status('GET', '/tiles/3/1/1')).toBe(418);
      expect(await status('GET', '/tiles/3/1/1', { authorization: 'Bearer bad' })).toBe(418);
      expect(await status('GET', '/tiles/3/1/2', { authorization })).toBe(418);
      expect(await status('POST', '/tiles/3/1/1', { authorization, 'content-length': '0' })).toBe(418);
      close();
    }
    await server.close(1000);
    reader.close();
  });
});
