import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import fc from 'fast-check';
import type { ObjectStore } from '../../src/store/objects/types';

async function read(
  store: ObjectStore,
  key: string,
  range?: { start: number; end: number },
): Promise<string | undefined> {
  const object = await store.get(key, range);
  return object && text(object.body);
}

async function keys(store: ObjectStore, prefix: string): Promise<string[]> {
  return (await store.list(prefix)).items.map((item) => item.key);
}

/**
 * What every back-end of the object store does.
 * @param openNew opens an empty store
 * @param letters of keys that are listed; a server whose order is another beyond ASCII gets fewer
 * @param rounds of listings; slow servers get fewer
 */
export function describeObjectStore(
  openNew: () => Promise<ObjectStore>,
  { letters = 'a-c.!0🛰é', rounds = 25 } = {},
): void {
  let store: ObjectStore;
  beforeEach(async () => {
    store = await openNew();
  });
  afterEach(() => store.close());

  test('bytes and streams come back, with size, time and an etag that changes with every write', async () => {
    const bytes = randomBytes(300_000);
    const before = Date.now();
    const info = await store.put('a/b.bin', Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]));
    expect(info).toMatchObject({ key: 'a/b.bin', size: 300_000 });
    expect(Math.abs(info!.modified.getTime() - before)).toBeLessThan(60_000);
    const got = await store.get('a/b.bin');
    // A bucket tells its own time, in seconds, only to those who ask.
    const { modified, ...rest } = info!;
    expect(got!.info).toMatchObject(rest);
    expect(Math.abs(got!.info.modified.getTime() - modified.getTime())).toBeLessThan(60_000);
    expect(await buffer(got!.body)).toEqual(bytes);
    expect(await store.head('a/b.bin')).toEqual(got!.info);
    bytes[0] ^= 1;
    const again = await store.put('a/b.bin', bytes);
    expect(again!.etag).not.toBe(info!.etag);
    expect((await store.head('a/b.bin'))!.etag).toBe(again!.etag);
    expect(await store.put('empty', new Uint8Array())).toMatchObject({ size: 0 });
    expect(await read(store, 'empty')).toBe('');
  });

  test('an object has a second name on the disk that it lies on, and keeps its bytes under that', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tilegraph-link-'));
    try {
      await store.put('a/b', Buffer.from('first'));
      const path = join(folder, 'b');
      const isLinked = await store.link('a/b', path);
      expect(isLinked).toBe(store.isTree);
      expect(await store.link('a/none', join(folder, 'none'))).toBe(false);
      await store.put('a/b', Buffer.from('second'));
      if (isLinked) expect(await readFile(path, 'utf8')).toBe('first');
      expect(await read(store, 'a/b')).toBe('second');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('what is not there is undefined', async () => {
    await store.put('a/b', Buffer.from('x'));
    for (const key of ['none', 'a', 'a/b/c', 'a/c']) {
      expect(await store.head(key)).toBeUndefined();
      expect(await store.get(key)).toBeUndefined();
      expect(await store.remove(key)).toBe(false);
    }
    expect(await keys(store, 'none')).toEqual([]);
    expect(await keys(store, 'a/b')).toEqual([]);
  });

  test('ranges are inclusive and cut to the object', async () => {
    await store.put('r', Buffer.from('0123456789'));
    expect(await read(store, 'r', { start: 0, end: 0 })).toBe('0');
    expect(await read(store, 'r', { start: 2, end: 4 })).toBe('234');
    expect(await read(store, 'r', { start: 8, end: 99 })).toBe('89');
    expect(await read(store, 'r', { start: 10, end: 12 })).toBe('');
    const part = (await store.get('r', { start: 3, end: 3 }))!;
    expect(part.info.size).toBe(10);
    part.body.destroy();
  });

  test('of many who write where nothing is, one succeeds', async () => {
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        store.put('deep/folder/one', Readable.from([`writer ${n}`]), { condition: 'absent' }),
      ),
    );
    expect(results.filter((info) => info !== undefined)).toHaveLength(1);
    const winner = results.findIndex((info) => info !== undefined);
    expect(await read(store, 'deep/folder/one')).toBe(`writer ${winner}`);
    expect(await store.put('deep/folder/one', Buffer.from('no'), { condition: 'absent' })).toBeUndefined();
    expect(await read(store, 'deep/folder/one')).toBe(`writer ${winner}`);
  });

  test('a reader sees the old object or the new one, never a part', async () => {
    const [old, fresh] = ['a', 'b'].map((letter) => letter.repeat(200_000));
    await store.put('k', Buffer.from(old));
    const reading = (await store.get('k'))!;
    async function* slowly() {
      for (let i = 0; i < 4; i++) {
        expect([old, fresh]).toContain(await read(store, 'k'));
        yield Buffer.from(fresh.slice(i * 50_000, (i + 1) * 50_000));
      }
    }
    await store.put('k', Readable.from(slowly()));
    expect(await text(reading.body)).toBe(old);
    expect(await read(store, 'k')).toBe(fresh);
  });

  test('too much is refused, leaves the old object and does not destroy the sender', async () => {
    await store.put('q', Buffer.from('old'));
    const body = Readable.from([Buffer.alloc(6), Buffer.alloc(6), Buffer.alloc(6)]);
    await expect(store.put('q', body, { maxBytes: 10 })).rejects.toMatchObject({ code: 'FileSizeExceeded' });
    expect(body.destroyed).toBe(false);
    await expect(store.put('new', Buffer.alloc(11), { maxBytes: 10 })).rejects.toMatchObject({
      code: 'FileSizeExceeded',
    });
    expect(await keys(store, '')).toEqual(['q']);
    expect(await read(store, 'q')).toBe('old');
    expect(await store.put('q', Buffer.alloc(10), { maxBytes: 10 })).toMatchObject({ size: 10 });
  });

  test('an abort ends a write that waits for a stalled sender', async () => {
    const abort = new AbortController();
    const stalled = new Readable({ read() {} });
    stalled.push('begin');
    const reason = new Error('client left');
    const writing = store.put('folder/x', stalled, { signal: abort.signal });
    setImmediate(() => abort.abort(reason));
    await expect(writing).rejects.toBe(reason);
    await expect(store.put('y', Buffer.from('y'), { signal: abort.signal })).rejects.toBe(reason);
    expect(await keys(store, '')).toEqual([]);
  });

  test('a sender that breaks off leaves nothing', async () => {
    const reason = new Error('socket hang up');
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('part');
        throw reason;
      })(),
    );
    await expect(store.put('x', broken)).rejects.toBe(reason);
    expect(await keys(store, '')).toEqual([]);
  });

  test.each([
    '',
    '/',
    '/etc/passwd',
    '..',
    '../x',
    'a/../../x',
    'a/./b',
    'a//b',
    'a/',
    '.',
    'a\0b',
    'a\nb',
    'a\u0085b',
    'a\\..\\b',
    '\ud800',
    'x'.repeat(256),
    'ü'.repeat(128),
    Array(12).fill('y'.repeat(100)).join('/'),
    '.incoming/x',
  ])('the key %j is refused', async (key) => {
    const refused = { code: 'FilePathInvalid' };
    await expect(store.put(key, Buffer.from('x'))).rejects.toMatchObject(refused);
    await expect(store.get(key)).rejects.toMatchObject(refused);
    await expect(store.head(key)).rejects.toMatchObject(refused);
    await expect(store.remove(key)).rejects.toMatchObject(refused);
    expect(await keys(store, '')).toEqual([]);
  });

  test.each([
    '__proto__',
    'constructor/__proto__',
    'Zoë/🛰.tif',
    '..x',
    '...',
    ' ',
    'a b%2F..%2Fc',
    'x'.repeat(255),
  ])('the key %j is a key like any other', async (key) => {
    await store.put(key, Buffer.from(key));
    expect(await keys(store, '')).toEqual([key]);
    expect(await read(store, key)).toBe(key);
    expect(await store.remove(key)).toBe(true);
  });

  test('composed and decomposed letters are different keys', async () => {
    for (const key of ['\u00e9', 'e\u0301']) await store.put(key, Buffer.from(String(key.length)));
    expect(await read(store, '\u00e9')).toBe('1');
    expect(await read(store, 'e\u0301')).toBe('2');
  });

  test('a key is a file or a folder, not both, where keys form a tree', async () => {
    await store.put('a/b', Buffer.from('x'));
    if (!store.isTree) {
      await store.put('a', Buffer.from('beside'));
      expect(await keys(store, '')).toEqual(['a', 'a/b']);
      expect(await store.removeAll('a')).toBe(1);
      expect(await read(store, 'a')).toBe('beside');
      return;
    }
    await expect(store.put('a', Buffer.from('x'))).rejects.toMatchObject({
      code: 'FolderOperationUnsupported',
    });
    await expect(store.put('a', Buffer.from('x'), { condition: 'absent' })).rejects.toMatchObject({
      code: 'FolderOperationUnsupported',
    });
    await expect(store.put('a/b/c', Buffer.from('x'))).rejects.toMatchObject({ code: 'FilePathInvalid' });
    expect(await keys(store, '')).toEqual(['a/b']);
    await store.remove('a/b');
    await store.put('a', Buffer.from('now a file'));
    expect(await read(store, 'a')).toBe('now a file');
  });

  test('lists a folder, not its namesakes, and removes it', async () => {
    for (const key of ['u/ann/1', 'u/ann/2/3', 'u/anna/1', 'u/ann.txt', 'v'])
      await store.put(key, Buffer.from('x'));
    expect(await keys(store, 'u/ann')).toEqual(['u/ann/1', 'u/ann/2/3']);
    expect(await keys(store, 'u/ann/')).toEqual(['u/ann/1', 'u/ann/2/3']);
    await expect(store.list('../x')).rejects.toMatchObject({ code: 'FilePathInvalid' });
    await expect(store.removeAll('u/..')).rejects.toMatchObject({ code: 'FilePathInvalid' });
    expect(await store.removeAll('u/ann')).toBe(2);
    expect(await keys(store, '')).toEqual(['u/ann.txt', 'u/anna/1', 'v']);
    expect(await store.removeAll('')).toBe(3);
    expect(await keys(store, '')).toEqual([]);
  });

  test('lists in byte order, in pages that begin after any key', async () => {
    const segment = fc
      .stringMatching(new RegExp(`^[${letters}]{1,3}$`, 'u'))
      .filter((name) => !/^\.{1,2}$/.test(name));
    const key = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 1, max: 4 }),
        key,
        async (wanted, limit, after) => {
          await store.removeAll('');
          expect(await keys(store, '')).toEqual([]);
          const written: string[] = [];
          // Where a folder is already, or a file in the way, the key cannot be.
          for (const each of wanted)
            await store.put(each, Buffer.from('x')).then(
              () => written.push(each),
              () => {},
            );
          const sorted = written.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
          const paged: string[] = [];
          for (let next: string | undefined = ''; next !== undefined; ) {
            const page = await store.list('', { limit, after: next });
            expect(page.items.length).toBeLessThanOrEqual(limit);
            paged.push(...page.items.map((item) => item.key));
            next = page.next;
          }
          expect(paged).toEqual(sorted);
          const rest = (await store.list('', { after })).items.map((item) => item.key);
          expect(rest).toEqual(
            sorted.filter((each) => Buffer.compare(Buffer.from(each), Buffer.from(after)) > 0),
          );
        },
      ),
      { numRuns: rounds },
    );
  });

  test('writers and removers of one folder do not disturb each other', async () => {
    await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        await store.put(`shared/sub/${n}`, Buffer.from('x'));
        if (n % 2) await store.remove(`shared/sub/${n}`);
      }),
    );
    expect(await keys(store, 'shared')).toHaveLength(20);
  });

  test('large bodies come back whole, in ranges too, with and without a condition', async () => {
    const bytes = randomBytes(20 * 1024 * 1024 + 17);
    async function* pieces() {
      for (let at = 0; at < bytes.length; at += 1_000_003) yield bytes.subarray(at, at + 1_000_003);
    }
    expect(await store.put('large', Readable.from(pieces()))).toMatchObject({ size: bytes.length });
    const whole = (await store.get('large'))!;
    expect((await buffer(whole.body)).equals(bytes)).toBe(true);
    const range = { start: 8 * 1024 * 1024 - 5, end: 8 * 1024 * 1024 + 5 };
    const part = (await store.get('large', range))!;
    expect((await buffer(part.body)).equals(bytes.subarray(range.start, range.end + 1))).toBe(true);
    const condition = 'absent' as const;
    expect(await store.put('large', Readable.from(pieces()), { condition })).toBeUndefined();
    expect(await store.put('second', Readable.from(pieces()), { condition })).toMatchObject({
      size: bytes.length,
    });
  });

  test('a large body that breaks off, is too large or is no longer wanted leaves nothing', async () => {
    const piece = Buffer.alloc(1024 * 1024);
    const reason = new Error('socket hang up');
    async function* endless() {
      for (let count = 0; count < 18; count++) yield piece;
      throw reason;
    }
    await expect(store.put('x', Readable.from(endless()))).rejects.toBe(reason);
    await expect(
      store.put('x', Readable.from(Array(18).fill(piece)), { maxBytes: 17 * 1024 * 1024 }),
    ).rejects.toMatchObject({ code: 'FileSizeExceeded' });
    const abort = new AbortController();
    async function* left() {
      for (let count = 0; count < 17; count++) yield piece;
      abort.abort(reason);
      yield piece;
    }
    await expect(store.put('x', Readable.from(left()), { signal: abort.signal })).rejects.toBe(reason);
    expect(await keys(store, '')).toEqual([]);
  });

  test('many small objects at once', async () => {
    const names = Array.from({ length: 300 }, (_, n) => `many/${n % 7}/${n}`);
    await Promise.all(names.map((name) => store.put(name, Buffer.from(name), { contentType: 'image/png' })));
    const bodies = await Promise.all(names.map((name) => read(store, name)));
    expect(bodies).toEqual(names);
    await Promise.all(names.map((name) => store.put(name, Buffer.from('lazy'), { isLazy: true })));
    await store.sync('many');
    await store.sync('none');
    expect(await read(store, names[7])).toBe('lazy');
    expect(await store.removeAll('many')).toBe(300);
  });

  test('addresses for one object work alone, where there are such', async () => {
    await store.put('a b/ü.txt', Buffer.from('hello'), { contentType: 'text/plain' });
    const get = await store.presign('a b/ü.txt', {
      method: 'GET',
      expiresSeconds: 60,
      fileName: "Zoë's.txt",
    });
    const put = await store.presign('up/b.json', {
      ...{ method: 'PUT', expiresSeconds: 60, contentType: 'application/json' },
    } as const);
    expect(get === undefined).toBe(put === undefined);
    if (get === undefined || put === undefined) return;
    const answer = await fetch(get);
    expect([answer.status, await answer.text()]).toEqual([200, 'hello']);
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(put, { method: 'PUT', headers, body: '{}' })).status).toBe(200);
    expect(await read(store, 'up/b.json')).toBe('{}');
  });
}
