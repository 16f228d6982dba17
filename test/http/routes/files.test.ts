import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import request from 'supertest';
import { connectH2, requestH2 } from '../../support/h2';
import { type Harness, startHarness } from '../support/harness';

const quota = 100_000;
let harness: Harness;
let alice: string;
let bob: string;

beforeAll(async () => {
  harness = await startHarness({ settings: { filesQuotaBytes: quota } });
});
afterAll(() => harness.stop());

let count = 0;
beforeEach(async () => {
  count++;
  [alice, bob] = [await harness.login(`alice${count}`), await harness.login(`bob${count}`)];
});

const put = (path: string, body: Buffer | string, token = alice) =>
  request(harness.api)
    .put(`/files/${path}`)
    .set('Authorization', token)
    .type('application/octet-stream')
    .send(body);
const get = (path: string, token = alice) =>
  request(harness.api).get(`/files/${path}`).set('Authorization', token).buffer(true).responseType('blob');
const list = async (token = alice, query = '') =>
  (await request(harness.api).get(`/files${query}`).set('Authorization', token)).body;
const content = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

test('a file comes back as it was sent, to its owner alone', async () => {
  const stored = await put('folder/data.bin', content);
  expect([stored.status, stored.body]).toEqual([
    200,
    { path: 'folder/data.bin', size: 256, modified: expect.stringMatching(/^\d{4}-.*Z$/) },
  ]);
  const found = await get('folder/data.bin');
  expect(found.body).toEqual(content);
  expect(found.headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-length': '256',
    'accept-ranges': 'bytes',
    'content-disposition': 'attachment',
  });
  expect((await list()).files).toEqual([stored.body]);
  expect((await get('folder/data.bin', bob)).status).toBe(404);
  expect((await list(bob)).files).toEqual([]);
  expect((await request(harness.api).delete('/files/folder/data.bin').set('Authorization', bob)).status).toBe(
    404,
  );
  expect((await get('folder/data.bin')).status).toBe(200);
  const removed = await request(harness.api).delete('/files/folder/data.bin').set('Authorization', alice);
  expect([removed.status, removed.text]).toEqual([204, '']);
  expect((await get('folder/data.bin')).status).toBe(404);
  expect(await list()).toEqual({ files: [], links: [] });
});

test('without a login nothing works', async () => {
  for (const method of ['get', 'put', 'delete'] as const)
    expect((await request(harness.api)[method]('/files/a')).status).toBe(401);
  expect((await request(harness.api).get('/files')).status).toBe(401);
});

test('sending again replaces; an empty file is a file', async () => {
  const first = (await put('a', 'one').then(() => get('a'))).headers['etag'];
  await put('a', 'two and more');
  const second = await get('a');
  expect([second.body.toString(), second.headers['etag'] === first]).toEqual(['two and more', false]);
  expect((await put('a', '')).body.size).toBe(0);
  const empty = await get('a');
  expect([empty.status, empty.body.length]).toEqual([200, 0]);
});

test.each([
  ['europe/%C3%B6sterreich/m%C3%BCnster.shp', 'europe/österreich/münster.shp'],
  ['%F0%9F%98%80', '\u{1F600}'],
  ['a%20b%25c%23d%3Fe+f', 'a b%c#d?e+f'],
  ['__proto__', '__proto__'],
  ['constructor/prototype', 'constructor/prototype'],
  ['a%2Fb', 'a/b'],
  ['.hidden', '.hidden'],
])('the name %s', async (encoded, name) => {
  expect((await put(encoded, 'x')).body.path).toBe(name);
  expect((await get(encoded)).body.toString()).toBe('x');
  expect((await list()).files[0].path).toBe(name);
  expect((await request(harness.api).delete(`/files/${encoded}`).set('Authorization', alice)).status).toBe(
    204,
  );
});

/** Sends a path as it is; other clients resolve `..` themselves. */
function raw(method: string, path: string): Promise<{ status?: number; code?: string }> {
  return new Promise((resolve, reject) => {
    const sent = http.request(
      { port: harness.port, host: '127.0.0.1', method, path, headers: { authorization: alice } },
      async (response) => {
        const text = Buffer.concat(await response.toArray()).toString();
        resolve({ status: response.statusCode, code: text ? JSON.parse(text).code : undefined });
      },
    );
    sent.on('error', reject);
    sent.end(method === 'PUT' ? 'evil' : undefined);
  });
}

test.each([
  '..%2fescape',
  '%2e%2e/escape',
  '../escape',
  'a/../../escape',
  'a/%2e%2e/%2e%2e/bob/b',
  '..%2f..%2f..%2fetc%2fpasswd',
  '.',
  '%2e',
  '%2e%2e',
  'a/./b',
  '%00',
  'a%00b',
  'a%0d%0aX:y',
  '%5c..%5cb',
  'c:%5cwindows',
  '%2fetc%2fpasswd',
  'a%2f%2fb',
])('%s does not lead out of the folder', async (path) => {
  await put('b', 'of bob', bob);
  for (const method of ['PUT', 'GET', 'DELETE'])
    expect([method, await raw(method, `/openeo/1.2/files/${path}`)]).toEqual([
      method,
      { status: 400, code: 'FilePathInvalid' },
    ]);
  expect((await list()).files).toEqual([]);
  expect((await get('b', bob)).body.toString()).toBe('of bob');
});

test('broken percent-encoding is refused', async () => {
  expect(await raw('GET', '/openeo/1.2/files/%E0%A4%A')).toEqual({ status: 400, code: 'RequestInvalid' });
});

test('folders are not files', async () => {
  await put('a/b/c', 'x');
  for (const path of ['a', 'a/b']) {
    expect((await request(harness.api).get(`/files/${path}`).set('Authorization', alice)).body.code).toBe(
      'FileOperationUnsupported',
    );
    const removed = await request(harness.api).delete(`/files/${path}`).set('Authorization', alice);
    expect([removed.status, removed.body.code]).toEqual([400, 'FileOperationUnsupported']);
    expect((await put(path, 'x')).body.code).toBe('FilePathInvalid');
  }
  expect((await put('a/b/c/d', 'x')).body.code).toBe('FilePathInvalid');
  expect((await get('a/b/c')).body.toString()).toBe('x');
  // A folder goes with its last file.
  await request(harness.api).delete('/files/a/b/c').set('Authorization', alice);
  expect((await put('a', 'now a file')).status).toBe(200);
});

test('lists come in pages', async () => {
  const names = ['a', 'a.b', 'a/b'.replace('/', '-'), 'b/c', 'b/d', 'é'];
  for (const name of names) await put(encodeURIComponent(name).replaceAll('%2F', '/'), name);
  const all = (await list()).files.map(({ path }: { path: string }) => path);
  expect([...all].sort()).toEqual([...names].sort());
  const collected: string[] = [];
  let next: string | undefined = `${harness.api}/files?limit=2`;
  while (next) {
    const { body }: request.Response = await request(next).get('').set('Authorization', alice);
    expect(body.files.length).toBeLessThanOrEqual(2);
    collected.push(...body.files.map(({ path }: { path: string }) => path));
    next = body.links.find(({ rel }: { rel: string }) => rel === 'next')?.href;
  }
  expect(collected).toEqual(all);
  for (const limit of ['0', '-1', 'x', '1.5', '1e3', '99999999999'])
    expect((await list(alice, `?limit=${limit}`)).code).toBe('RequestInvalid');
  expect((await list(alice, '?limit=')).files).toHaveLength(6);
  expect((await list(alice, '?limit=1&limit=2')).code).toBe('RequestInvalid');
  expect((await list(alice, '?limit=2&after=../x')).code).toBe('FilePathInvalid');
});

describe('parts and conditions', () => {
  let etag: string;
  let modified: string;
  beforeEach(async () => {
    await put('a', content);
    const { headers } = await request(harness.api).head('/files/a').set('Authorization', alice);
    [etag, modified] = [headers['etag'], headers['last-modified']];
  });

  test.each([
    ['bytes=0-0', 0, 0],
    ['bytes=10-19', 10, 19],
    ['bytes=250-', 250, 255],
    ['bytes=-6', 250, 255],
    ['bytes=0-9999', 0, 255],
    ['bytes=-9999', 0, 255],
  ])('%s', async (range, start, end) => {
    const answer = await get('a').set('Range', range);
    expect(answer.status).toBe(206);
    expect(answer.headers['content-range']).toBe(`bytes ${start}-${end}/256`);
    expect(answer.body).toEqual(content.subarray(start, end + 1));
  });

  test.each(['bytes=256-', 'bytes=300-400', 'bytes=-0'])('%s is outside', async (range) => {
    const answer = await get('a').set('Range', range);
    expect([answer.status, answer.headers['content-range']]).toEqual([416, 'bytes */256']);
  });

  test.each(['bytes=a-b', 'lines=1-2', 'bytes=0-1,5-6', 'bytes', 'bytes=9-1', 'bytes=-', 'bytes=--5'])(
    '%s is answered by the whole',
    async (range) => {
      const answer = await get('a').set('Range', range);
      expect([answer.status, answer.headers['content-range'], answer.body.length]).toEqual([
        200,
        undefined,
        256,
      ]);
    },
  );

  test('an empty file has no parts', async () => {
    await put('empty', '');
    const answer = await get('empty').set('Range', 'bytes=0-0');
    expect([answer.status, answer.headers['content-range']]).toEqual([416, 'bytes */0']);
  });

  test('what did not change is not sent again', async () => {
    const status = async (headers: Record<string, string>) => (await get('a').set(headers)).status;
    expect(await status({ 'If-None-Match': etag })).toBe(304);
    expect(await status({ 'If-None-Match': `"x", W/${etag}` })).toBe(304);
    expect(await status({ 'If-None-Match': '*' })).toBe(304);
    expect(await status({ 'If-None-Match': '"x"' })).toBe(200);
    expect(await status({ 'If-Modified-Since': modified })).toBe(304);
    expect(await status({ 'If-Modified-Since': 'Mon, 01 Jan 2001 00:00:00 GMT' })).toBe(200);
    expect(await status({ 'If-Modified-Since': 'nonsense' })).toBe(200);
    // The tag decides where both are sent.
    expect(await status({ 'If-None-Match': '"x"', 'If-Modified-Since': modified })).toBe(200);
    expect(await status({ Range: 'bytes=0-9', 'If-Range': etag })).toBe(206);
    expect(await status({ Range: 'bytes=0-9', 'If-Range': modified })).toBe(206);
    expect(await status({ Range: 'bytes=0-9', 'If-Range': '"x"' })).toBe(200);
  });

  test('who wants what it knows is told when there is something else', async () => {
    const status = async (headers: Record<string, string>) => (await get('a').set(headers)).status;
    expect(await status({ 'If-Match': etag })).toBe(200);
    expect(await status({ 'If-Match': `"x", ${etag}` })).toBe(200);
    expect(await status({ 'If-Match': '*' })).toBe(200);
    expect(await status({ 'If-Match': '"x"' })).toBe(412);
    expect(await status({ 'If-Match': `W/${etag}` })).toBe(412);
    expect(await status({ 'If-Unmodified-Since': modified })).toBe(200);
    expect(await status({ 'If-Unmodified-Since': 'Mon, 01 Jan 2001 00:00:00 GMT' })).toBe(412);
    expect(await status({ 'If-Unmodified-Since': 'nonsense' })).toBe(200);
  });
});

describe('the quota', () => {
  test('refuses what is too large, before and while it is read, and keeps nothing of it', async () => {
    await put('kept', Buffer.alloc(60_000));
    const announced = await put('large', Buffer.alloc(40_001));
    expect([announced.status, announced.body.code]).toEqual([400, 'StorageQuotaExceeded']);
    const session = await connectH2(harness.origin);
    const streamed = await requestH2(
      session,
      { ':path': '/openeo/1.2/files/large', ':method': 'PUT', authorization: alice },
      Array.from({ length: 5 }, () => Buffer.alloc(10_000)),
    ).catch((error) => error);
    if (streamed.body) expect(JSON.parse(streamed.body.toString()).code).toBe('StorageQuotaExceeded');
    session.destroy();
    expect((await list()).files.map(({ path }: { path: string }) => path)).toEqual(['kept']);
    expect((await put('fits', Buffer.alloc(40_000))).status).toBe(200);
    expect((await request(harness.api).get('/me').set('Authorization', alice)).body.storage).toEqual({
      quota,
      free: 0,
    });
    // Of others nothing is taken.
    expect((await put('large', Buffer.alloc(quota), bob)).status).toBe(200);
  });

  test('who sends far too much gets the answer, and can go on with the connection', async () => {
    const socket = net.connect(harness.port, '127.0.0.1');
    const received: Buffer[] = [];
    socket.on('data', (data) => received.push(data));
    const head = `Host: a\r\nAuthorization: ${alice}\r\n`;
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
    await put('a', Buffer.alloc(80_000));
    expect((await put('a', Buffer.alloc(90_000))).status).toBe(200);
  });

  test('holds for uploads at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => put(`f${i}`, Buffer.alloc(30_000))),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(answers.filter(({ body }) => body.code === 'StorageQuotaExceeded')).toHaveLength(9);
    const { files } = await list();
    expect(files.reduce((sum: number, { size }: { size: number }) => sum + size, 0)).toBeLessThanOrEqual(
      quota,
    );
  });
});

test('an upload that is cut leaves nothing, and gives its room back', async () => {
  for (const version of [1, 2]) {
    if (version === 1) {
      const sent = http.request({
        port: harness.port,
        host: '127.0.0.1',
        method: 'PUT',
        path: '/openeo/1.2/files/cut',
        headers: { authorization: alice, 'content-length': '90000' },
      });
      sent.on('error', () => {});
      sent.write(Buffer.alloc(40_000));
      await new Promise((resolve) => setTimeout(resolve, 50));
      sent.destroy();
    } else {
      const session = await connectH2(harness.origin);
      const headers = { ':path': '/openeo/1.2/files/cut', ':method': 'PUT', authorization: alice };
      const stream = session.request(headers, { endStream: false });
      stream.on('error', () => {});
      stream.write(Buffer.alloc(40_000));
      await new Promise((resolve) => setTimeout(resolve, 50));
      stream.close(8);
      session.destroy();
    }
    let stored = await put('whole', Buffer.alloc(90_000));
    for (let i = 0; i < 100 && stored.status !== 200; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      stored = await put('whole', Buffer.alloc(90_000));
    }
    expect(stored.status).toBe(200);
    expect((await list()).files.map(({ path }: { path: string }) => path)).toEqual(['whole']);
  }
});

test('what is not the plain file is refused', async () => {
  const form = await request(harness.api)
    .put('/files/a')
    .set('Authorization', alice)
    .attach('file', content, 'a.bin');
  expect(form.body.code).toBe('ContentTypeInvalid');
  expect((await put('a', content).set('Content-Encoding', 'gzip')).body.code).toBe('ContentTypeInvalid');
});
