import { allPages, awkwardNames, type RecordFixture, service, user } from './fixture';

/** Users, their tokens and their names. */
export function describeUsers(given: RecordFixture): void {
  describe('users', () => {
    test('come back as they were written, and are replaced by put', async () => {
      const full = user('ann', {
        email: 'ann@example.org',
        roles: ['admin', 'uploader'],
        passwordHash: 'x$y',
      });
      await given.store.users.put(full);
      expect(await given.store.users.get('ann')).toEqual(full);
      await given.store.users.put(user('ann', { name: 'Ann' }));
      const replaced = await given.store.users.get('ann');
      expect(replaced).toEqual(user('ann', { name: 'Ann' }));
      expect(Object.keys(replaced!)).not.toContain('passwordHash');
      expect(await given.store.users.get('nobody')).toBeUndefined();
    });

    test('create yields to an id that is taken, also when many create at once', async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, n) => given.store.users.create(user('race', { name: `racer ${n}` }))),
      );
      expect(results.filter(Boolean)).toHaveLength(1);
      expect((await given.store.users.get('race'))?.name).toBe(`racer ${results.indexOf(true)}`);
    });

    test.each(awkwardNames)('the id %j is an id like any other', async (id) => {
      expect(await given.store.users.create(user(id))).toBe(true);
      expect(await given.store.users.get(id)).toEqual(user(id));
      expect(await given.store.users.remove(id)).toBe(true);
      expect(await given.store.users.get(id)).toBeUndefined();
    });

    test('are listed by id in byte order, in pages that stay valid while rows come and go', async () => {
      const fresh = await given.open(await given.newUrl());
      const ids = ['b', 'a', 'Z', 'ä', 'é', '🛰', 'zz', '_', '￼'];
      for (const id of ids) await fresh.users.put(user(id));
      const sorted = [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(await fresh.users.count()).toBe(ids.length);
      expect((await fresh.users.list()).items.map((each) => each.id)).toEqual(sorted);
      const paged = await allPages((after) => fresh.users.list({ limit: 2, after }));
      expect(paged.map((each) => each.id)).toEqual(sorted);
      const first = await fresh.users.list({ limit: 3 });
      await fresh.users.remove(sorted[2]);
      const second = await fresh.users.list({ limit: 100, after: first.next });
      expect(second.items.map((each) => each.id)).toEqual(sorted.slice(3));
      expect(second).not.toHaveProperty('next');
    });

    test.each(['', 'x', '!!', 'bnVsbA', 'WzFd', 'WyJhIiwiYiJd'])(
      'a page %j that never was is refused',
      async (after) => {
        await expect(given.store.users.list({ after })).rejects.toMatchObject({ code: 'RequestInvalid' });
      },
    );

    test('take with them what is theirs, and only that', async () => {
      for (const id of ['leaver', 'stayer']) {
        await given.store.users.put(user(id));
        await given.store.tokens.put({
          digest: `d-${id}`,
          userId: id,
          expiresAt: new Date(0),
          createdAt: new Date(0),
        });
        await given.store.services.create(service(`s-${id}`, { ownerId: id }));
        await given.store.storedProcesses.put({ ownerId: id, id: 'p', process: {}, updatedAt: new Date(0) });
        const key = {
          id: `k-${id}`,
          subject: `service:s-${id}`,
          secret: Buffer.from('k'),
          createdAt: new Date(0),
        };
        await given.store.signingKeys.create(key);
        await given.store.logs.append([
          { subject: key.subject, level: 'info', message: 'm', time: new Date(0) },
        ]);
      }
      expect(await given.store.users.remove('leaver')).toBe(true);
      expect(await given.store.users.remove('leaver')).toBe(false);
      const left = async (id: string) => [
        await given.store.users.get(id),
        await given.store.tokens.get(`d-${id}`),
        await given.store.services.get(`s-${id}`),
        await given.store.storedProcesses.get(id, 'p'),
        await given.store.signingKeys.get(`k-${id}`),
        (await given.store.logs.list(`service:s-${id}`, {})).items[0],
      ];
      expect((await left('leaver')).filter((each) => each !== undefined)).toEqual([]);
      expect((await left('stayer')).filter((each) => each === undefined)).toEqual([]);
    });
  });

  test('many users leave at once while their services change', async () => {
    const ids = Array.from({ length: 12 }, (_, n) => `crowd ${n}`);
    for (const id of ids) {
      await given.store.users.put(user(id));
      for (const n of [1, 2]) await given.store.services.create(service(`${id}/${n}`, { ownerId: id }));
    }
    await Promise.all(
      ids.flatMap((id) => [
        given.store.users.remove(id),
        given.store.services.update(`${id}/1`, { enabled: false }),
        given.store.services.remove(`${id}/2`),
        given.store.tokens.put({ digest: id, userId: 'x', expiresAt: new Date(0), createdAt: new Date(0) }),
      ]),
    );
    for (const id of ids) expect(await given.store.services.list({ ownerId: id })).toEqual({ items: [] });
  });

  test('text that PostgreSQL cannot store is refused alike', async () => {
    await expect(given.store.users.put(user('a\0b'))).rejects.toMatchObject({ code: 'RequestInvalid' });
    await expect(given.store.users.get('a\0b')).rejects.toMatchObject({ code: 'RequestInvalid' });
  });

  test('tokens are found by digest and expire', async () => {
    const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour));
    const token = { digest: 'f'.repeat(64), userId: 'tom', expiresAt: at(2), createdAt: at(1) };
    await given.store.tokens.put(token);
    await given.store.tokens.put({ ...token, digest: 'later', expiresAt: at(4) });
    await given.store.tokens.removeExpired(at(1));
    expect(await given.store.tokens.get(token.digest)).toEqual(token);
    expect(await given.store.tokens.removeExpired(at(3))).toBe(1);
    expect(await given.store.tokens.get(token.digest)).toBeUndefined();
    await given.store.tokens.put(token);
    expect(await given.store.tokens.remove('later')).toBe(true);
    expect(await given.store.tokens.remove('later')).toBe(false);
    await given.store.tokens.put({ ...token, digest: 'second' });
    expect(await given.store.tokens.removeOf('tom')).toBe(2);
  });
}
