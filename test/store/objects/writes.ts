import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { keys, type ObjectFixture, read } from './fixture';

/** Writes that meet others, break off or are refused. */
export function describeWrites(given: ObjectFixture): void {
  test('of many who write where nothing is, one succeeds', async () => {
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        given.store.put('deep/folder/one', Readable.from([`writer ${n}`]), { condition: 'absent' }),
      ),
    );
    expect(results.filter((info) => info !== undefined)).toHaveLength(1);
    const winner = results.findIndex((info) => info !== undefined);
    expect(await read(given.store, 'deep/folder/one')).toBe(`writer ${winner}`);
    expect(
      await given.store.put('deep/folder/one', Buffer.from('no'), { condition: 'absent' }),
    ).toBeUndefined();
    expect(await read(given.store, 'deep/folder/one')).toBe(`writer ${winner}`);
  });

  test('a reader sees the old object or the new one, never a part', async () => {
    const [old, fresh] = ['a', 'b'].map((letter) => letter.repeat(200_000));
    await given.store.put('k', Buffer.from(old));
    const reading = (await given.store.get('k'))!;
    async function* slowly() {
      for (let i = 0; i < 4; i++) {
        expect([old, fresh]).toContain(await read(given.store, 'k'));
        yield Buffer.from(fresh.slice(i * 50_000, (i + 1) * 50_000));
      }
    }
    await given.store.put('k', Readable.from(slowly()));
    expect(await text(reading.body)).toBe(old);
    expect(await read(given.store, 'k')).toBe(fresh);
  });

  test('too much is refused, leaves the old object and does not destroy the sender', async () => {
    await given.store.put('q', Buffer.from('old'));
    const body = Readable.from([Buffer.alloc(6), Buffer.alloc(6), Buffer.alloc(6)]);
    await expect(given.store.put('q', body, { maxBytes: 10 })).rejects.toMatchObject({
      code: 'FileSizeExceeded',
    });
    expect(body.destroyed).toBe(false);
    await expect(given.store.put('new', Buffer.alloc(11), { maxBytes: 10 })).rejects.toMatchObject({
      code: 'FileSizeExceeded',
    });
    expect(await keys(given.store, '')).toEqual(['q']);
    expect(await read(given.store, 'q')).toBe('old');
    expect(await given.store.put('q', Buffer.alloc(10), { maxBytes: 10 })).toMatchObject({ size: 10 });
  });

  test('an abort ends a write that waits for a stalled sender', async () => {
    const abort = new AbortController();
    const stalled = new Readable({ read() {} });
    stalled.push('begin');
    const reason = new Error('client left');
    const writing = given.store.put('folder/x', stalled, { signal: abort.signal });
    setImmediate(() => abort.abort(reason));
    await expect(writing).rejects.toBe(reason);
    await expect(given.store.put('y', Buffer.from('y'), { signal: abort.signal })).rejects.toBe(reason);
    expect(await keys(given.store, '')).toEqual([]);
  });

  test('a sender that breaks off leaves nothing', async () => {
    const reason = new Error('socket hang up');
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('part');
        throw reason;
      })(),
    );
    await expect(given.store.put('x', broken)).rejects.toBe(reason);
    expect(await keys(given.store, '')).toEqual([]);
  });

  test('a large body that breaks off, is too large or is no longer wanted leaves nothing', async () => {
    const piece = Buffer.alloc(1024 * 1024);
    const reason = new Error('socket hang up');
    async function* endless() {
      for (let count = 0; count < 18; count++) yield piece;
      throw reason;
    }
    await expect(given.store.put('x', Readable.from(endless()))).rejects.toBe(reason);
    await expect(
      given.store.put('x', Readable.from(Array(18).fill(piece)), { maxBytes: 17 * 1024 * 1024 }),
    ).rejects.toMatchObject({ code: 'FileSizeExceeded' });
    const abort = new AbortController();
    async function* left() {
      for (let count = 0; count < 17; count++) yield piece;
      abort.abort(reason);
      yield piece;
    }
    await expect(given.store.put('x', Readable.from(left()), { signal: abort.signal })).rejects.toBe(reason);
    expect(await keys(given.store, '')).toEqual([]);
  });

  test('writers and removers of one folder do not disturb each other', async () => {
    await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        await given.store.put(`shared/sub/${n}`, Buffer.from('x'));
        if (n % 2) await given.store.remove(`shared/sub/${n}`);
      }),
    );
    expect(await keys(given.store, 'shared')).toHaveLength(20);
  });
}
