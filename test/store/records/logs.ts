import { allPages, type RecordFixture } from './fixture';

/** Logs and signing keys. */
export function describeLogs(given: RecordFixture): void {
  describe('logs', () => {
    const entry = (
      subject: string,
      message: string,
      level: 'debug' | 'info' | 'warning' | 'error' = 'info',
    ) => ({
      subject,
      level,
      message,
      time: new Date('2026-01-01T00:00:00.123Z'),
    });

    test('keep all fields, filter by level and page by id', async () => {
      const full = {
        ...entry('f', 'nul \0 half \ud83d', 'error'),
        code: 'C\0',
        data: { b: [null, 'nul \0 half \ud83d'], a: 1 },
        path: [{ node_id: 'n' }],
      };
      await given.store.logs.append([entry('f', '1', 'debug'), entry('f', '2', 'warning'), full]);
      await given.store.logs.append([]);
      const { items } = await given.store.logs.list('f', { level: 'warning' });
      expect(items).toEqual([
        { ...entry('f', '2', 'warning'), id: expect.any(String) },
        { ...full, message: 'nul \ufffd half \ufffd', code: 'C\ufffd', id: expect.any(String) },
      ]);
      const paged = await allPages((after) => given.store.logs.list('f', { limit: 1, after }));
      expect(paged.map((each) => each.message)).toEqual(['1', '2', 'nul \ufffd half \ufffd']);
      await expect(given.store.logs.list('f', { after: 'x' })).rejects.toMatchObject({
        code: 'RequestInvalid',
      });
      await given.store.logs.remove('f');
      expect(await given.store.logs.list('f', {})).toEqual({ items: [] });
    });

    test('keep the newest of each subject', async () => {
      const many = Array.from({ length: 75 }, (_, n) => entry('many', String(n)));
      await given.store.logs.append([entry('few', 'stays'), ...many]);
      await given.store.logs.append([entry('many', 'last')]);
      const messages = (await given.store.logs.list('many', {})).items.map((each) => each.message);
      expect(messages).toEqual(['66', '67', '68', '69', '70', '71', '72', '73', '74', 'last']);
      expect((await given.store.logs.list('few', {})).items).toHaveLength(1);
    });

    test('appear in the order of their ids to a reader that follows several writers', async () => {
      const stores = [given.store, await given.open()];
      const seen: string[] = [];
      let after: string | undefined;
      const follow = async () => {
        const { items } = await given.store.logs.list('followed', { after });
        seen.push(...items.map((each) => each.message));
        after = items.at(-1)?.id ?? after;
      };
      for (let round = 0; round < 4; round++)
        await Promise.all([
          ...stores.map((each, n) => each.logs.append([entry('followed', `${round}-${n}`)])),
          follow(),
        ]);
      await follow();
      expect(seen.sort()).toEqual(['0-0', '0-1', '1-0', '1-1', '2-0', '2-1', '3-0', '3-1']);
    });
  });

  test('signing keys are listed newest first until revoked', async () => {
    const key = (id: string, ms: number) => ({
      id,
      subject: 'service:k',
      secret: Buffer.from([0, 255, ms]),
      createdAt: new Date(ms),
    });
    await given.store.signingKeys.create(key('old', 1));
    await given.store.signingKeys.create(key('new', 2));
    expect(Buffer.from((await given.store.signingKeys.get('old'))!.secret)).toEqual(Buffer.from([0, 255, 1]));
    expect((await given.store.signingKeys.list('service:k')).map((each) => each.id)).toEqual(['new', 'old']);
    expect(await given.store.signingKeys.revoke('new', new Date(5))).toBe(true);
    expect(await given.store.signingKeys.revoke('new', new Date(6))).toBe(false);
    expect((await given.store.signingKeys.get('new'))?.revokedAt).toEqual(new Date(5));
    expect((await given.store.signingKeys.list('service:k')).map((each) => each.id)).toEqual(['old']);
  });
}
