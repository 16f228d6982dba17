import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { keys, type ObjectFixture, read } from './fixture';

/** Objects and their bytes. */
export function describeBodies(given: ObjectFixture): void {
  test('bytes and streams come back, with size, time and an etag that changes with every write', async () => {
    const bytes = randomBytes(300_000);
    const before = Date.now();
    const info = await given.store.put('a/b.bin', Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]));
    expect(info).toMatchObject({ key: 'a/b.bin', size: 300_000 });
    expect(Math.abs(info!.modified.getTime() - before)).toBeLessThan(60_000);
    const got = await given.store.get('a/b.bin');
    // A bucket tells its own time, in seconds, only to those who ask.
    const { modified, ...rest } = info!;
    expect(got!.info).toMatchObject(rest);
    expect(Math.abs(got!.info.modified.getTime() - modified.getTime())).toBeLessThan(60_000);
    expect(await buffer(got!.body)).toEqual(bytes);
    expect(await given.store.head('a/b.bin')).toEqual(got!.info);
    bytes[0] ^= 1;
    const again = await given.store.put('a/b.bin', bytes);
    expect(again!.etag).not.toBe(info!.etag);
    expect((await given.store.head('a/b.bin'))!.etag).toBe(again!.etag);
    expect(await given.store.put('empty', new Uint8Array())).toMatchObject({ size: 0 });
    expect(await read(given.store, 'empty')).toBe('');
  });

  test('an object has a second name on the disk that it lies on, and keeps its bytes under that', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tilegraph-link-'));
    try {
      await given.store.put('a/b', Buffer.from('first'));
      const path = join(folder, 'b');
      const isLinked = await given.store.link('a/b', path);
      expect(isLinked).toBe(given.store.isTree);
      expect(await given.store.link('a/none', join(folder, 'none'))).toBe(false);
      await given.store.put('a/b', Buffer.from('second'));
      if (isLinked) expect(await readFile(path, 'utf8')).toBe('first');
      expect(await read(given.store, 'a/b')).toBe('second');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('what is not there is undefined', async () => {
    await given.store.put('a/b', Buffer.from('x'));
    for (const key of ['none', 'a', 'a/b/c', 'a/c']) {
      expect(await given.store.head(key)).toBeUndefined();
      expect(await given.store.get(key)).toBeUndefined();
      expect(await given.store.remove(key)).toBe(false);
    }
    expect(await keys(given.store, 'none')).toEqual([]);
    expect(await keys(given.store, 'a/b')).toEqual([]);
  });

  test('ranges are inclusive and cut to the object', async () => {
    await given.store.put('r', Buffer.from('0123456789'));
    expect(await read(given.store, 'r', { start: 0, end: 0 })).toBe('0');
    expect(await read(given.store, 'r', { start: 2, end: 4 })).toBe('234');
    expect(await read(given.store, 'r', { start: 8, end: 99 })).toBe('89');
    expect(await read(given.store, 'r', { start: 10, end: 12 })).toBe('');
    const part = (await given.store.get('r', { start: 3, end: 3 }))!;
    expect(part.info.size).toBe(10);
    part.body.destroy();
  });

  test('large bodies come back whole, in ranges too, with and without a condition', async () => {
    const bytes = randomBytes(20 * 1024 * 1024 + 17);
    async function* pieces() {
      for (let at = 0; at < bytes.length; at += 1_000_003) yield bytes.subarray(at, at + 1_000_003);
    }
    expect(await given.store.put('large', Readable.from(pieces()))).toMatchObject({ size: bytes.length });
    const whole = (await given.store.get('large'))!;
    expect((await buffer(whole.body)).equals(bytes)).toBe(true);
    const range = { start: 8 * 1024 * 1024 - 5, end: 8 * 1024 * 1024 + 5 };
    const part = (await given.store.get('large', range))!;
    expect((await buffer(part.body)).equals(bytes.subarray(range.start, range.end + 1))).toBe(true);
    const condition = 'absent' as const;
    expect(await given.store.put('large', Readable.from(pieces()), { condition })).toBeUndefined();
    expect(await given.store.put('second', Readable.from(pieces()), { condition })).toMatchObject({
      size: bytes.length,
    });
  });

  test('many small objects at once', async () => {
    const names = Array.from({ length: 300 }, (_, n) => `many/${n % 7}/${n}`);
    await Promise.all(
      names.map((name) => given.store.put(name, Buffer.from(name), { contentType: 'image/png' })),
    );
    const bodies = await Promise.all(names.map((name) => read(given.store, name)));
    expect(bodies).toEqual(names);
    await Promise.all(names.map((name) => given.store.put(name, Buffer.from('lazy'), { isLazy: true })));
    await given.store.sync('many');
    await given.store.sync('none');
    expect(await read(given.store, names[7])).toBe('lazy');
    expect(await given.store.removeAll('many')).toBe(300);
  });

  test('addresses for one object work alone, where there are such', async () => {
    await given.store.put('a b/ü.txt', Buffer.from('hello'), { contentType: 'text/plain' });
    const get = await given.store.presign('a b/ü.txt', {
      method: 'GET',
      expiresSeconds: 60,
      fileName: "Zoë's.txt",
    });
    const put = await given.store.presign('up/b.json', {
      ...{ method: 'PUT', expiresSeconds: 60, contentType: 'application/json' },
    } as const);
    expect(get === undefined).toBe(put === undefined);
    if (get === undefined || put === undefined) return;
    const answer = await fetch(get);
    expect([answer.status, await answer.text()]).toEqual([200, 'hello']);
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(put, { method: 'PUT', headers, body: '{}' })).status).toBe(200);
    expect(await read(given.store, 'up/b.json')).toBe('{}');
  });
}
