import http from 'node:http';
import request from 'supertest';
import { content, filesApi } from './files-api';

const files = filesApi();

test('a file comes back as it was sent, to its owner alone', async () => {
  const stored = await files.put('folder/data.bin', content);
  expect([stored.status, stored.body]).toEqual([
    200,
    { path: 'folder/data.bin', size: 256, modified: expect.stringMatching(/^\d{4}-.*Z$/) },
  ]);
  const found = await files.get('folder/data.bin');
  expect(found.body).toEqual(content);
  expect(found.headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-length': '256',
    'accept-ranges': 'bytes',
    'content-disposition': 'attachment',
  });
  expect((await files.list()).files).toEqual([stored.body]);
  expect((await files.get('folder/data.bin', files.bob)).status).toBe(404);
  expect((await files.list(files.bob)).files).toEqual([]);
  expect(
    (await request(files.harness.api).delete('/files/folder/data.bin').set('Authorization', files.bob))
      .status,
  ).toBe(404);
  expect((await files.get('folder/data.bin')).status).toBe(200);
  const removed = await request(files.harness.api)
    .delete('/files/folder/data.bin')
    .set('Authorization', files.alice);
  expect([removed.status, removed.text]).toEqual([204, '']);
  expect((await files.get('folder/data.bin')).status).toBe(404);
  expect(await files.list()).toEqual({ files: [], links: [] });
});

test('without a login nothing works', async () => {
  for (const method of ['get', 'put', 'delete'] as const)
    expect((await request(files.harness.api)[method]('/files/a')).status).toBe(401);
  expect((await request(files.harness.api).get('/files')).status).toBe(401);
});

test('sending again replaces; an empty file is a file', async () => {
  const first = (await files.put('a', 'one').then(() => files.get('a'))).headers['etag'];
  await files.put('a', 'two and more');
  const second = await files.get('a');
  expect([second.body.toString(), second.headers['etag'] === first]).toEqual(['two and more', false]);
  expect((await files.put('a', '')).body.size).toBe(0);
  const empty = await files.get('a');
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
  expect((await files.put(encoded, 'x')).body.path).toBe(name);
  expect((await files.get(encoded)).body.toString()).toBe('x');
  expect((await files.list()).files[0].path).toBe(name);
  expect(
    (await request(files.harness.api).delete(`/files/${encoded}`).set('Authorization', files.alice)).status,
  ).toBe(204);
});

/** Sends a path as it is; other clients resolve `..` themselves. */
function raw(method: string, path: string): Promise<{ status?: number; code?: string }> {
  return new Promise((resolve, reject) => {
    const sent = http.request(
      { port: files.harness.port, host: '127.0.0.1', method, path, headers: { authorization: files.alice } },
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
  await files.put('b', 'of bob', files.bob);
  for (const method of ['PUT', 'GET', 'DELETE'])
    expect([method, await raw(method, `/openeo/1.2/files/${path}`)]).toEqual([
      method,
      { status: 400, code: 'FilePathInvalid' },
    ]);
  expect((await files.list()).files).toEqual([]);
  expect((await files.get('b', files.bob)).body.toString()).toBe('of bob');
});

test('broken percent-encoding is refused', async () => {
  expect(await raw('GET', '/openeo/1.2/files/%E0%A4%A')).toEqual({ status: 400, code: 'RequestInvalid' });
});

test('folders are not files', async () => {
  await files.put('a/b/c', 'x');
  for (const path of ['a', 'a/b']) {
    expect(
      (await request(files.harness.api).get(`/files/${path}`).set('Authorization', files.alice)).body.code,
    ).toBe('FileOperationUnsupported');
    const removed = await request(files.harness.api)
      .delete(`/files/${path}`)
      .set('Authorization', files.alice);
    expect([removed.status, removed.body.code]).toEqual([400, 'FileOperationUnsupported']);
    expect((await files.put(path, 'x')).body.code).toBe('FilePathInvalid');
  }
  expect((await files.put('a/b/c/d', 'x')).body.code).toBe('FilePathInvalid');
  expect((await files.get('a/b/c')).body.toString()).toBe('x');
  // A folder goes with its last file.
  await request(files.harness.api).delete('/files/a/b/c').set('Authorization', files.alice);
  expect((await files.put('a', 'now a file')).status).toBe(200);
});

test('lists come in pages', async () => {
  const names = ['a', 'a.b', 'a/b'.replace('/', '-'), 'b/c', 'b/d', 'é'];
  for (const name of names) await files.put(encodeURIComponent(name).replaceAll('%2F', '/'), name);
  const all = (await files.list()).files.map(({ path }: { path: string }) => path);
  expect([...all].sort()).toEqual([...names].sort());
  const collected: string[] = [];
  let next: string | undefined = `${files.harness.api}/files?limit=2`;
  while (next) {
    const { body }: request.Response = await request(next).get('').set('Authorization', files.alice);
    expect(body.files.length).toBeLessThanOrEqual(2);
    collected.push(...body.files.map(({ path }: { path: string }) => path));
    next = body.links.find(({ rel }: { rel: string }) => rel === 'next')?.href;
  }
  expect(collected).toEqual(all);
  for (const limit of ['0', '-1', 'x', '1.5', '1e3', '99999999999'])
    expect((await files.list(files.alice, `?limit=${limit}`)).code).toBe('RequestInvalid');
  expect((await files.list(files.alice, '?limit=')).files).toHaveLength(6);
  expect((await files.list(files.alice, '?limit=1&limit=2')).code).toBe('RequestInvalid');
  expect((await files.list(files.alice, '?limit=2&after=../x')).code).toBe('FilePathInvalid');
});

test('what is not the plain file is refused', async () => {
  const form = await request(files.harness.api)
    .put('/files/a')
    .set('Authorization', files.alice)
    .attach('file', content, 'a.bin');
  expect(form.body.code).toBe('ContentTypeInvalid');
  expect((await files.put('a', content).set('Content-Encoding', 'gzip')).body.code).toBe(
    'ContentTypeInvalid',
  );
});
