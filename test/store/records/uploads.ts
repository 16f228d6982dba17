import { type RecordFixture, user } from './fixture';

/** Uploads of files, and settings. */
export function describeUploads(given: RecordFixture): void {
  describe('uploads', () => {
    const upload = (id: string, wanted: number, userId = 'uploader') => ({
      ...{ id, userId, path: `${id}.tif`, wanted },
    });

    test('each learns of those of the user that asked before', async () => {
      expect(await given.store.uploads.ask(upload('u1', 10), 60_000)).toEqual([]);
      expect(await given.store.uploads.ask(upload('u2', 2 ** 40), 60_000)).toEqual([
        { ...upload('u1', 10), granted: 0, turn: 1, expiresAt: expect.any(Date) },
      ]);
      expect(await given.store.uploads.ask(upload('other', 5, 'another'), 60_000)).toEqual([]);
      expect(await given.store.uploads.grant('u1')).toBe(true);
      expect(await given.store.uploads.before('u2')).toMatchObject([{ id: 'u1', wanted: 10, granted: 10 }]);
      // Who asks for more goes to the end, with what it has.
      expect(await given.store.uploads.ask(upload('u1', 20), 60_000)).toMatchObject([{ id: 'u2' }]);
      expect(await given.store.uploads.before('u2')).toEqual([]);
      expect(await given.store.uploads.ask(upload('u3', 1), 60_000)).toMatchObject([
        { id: 'u2', wanted: 2 ** 40, granted: 0 },
        { id: 'u1', wanted: 20, granted: 10 },
      ]);
      await given.store.uploads.end('u1');
      await given.store.uploads.end('u2');
      expect(await given.store.uploads.before('u3')).toEqual([]);
      expect(await given.store.uploads.grant('u1')).toBe(false);
    });

    test('of a process that died they count until they expire', async () => {
      await given.store.uploads.ask(upload('dead', 10, 'mortal'), -1);
      expect(await given.store.uploads.grant('dead')).toBe(false);
      expect(await given.store.uploads.renew('dead', 60_000)).toBe(false);
      expect(await given.store.uploads.ask(upload('alive', 10, 'mortal'), 60_000)).toEqual([]);
      expect(await given.store.uploads.renew('alive', 60_000)).toBe(true);
      await given.store.users.put(user('mortal'));
      await given.store.users.remove('mortal');
      expect(await given.store.uploads.grant('alive')).toBe(false);
    });

    test('of many that ask at once each has its place', async () => {
      const other = await given.open();
      const seen = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? given.store : other).uploads.ask(upload(`m${index}`, 1, 'crowd'), 60_000),
        ),
      );
      expect(seen.map((before) => before.length).sort((a, b) => a - b)).toEqual([...seen.keys()]);
    });
  });

  test('a setting is set once', async () => {
    const values = ['a', 'b', 'c'];
    const got = await Promise.all(values.map((value) => given.store.settings.setDefault('salt', value)));
    expect(new Set(got).size).toBe(1);
    expect(await given.store.settings.get('salt')).toBe(got[0]);
    expect(await given.store.settings.get('__proto__')).toBeUndefined();
  });
}
