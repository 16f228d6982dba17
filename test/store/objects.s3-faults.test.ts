import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { silentLogger } from '../../src/base/logger';
import { openObjectStore } from '../../src/store/objects/open';
import { openS3 } from '../../src/store/objects/s3/open';
import type { ObjectStore } from '../../src/store/objects/types';
import { type S3Server, startFauxqs } from '../support/s3';
import { type Fault, type S3Proxy, startProxy } from '../support/s3-proxy';
import { describeObjectStore } from './objects.contract';

jest.setTimeout(120_000);

let server: S3Server;
let proxy: S3Proxy;
let store: ObjectStore;
beforeAll(async () => {
  server = await startFauxqs();
});
afterAll(() => server.stop());
beforeEach(async () => {
  proxy = await startProxy(server.endpoint);
});
afterEach(() => proxy.stop());

async function open(answerMs?: number): Promise<ObjectStore> {
  const location = { bucket: await server.newBucket(), prefix: 'p' };
  store = await openS3(
    location,
    { endpoint: proxy.endpoint, isPathStyle: true },
    { logger: silentLogger, retries: { attempts: 8, baseMs: 1, maxMs: 20 }, ...(answerMs && { answerMs }) },
  );
  return store;
}

/** Every fault of the list happens once, to requests that fit. */
function inTurn(faults: Fault[], fits: (method: string, url: string) => boolean = () => true): void {
  proxy.fault = ({ method = '', url = '' }) => (fits(method, url) ? faults.shift() : undefined);
}

const large = randomBytes(9 * 1024 * 1024);

describe('with conditional writes', () => {
  describeObjectStore(
    async () => {
      proxy.conditions = 'answer';
      return open();
    },
    { letters: 'a-c0', rounds: 3 },
  );
});

test.each<[string, Fault[]]>([
  ['429', [429, 429]],
  ['5xx', [500, 502, 503, 504]],
  ['a reset connection', ['reset', 'reset']],
  ['a lost answer', ['lose']],
])('%s: the request is repeated', async (_, faults) => {
  await open();
  inTurn([...faults]);
  await store.put('a', Buffer.from('x'));
  inTurn([...faults]);
  expect(await text((await store.get('a'))!.body)).toBe('x');
  inTurn([...faults]);
  expect((await store.list('')).items).toHaveLength(1);
  inTurn([...faults], (method) => method === 'PUT');
  await store.put('large', Readable.from([large]));
  proxy.fault = undefined;
  expect((await buffer((await store.get('large'))!.body)).equals(large)).toBe(true);
  inTurn([...faults]);
  expect(await store.removeAll('')).toBe(2);
});

test('a bucket that fails a third of the requests loses nothing', async () => {
  await open();
  let count = 0;
  const faults: Fault[] = [503, 'reset', 429, 'lose', 500];
  proxy.fault = () => (++count % 3 === 0 ? faults[count % faults.length] : undefined);
  const names = Array.from({ length: 200 }, (_, n) => `t/${n}`);
  await Promise.all(names.map((name) => store.put(name, Buffer.from(name))));
  const bodies = await Promise.all(names.map(async (name) => text((await store.get(name))!.body)));
  expect(bodies).toEqual(names);
  expect(await store.removeAll('t')).toBe(200);
});

test('what stays away is told as such, soon and with its cause', async () => {
  await open();
  proxy.fault = () => 503;
  const unavailable = { code: 'StorageUnavailable', status: 503, cause: { name: 'SlowDown' } };
  await expect(store.put('a', Buffer.from('x'))).rejects.toMatchObject(unavailable);
  await expect(store.list('')).rejects.toMatchObject(unavailable);
  proxy.seen.length = 0;
  proxy.fault = () => 403;
  await expect(store.put('a', Buffer.from('x'))).rejects.toMatchObject({ code: 'StorageFailure' });
  expect(proxy.seen).toHaveLength(1);
});

test('a body that breaks off or stands still is resumed where it ended', async () => {
  await open(300);
  await store.put('large', Readable.from([large]));
  inTurn(['cut', 'cut', 503, 'stall', 'reset'], (method) => method === 'GET');
  expect((await buffer((await store.get('large'))!.body)).equals(large)).toBe(true);
  inTurn(['cut'], (method) => method === 'GET');
  const range = { start: 5, end: large.length - 7 };
  const part = (await store.get('large', range))!;
  expect((await buffer(part.body)).equals(large.subarray(5, large.length - 6))).toBe(true);
});

test('a body that was overwritten meanwhile is not mended with bytes of another', async () => {
  await open();
  await store.put('large', Readable.from([large]));
  inTurn(['cut'], (method) => method === 'GET');
  const reading = (await store.get('large'))!;
  await store.put('large', Readable.from([randomBytes(large.length)]));
  // Either the old bytes were all there already, or the reader is told.
  const read = await buffer(reading.body).catch((error: Error) => error);
  if (Buffer.isBuffer(read)) expect(read.equals(large)).toBe(true);
  else expect(read).toMatchObject({ code: 'StorageFailure' });
});

test('a server that hangs is given up', async () => {
  await open(150);
  inTurn(['hang'], (method) => method === 'PUT');
  await store.put('a', Buffer.from('x'));
  expect(proxy.seen.filter(({ method }) => method === 'PUT')).toHaveLength(2);
});

test('an abort ends waiting and hanging at once', async () => {
  await open();
  for (const fault of ['hang', 503] as const) {
    proxy.fault = () => fault;
    const abort = new AbortController();
    const reason = new Error('enough');
    const writing = store.put('a', Buffer.from('x'), { signal: abort.signal });
    setTimeout(() => abort.abort(reason), 20);
    await expect(writing).rejects.toBe(reason);
  }
});

test('whoever writes under a condition and loses the answer knows its own work', async () => {
  proxy.conditions = 'answer';
  await open();
  expect(await store.isExclusive()).toBe(true);
  inTurn(['lose'], (method) => method === 'PUT');
  expect(await store.put('a', Buffer.from('mine'), { condition: 'absent' })).toMatchObject({ size: 4 });
  inTurn(['lose'], (method) => method === 'PUT');
  expect(await store.put('a', Buffer.from('mine'), { condition: 'absent' })).toBeUndefined();
});

test.each(['refuse', 'pass'] as const)(
  'a server without conditional writes (%s) is recognised, and one process is still exclusive',
  async (conditions) => {
    proxy.conditions = conditions;
    await open();
    expect(await store.isExclusive()).toBe(false);
    const writing = Array.from({ length: 8 }, (_, n) =>
      store.put('a', Buffer.from(`${n}`), { condition: 'absent' }),
    );
    expect((await Promise.all(writing)).filter(Boolean)).toHaveLength(1);
    expect((await store.list('')).items.map(({ key }) => key)).toEqual(['a']);
  },
);

test('where many cannot be removed at once, they are removed one by one', async () => {
  await open();
  await Promise.all([1, 2, 3].map((n) => store.put(`${n}`, Buffer.from('x'))));
  proxy.fault = ({ method, url }) => (method === 'POST' && url?.includes('delete') ? 501 : undefined);
  expect(await store.removeAll('')).toBe(3);
  expect((await store.list('')).items).toEqual([]);
});

test('parts are equal but for the last, and are given back when one cannot be sent', async () => {
  await open();
  const sizes: number[] = [];
  proxy.fault = ({ method, url, headers }) => {
    if (method === 'PUT' && url?.includes('partNumber')) sizes.push(Number(headers['content-length']));
    return undefined;
  };
  await store.put('a', Readable.from([large, large]));
  const part = 8 * 1024 * 1024;
  expect(sizes.sort((a, b) => b - a)).toEqual([part, part, 2 * 1024 * 1024]);
  proxy.fault = ({ url }) => (url?.includes('partNumber=2') ? 403 : undefined);
  await expect(store.put('b', Readable.from([large]))).rejects.toMatchObject({ code: 'StorageFailure' });
  expect(proxy.seen.at(-1)).toMatchObject({ method: 'DELETE', url: expect.stringContaining('uploadId') });
});

test('what can never work stops the opening; a network that is away does not', async () => {
  const s3 = { endpoint: proxy.endpoint, isPathStyle: true };
  const opening = openObjectStore('s3://no-such-bucket', { logger: silentLogger, s3 });
  await expect(opening).rejects.toThrow(/bucket no-such-bucket cannot be used: NoSuchBucket/);
  proxy.fault = () => 503;
  const url = `s3://${await server.newBucket()}`;
  const away = await openObjectStore(url, { logger: silentLogger, s3 });
  proxy.fault = undefined;
  expect(await away.put('a', Buffer.from('x'))).toMatchObject({ size: 1 });
});
