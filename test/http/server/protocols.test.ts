import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import express from 'express';
import request from 'supertest';
import { silentLogger } from '../../../src/base/logger';
import { createHttpServer } from '../../../src/http/server';
import { requestH2 } from '../../support/h2';
import { certificate, closeAll, closing, session, start, testApp } from './support';

afterEach(closeAll);

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

test('a taken port is an error of listen', async () => {
  const { port } = await start();
  const other = createHttpServer(express(), { logger: silentLogger });
  await expect(other.listen('127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
