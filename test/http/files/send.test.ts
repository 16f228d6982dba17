import { Readable } from 'node:stream';
import express from 'express';
import request from 'supertest';
import { setContext } from '../../../src/http/context';
import { sendStored } from '../../../src/http/files/send';
import { answerError } from '../../../src/http/middleware/errors';

const files = { old: Buffer.from('old bytes'), new: Buffer.from('bytes that are new') };

/** An object that is replaced as soon as it has been looked at. */
function application() {
  let version: keyof typeof files = 'old';
  const bodies: Readable[] = [];
  const info = () => ({ size: files[version].length, modified: new Date(0), etag: version });
  const app = express();
  app.use(async (incoming, response, next) => {
    setContext(incoming, { logger: { error: () => {} } } as never);
    const stored = {
      async head() {
        const seen = info();
        version = 'new';
        return seen;
      },
      async open(range?: { start: number; end: number }) {
        const body = Readable.from([files[version].subarray(range?.start, range && range.end + 1)]);
        bodies.push(body);
        return { info: info(), body };
      },
    };
    response.type('txt');
    await sendStored(incoming, response, stored).catch(next);
  });
  app.use(answerError);
  return { app, bodies };
}

test('a whole object is sent with its own size and tag', async () => {
  const { app } = application();
  const answer = await request(app).get('/');
  expect([answer.status, answer.headers['etag'], answer.text]).toEqual([200, '"old"', 'old bytes']);
});

test('a part is never of another object than its headers', async () => {
  const { app, bodies } = application();
  const first = await request(app).get('/').set('Range', 'bytes=0-3');
  expect([first.status, first.headers['retry-after'], first.headers['content-range']]).toEqual([
    503,
    '1',
    undefined,
  ]);
  expect(bodies.map(({ destroyed }) => destroyed)).toEqual([true]);
  const second = await request(app).get('/').set('Range', 'bytes=0-4');
  expect([second.status, second.headers['etag'], second.text]).toEqual([206, '"new"', 'bytes']);
});

test('what the client has is not sent, and its body is let go', async () => {
  const { app, bodies } = application();
  expect((await request(app).get('/').set('If-None-Match', '"old"')).status).toBe(304);
  expect(bodies.map(({ destroyed }) => destroyed)).toEqual([true]);
});
