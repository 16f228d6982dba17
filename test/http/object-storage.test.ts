import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { errorOf } from '../support/api';
import { type S3Server, startFauxqs } from '../support/s3';
import { type S3Proxy, startProxy } from '../support/s3-proxy';
import { startServer, type TestServer } from '../support/server';

let s3: S3Server;
let proxy: S3Proxy;
beforeAll(async () => {
  s3 = await startFauxqs();
  proxy = await startProxy(s3.endpoint);
});
afterAll(async () => {
  await proxy.stop();
  await s3.stop();
});

describe.each(['answer', 'pass'] as const)('a server whose objects are in a bucket (%s)', (conditions) => {
  let server: TestServer;
  beforeAll(async () => {
    proxy.conditions = conditions;
    const objectStoreUrl = `s3://${await s3.newBucket()}/p`;
    server = await startServer({ objectStoreUrl, s3Endpoint: proxy.endpoint, s3PathStyle: true });
  });
  afterAll(() => server.stop());

  test('keeps the files of users', async () => {
    const authorization = `Bearer ${await server.user('ann')}`;
    const file = (init: RequestInit) =>
      fetch(`${server.api}/files/a/ü.bin`, { ...init, headers: { authorization, ...init.headers } });
    const body = Buffer.from('0123456789');
    const type = { 'content-type': 'application/octet-stream' };
    expect((await file({ method: 'PUT', headers: type, body })).status).toBe(200);
    const part = await file({ headers: { range: 'bytes=2-4' } });
    expect([part.status, await part.text()]).toEqual([206, '234']);
    const again = await file({ headers: { 'if-none-match': (await file({})).headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
    const below = await fetch(`${server.api}/files/a`, {
      method: 'PUT',
      headers: { authorization, ...type },
      body,
    });
    expect(await errorOf(below)).toEqual([400, 'FilePathInvalid']);
    expect((await file({ method: 'DELETE' })).status).toBe(204);
    expect((await file({})).status).toBe(404);
  });

  test('keeps the tile catalogue, whose files are never overwritten', async () => {
    const authorization = `Bearer ${await server.user('upp', ['uploader'])}`;
    const colours = ['red', 'green', 'blue'];
    const pictures = await Promise.all(
      colours.map((background) =>
        sharp({ create: { width: 16, height: 16, channels: 3, background } })
          .jpeg()
          .toBuffer(),
      ),
    );
    // The same tile three times at once: one row each, and every row's file is its own.
    const answers = await Promise.all(
      pictures.map((picture, day) => {
        const form = new FormData();
        const captured_at = `2024-01-0${day + 1}T00:00:00Z`;
        const sha256 = createHash('sha256').update(picture).digest('hex');
        form.set(
          'metadata',
          JSON.stringify([{ z: 10, x: 3, y: 5, source: 'google_maps', captured_at, sha256 }]),
        );
        form.append('files', new Blob([new Uint8Array(picture)]), 'tile.jpg');
        const headers = { authorization };
        return fetch(`${server.url}/api/satellite/upload`, { method: 'POST', headers, body: form });
      }),
    );
    expect(answers.every(({ ok }) => ok)).toBe(true);
    const tile = await fetch(`${server.url}/tiles/10/3/5`, { headers: { authorization } });
    const bytes = Buffer.from(await tile.arrayBuffer());
    expect(tile.status).toBe(200);
    expect(pictures.some((picture) => picture.equals(bytes))).toBe(true);
  });
});
