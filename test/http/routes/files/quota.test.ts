import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import request from 'supertest';
import { connectH2, requestH2 } from '../../../support/h2';
import { filesApi, quota } from './files-api';

const files = filesApi();

describe('the quota', () => {
  test('refuses what is too large, before and while it is read, and keeps nothing of it', async () => {
    await files.put('kept', Buffer.alloc(60_000));
    const announced = await files.put('large', Buffer.alloc(40_001));
    expect([announced.status, announced.body.code]).toEqual([400, 'StorageQuotaExceeded']);
    const session = await connectH2(files.harness.origin);
    const streamed = await requestH2(
      session,
      { ':path': '/openeo/1.2/files/large', ':method': 'PUT', authorization: files.alice },
      Array.from({ length: 5 }, () => Buffer.alloc(10_000)),
    ).catch((error) => error);
    if (streamed.body) expect(JSON.parse(streamed.body.toString()).code).toBe('StorageQuotaExceeded');
    session.destroy();
    expect((await files.list()).files.map(({ path }: { path: string }) => path)).toEqual(['kept']);
    expect((await files.put('fits', Buffer.alloc(40_000))).status).toBe(200);
    expect(
      (await request(files.harness.api).get('/me').set('Authorization', files.alice)).body.storage,
    ).toEqual({
      quota,
      free: 0,
    });
    // Of others nothing is taken.
    expect((await files.put('large', Buffer.alloc(quota), files.bob)).status).toBe(200);
  });

  test('who sends far too much gets the answer, and can go on with the connection', async () => {
    const socket = net.connect(files.harness.port, '127.0.0.1');
    const received: Buffer[] = [];
    socket.on('data', (data) => received.push(data));
    const head = `Host: a\r\nAuthorization: ${files.alice}\r\n`;
    const size = 30_000_000;
    socket.write(`PUT /openeo/1.2/files/huge HTTP/1.1\r\n${head}Content-Length: ${size}\r\n\r\n`);
    for (let sent = 0; sent < size; sent += 1_000_000)
      if (!socket.write(Buffer.alloc(1_000_000))) await once(socket, 'drain');
    socket.write(`GET /openeo/1.2/files HTTP/1.1\r\n${head}Connection: close\r\n\r\n`);
    await once(socket, 'end');
    const answers = Buffer.concat(received).toString();
    expect(answers.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200']);
    expect(answers).toContain('"code":"StorageQuotaExceeded"');
    expect(answers).toContain('{"files":[],"links":[]}');
  });

  test('a file may be replaced although both would not fit', async () => {
    await files.put('a', Buffer.alloc(80_000));
    expect((await files.put('a', Buffer.alloc(90_000))).status).toBe(200);
  });

  test('holds for uploads at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => files.put(`f${i}`, Buffer.alloc(30_000))),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(answers.filter(({ body }) => body.code === 'StorageQuotaExceeded')).toHaveLength(9);
    const stored = await files.list();
    expect(
      stored.files.reduce((sum: number, { size }: { size: number }) => sum + size, 0),
    ).toBeLessThanOrEqual(quota);
  });
});

test('an upload that is cut leaves nothing, and gives its room back', async () => {
  for (const version of [1, 2]) {
    if (version === 1) {
      const sent = http.request({
        port: files.harness.port,
        host: '127.0.0.1',
        method: 'PUT',
        path: '/openeo/1.2/files/cut',
        headers: { authorization: files.alice, 'content-length': '90000' },
      });
      sent.on('error', () => {});
      sent.write(Buffer.alloc(40_000));
      await new Promise((resolve) => setTimeout(resolve, 50));
      sent.destroy();
    } else {
      const session = await connectH2(files.harness.origin);
      const headers = { ':path': '/openeo/1.2/files/cut', ':method': 'PUT', authorization: files.alice };
      const stream = session.request(headers, { endStream: false });
      stream.on('error', () => {});
      stream.write(Buffer.alloc(40_000));
      await new Promise((resolve) => setTimeout(resolve, 50));
      stream.close(8);
      session.destroy();
    }
    let stored = await files.put('whole', Buffer.alloc(90_000));
    for (let i = 0; i < 100 && stored.status !== 200; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      stored = await files.put('whole', Buffer.alloc(90_000));
    }
    expect(stored.status).toBe(200);
    expect((await files.list()).files.map(({ path }: { path: string }) => path)).toEqual(['whole']);
  }
});
