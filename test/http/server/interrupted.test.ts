import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import request from 'supertest';
import { ClientGone } from '../../../src/http/signal';
import { requestH2 } from '../../support/h2';
import { closeAll, session, start } from './support';

afterEach(closeAll);

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
