import { once } from 'node:events';
import http from 'node:http';
import type { ClientHttp2Session } from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import express, { type Express } from 'express';
import multer from 'multer';
import request from 'supertest';
import { silentLogger } from '../../src/base/logger';
import { speakHttp2 } from '../../src/http/http2';
import { createHttpServer, type HttpServer, type ServerLimits } from '../../src/http/server';
import { ClientGone, requestSignal } from '../../src/http/signal';
import { connectH2, requestH2 } from './support/h2';
import { selfSigned } from './support/tls';

const certificate = selfSigned();
const closing: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Events {
  started: number;
  readonly aborted: unknown[];
  /** Lets the handler of /slow answer. */
  release(): void;
  readonly entered: Promise<void>;
}

/** An application that shows what Express sees. */
function testApp(): { app: Express; events: Events } {
  speakHttp2();
  speakHttp2();
  const app = express();
  let enter: () => void;
  const entered = new Promise<void>((resolve) => {
    enter = resolve;
  });
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const events: Events = { started: 0, aborted: [], release: () => release(), entered };
  app.get('/meta', (req, res) => {
    res.json({
      host: req.host,
      protocol: req.protocol,
      version: req.httpVersion,
      ip: req.ip,
      query: req.query,
    });
  });
  app.post('/json', express.json(), (req, res) => {
    res.status(201).location('/x').json(req.body);
  });
  const upload = multer({ storage: multer.memoryStorage() });
  app.post('/upload', upload.single('file'), (req, res) => {
    res.json({ size: req.file?.size, fields: req.body });
  });
  app.get('/slow', async (req, res) => {
    events.started++;
    requestSignal(req, res).addEventListener('abort', () =>
      events.aborted.push(requestSignal(req, res).reason),
    );
    enter();
    await released;
    if (!res.destroyed) res.json({ slow: true });
  });
  const inner = express();
  inner.get('/who', (req, res) => {
    res.json({
      base: req.baseUrl,
      host: req.get('host'),
      isInner: req.app === inner || Object.getPrototypeOf(req.app) === inner,
    });
  });
  app.use('/inner', inner);
  app.get('/inner/after', (req, res) => {
    res.json({ host: req.get('host') });
  });
  app.get('/fails', () => {
    throw Object.assign(new Error('teapot'), { status: 418 });
  });
  return { app, events };
}

async function start(options: { isTls?: boolean; limits?: Partial<ServerLimits> } = {}) {
  const { app, events } = testApp();
  const server = createHttpServer(app, {
    logger: silentLogger,
    ...(options.isTls && { tls: certificate }),
    ...(options.limits && { limits: options.limits }),
  });
  const { port } = await server.listen('127.0.0.1', 0);
  let isClosed = false;
  const close = async (graceMs = 0) => {
    if (isClosed) return;
    isClosed = true;
    await server.close(graceMs);
  };
  closing.push(() => close());
  const origin = `${options.isTls ? 'https' : 'http'}://127.0.0.1:${port}`;
  return { server: server as HttpServer, port, origin, events, close };
}

async function session(origin: string): Promise<ClientHttp2Session> {
  const opened = await connectH2(origin, { rejectUnauthorized: false });
  closing.push(() => opened.destroy());
  return opened;
}

const describeTls = certificate ? describe : describe.skip;
if (!certificate) process.stderr.write('SKIPPED: no openssl program, TLS is not tested\n');

describe('one plain port', () => {
  test('speaks HTTP/1.1 and HTTP/2', async () => {
    const { origin, port } = await start();
    const h1 = await request(origin).get('/meta?a=1');
    expect(h1.body).toMatchObject({
      version: '1.1',
      protocol: 'http',
      host: `127.0.0.1:${port}`,
      query: { a: '1' },
    });
    const h2 = await requestH2(await session(origin), { ':path': '/meta?a=1' });
    expect(JSON.parse(h2.body.toString())).toEqual({ ...h1.body, version: '2.0' });
  });

  test.each([['PRI'], ['GET']])('waits for the rest of a first packet of one byte (%s)', async (kind) => {
    const { port, origin } = await start();
    if (kind === 'GET') {
      const socket = net.connect(port, '127.0.0.1');
      socket.write('G');
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.end('ET /meta HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      const [answer] = await once(socket, 'data');
      expect(String(answer)).toMatch(/^HTTP\/1.1 200/);
      return;
    }
    // A relay that splits the preface.
    const relay = net.createServer((client) => {
      const upstream = net.connect(port, '127.0.0.1');
      upstream.setNoDelay(true);
      client.once('data', async (data) => {
        client.pause();
        for (const size of [1, 1]) {
          upstream.write(data.subarray(0, size));
          data = data.subarray(size);
          await new Promise((resolve) => setTimeout(resolve, 15));
        }
        upstream.write(data);
        client.pipe(upstream);
      });
      upstream.pipe(client);
      upstream.on('error', () => {});
      client.on('error', () => {});
    });
    relay.listen(0, '127.0.0.1');
    await once(relay, 'listening');
    closing.push(() => relay.close());
    const through = await session(`http://127.0.0.1:${(relay.address() as net.AddressInfo).port}`);
    expect((await requestH2(through, { ':path': '/meta' })).status).toBe(200);
    expect(origin).toContain(String(port));
  });

  test('keeps HTTP/1.1 connections open for the next request', async () => {
    const { port } = await start();
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    closing.push(() => agent.destroy());
    const ports = new Set<number | undefined>();
    for (let i = 0; i < 3; i++) {
      const sent = http.get({ port, host: '127.0.0.1', path: '/meta', agent });
      const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
      ports.add(response.socket.localPort);
      response.resume();
      await once(response, 'end');
    }
    expect(ports.size).toBe(1);
  });

  test('a client may close its side after the request', async () => {
    const { port } = await start();
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end('GET /meta HTTP/1.0\r\n\r\n');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/ 200 OK/);
  });
});

describeTls('TLS', () => {
  test('chooses the protocol by ALPN', async () => {
    const { origin, port } = await start({ isTls: true });
    const h2 = await requestH2(await session(origin), { ':path': '/meta' });
    expect(JSON.parse(h2.body.toString())).toMatchObject({ version: '2.0', protocol: 'https' });
    const sent = https.get({ port, host: '127.0.0.1', path: '/meta', rejectUnauthorized: false });
    const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
    expect(response.httpVersion).toBe('1.1');
    expect(JSON.parse(Buffer.concat(await response.toArray()).toString()).protocol).toBe('https');
  });

  test('refuses what it does not speak', async () => {
    const { port } = await start({ isTls: true });
    const socket = tls.connect({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ALPNProtocols: ['spdy/3'],
    });
    const [error] = await once(socket, 'error');
    expect(String(error)).toMatch(/no application protocol/i);
    // Plain HTTP on the TLS port ends without harm.
    const plain = net.connect(port, '127.0.0.1');
    plain.on('error', () => {});
    plain.write('GET / HTTP/1.1\r\n\r\n');
    await once(plain.resume(), 'close');
  });
});

describe('Express over HTTP/2', () => {
  test('reads bodies without content-length', async () => {
    const { origin } = await start();
    const client = await session(origin);
    const json = await requestH2(
      client,
      { ':path': '/json', ':method': 'POST', 'content-type': 'application/json' },
      ['{"x":', '[1,2]}'],
    );
    expect([json.status, json.headers['location'], json.body.toString()]).toEqual([201, '/x', '{"x":[1,2]}']);
    const boundary = 'some-boundary';
    const part = (head: string) => `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`;
    const file = Buffer.alloc(3 << 20, 7);
    const form = await requestH2(
      client,
      { ':path': '/upload', ':method': 'POST', 'content-type': `multipart/form-data; boundary=${boundary}` },
      [part('name="a"'), '1\r\n', part('name="file"; filename="b"'), file, `\r\n--${boundary}--\r\n`],
    );
    expect(JSON.parse(form.body.toString())).toEqual({ size: file.length, fields: { a: '1' } });
  });

  test('serves mounted applications, and goes on after them', async () => {
    const { origin, port } = await start();
    const client = await session(origin);
    const host = `127.0.0.1:${port}`;
    const inner = await requestH2(client, { ':path': '/inner/who' });
    expect(JSON.parse(inner.body.toString())).toEqual({ base: '/inner', host, isInner: true });
    const after = await requestH2(client, { ':path': '/inner/after' });
    expect(JSON.parse(after.body.toString())).toEqual({ host });
    expect((await requestH2(client, { ':path': '/fails' })).status).toBe(418);
    expect((await requestH2(client, { ':path': '/nowhere' })).status).toBe(404);
  });

  test('runs the requests of one connection side by side, up to a limit', async () => {
    const { origin, events } = await start({ limits: { streams: 100 } });
    const client = await session(origin);
    if (client.remoteSettings?.maxConcurrentStreams === undefined) await once(client, 'remoteSettings');
    expect(client.remoteSettings.maxConcurrentStreams).toBe(100);
    const answers = Array.from({ length: 20 }, () => requestH2(client, { ':path': '/slow' }));
    while (events.started < 20) await new Promise((resolve) => setTimeout(resolve, 5));
    events.release();
    expect((await Promise.all(answers)).every(({ status }) => status === 200)).toBe(true);
  });

  test('answers supertest', async () => {
    const { app } = testApp();
    const response = await request(app, { http2: true }).post('/json').send({ a: 1 });
    expect([response.status, response.body]).toEqual([201, { a: 1 }]);
  });
});

describe('clients that leave', () => {
  test.each(['HTTP/1.1', 'HTTP/2'])('fire the signal of their request (%s)', async (version) => {
    const { origin, port, events } = await start();
    if (version === 'HTTP/2') {
      const stream = (await session(origin)).request({ ':path': '/slow' });
      stream.on('error', () => {});
      await events.entered;
      stream.close(8);
    } else {
      const sent = http.get({ port, host: '127.0.0.1', path: '/slow' });
      sent.on('error', () => {});
      await events.entered;
      sent.destroy();
    }
    while (events.aborted.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(events.aborted).toEqual([expect.any(ClientGone)]);
    events.release();
  });

  test('answered requests do not fire it', async () => {
    const { origin, events } = await start();
    events.release();
    await requestH2(await session(origin), { ':path': '/slow' });
    await request(origin).get('/slow');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(events.aborted).toEqual([]);
  });

  test('a flood of requests that are reset at once costs the connection, not the server', async () => {
    const { port, origin, events } = await start();
    const sent = await rapidReset(port, 20_000);
    expect(sent.goaway).toBe(true);
    expect(events.started).toBeLessThan(5000);
    expect((await request(origin).get('/meta')).status).toBe(200);
    events.release();
  });
});

/** Opens and resets streams in bulk, speaking the protocol by hand. */
function rapidReset(port: number, count: number): Promise<{ goaway: boolean }> {
  const frame = (type: number, flags: number, stream: number, payload: Buffer) => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  };
  // GET, http, path (literal) and authority (literal) in HPACK.
  const headers = Buffer.concat([
    Buffer.from([0x82, 0x86, 0x04, 5]),
    Buffer.from('/slow'),
    Buffer.from([0x01, 9]),
    Buffer.from('127.0.0.1'),
  ]);
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let goaway = false;
    let received = Buffer.alloc(0);
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      while (received.length >= 9 && received.length >= 9 + received.readUIntBE(0, 3)) {
        goaway ||= received[3] === 7;
        received = received.subarray(9 + received.readUIntBE(0, 3));
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve({ goaway }));
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(frame(4, 0, 0, Buffer.alloc(0)));
    for (let i = 0; i < count; i++) {
      socket.write(frame(1, 5, 2 * i + 1, headers));
      socket.write(frame(3, 0, 2 * i + 1, Buffer.from([0, 0, 0, 8])));
    }
  });
}

describe('limits', () => {
  test.each([
    ['silence', ''],
    ['half of the headers', 'GET /meta HTTP/1.1\r\nHost:'],
    ['half of a preface', 'P'],
  ])('cut connections that do not go on: %s', async (_, text) => {
    const { port } = await start({ limits: { headersMs: 50 } });
    const socket = net.connect(port, '127.0.0.1');
    if (text) socket.write(text);
    await once(socket.resume(), 'close');
  });

  test('cut HTTP/2 requests whose body never ends', async () => {
    const { origin } = await start({ limits: { requestMs: 50 } });
    const stream = (await session(origin)).request(
      { ':path': '/json', ':method': 'POST', 'content-type': 'application/json' },
      { endStream: false },
    );
    stream.on('error', () => {});
    stream.write('{');
    await once(stream, 'close');
    expect(stream.rstCode).toBe(8);
  });

  test('end idle HTTP/2 connections', async () => {
    const { origin } = await start({ limits: { idleMs: 50 } });
    await once(await session(origin), 'close');
  });

  test('refuse too large headers', async () => {
    const { origin } = await start();
    const response = await request(origin).get('/meta').set('X-Big', 'a'.repeat(20_000));
    expect(response.status).toBe(431);
  });
});

describe('stopping', () => {
  test.each(['HTTP/1.1', 'HTTP/2'])('lets a running request finish (%s)', async (version) => {
    const { origin, port, events, close } = await start();
    const idle = await session(origin);
    const goaway = new Promise((resolve) => idle.once('goaway', resolve));
    const answer =
      version === 'HTTP/2'
        ? requestH2(await session(origin), { ':path': '/slow' }).then(({ status }) => status)
        : request(origin)
            .get('/slow')
            .then(({ status }) => status);
    await events.entered;
    let isStopped = false;
    const stopped = close(20_000).then(() => {
      isStopped = true;
    });
    expect(await goaway).toBe(0);
    const late = net.connect(port, '127.0.0.1');
    await once(late, 'error');
    expect(isStopped).toBe(false);
    events.release();
    expect(await answer).toBe(200);
    await stopped;
  });

  test('closes kept and silent connections at once', async () => {
    const { port, close } = await start();
    const agent = new http.Agent({ keepAlive: true });
    const sent = http.get({ port, host: '127.0.0.1', path: '/meta', agent });
    const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
    response.resume();
    await once(response, 'end');
    const silent = net.connect(port, '127.0.0.1');
    silent.on('error', () => {});
    await once(silent, 'connect');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await close(60_000);
    agent.destroy();
  });

  test('cuts what does not finish in time', async () => {
    const { origin, events, close } = await start();
    const answer = request(origin)
      .get('/slow')
      .then(
        () => 'answered',
        () => 'cut',
      );
    await events.entered;
    await close(30);
    expect(await answer).toBe('cut');
    events.release();
  });
});

test('a taken port is an error of listen', async () => {
  const { port } = await start();
  const other = createHttpServer(express(), { logger: silentLogger });
  await expect(other.listen('127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
