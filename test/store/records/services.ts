import { randomUUID } from 'node:crypto';
import { allPages, awkwardNames, type RecordFixture, service } from './fixture';

/** Services and processes. */
export function describeServices(given: RecordFixture): void {
  describe('services', () => {
    test('give back process and configuration exactly as sent', async () => {
      const text =
        '{"z":1,"a":{"__proto__":{"polluted":true},"constructor":null},"text":"\\u0000 \\ud800 🛰","n":[1e-7,12345678901234567890,-0.5,true]}';
      const sent = service(randomUUID(), { process: JSON.parse(text), configuration: JSON.parse(text) });
      await given.store.services.create(sent);
      const got = await given.store.services.get(sent.id);
      expect(JSON.stringify(got?.process)).toBe(JSON.stringify(JSON.parse(text)));
      expect(JSON.stringify(got?.configuration)).toBe(JSON.stringify(JSON.parse(text)));
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });

    test('change only in what is named, and count their changes', async () => {
      const id = randomUUID();
      const sent = service(id, { title: 'Title', description: 'Text', plan: 'free', budget: 0.1 });
      await given.store.services.create(sent);
      const updatedAt = new Date('2026-02-03T00:00:00Z');
      const changed = await given.store.services.update(id, { enabled: false, title: undefined, updatedAt });
      expect(changed).toEqual({ ...sent, enabled: false, revision: 2, updatedAt });
      const cleared = await given.store.services.update(id, { title: null, budget: null, updatedAt });
      const { title: _, budget: __, ...rest } = sent;
      expect(cleared).toEqual({ ...rest, enabled: false, revision: 3, updatedAt });
      expect(await given.store.services.get(id)).toEqual(cleared);
      expect(await given.store.services.update('none', { enabled: true })).toBeUndefined();
    });

    test('lose no change of many made at once by two servers', async () => {
      const id = randomUUID();
      await given.store.services.create(service(id));
      const stores = [given.store, await given.open()];
      await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          stores[n % 2].services.update(id, n < 10 ? { title: 'new title' } : { configuration: { n: 1 } }),
        ),
      );
      expect(await given.store.services.get(id)).toMatchObject({
        revision: 21,
        title: 'new title',
        configuration: { n: 1 },
      });
    });

    test('change under a condition only while they have the named revision', async () => {
      const id = randomUUID();
      await given.store.services.create(service(id));
      expect(await given.store.services.update(id, { title: 'one' }, 1)).toMatchObject({
        title: 'one',
        revision: 2,
      });
      expect(await given.store.services.update(id, { title: 'two' }, 1)).toBeUndefined();
      expect(await given.store.services.get(id)).toMatchObject({ title: 'one', revision: 2 });
    });

    test('are listed oldest first, of one owner or of all, in pages also where times are equal', async () => {
      const fresh = await given.open(await given.newUrl());
      const sent = Array.from({ length: 7 }, (_, n) =>
        service(`id-${6 - n}`, {
          ownerId: n % 2 ? 'bob' : 'ann',
          createdAt: new Date(Date.UTC(2026, 0, 1) + Math.trunc(n / 3)),
        }),
      );
      for (const each of sent) await fresh.services.create(each);
      const ordered = [...sent].sort((a, b) => +a.createdAt - +b.createdAt || (a.id < b.id ? -1 : 1));
      expect((await fresh.services.list({})).items).toEqual(ordered);
      expect(await allPages((after) => fresh.services.list({ limit: 2, after }))).toEqual(ordered);
      expect(await allPages((after) => fresh.services.list({ ownerId: 'bob', limit: 1, after }))).toEqual(
        ordered.filter((each) => each.ownerId === 'bob'),
      );
      expect(await fresh.services.list({ ownerId: 'nobody' })).toEqual({ items: [] });
      for (const since of ['never', '+275760-09-13T00:00:00.000Z', '0000-01-01T00:00:00.000Z']) {
        const after = Buffer.from(JSON.stringify([since, ''])).toString('base64url');
        for (const list of [fresh.services.list({ after }), fresh.jobs.list({ after })])
          await expect(list).rejects.toMatchObject({ code: 'RequestInvalid' });
      }
    });

    test('go with their logs and keys', async () => {
      const id = randomUUID();
      const subject = `service:${id}`;
      await given.store.services.create(service(id));
      await given.store.signingKeys.create({ id, subject, secret: Buffer.from('x'), createdAt: new Date(0) });
      await given.store.logs.append([{ subject, level: 'error', message: 'm', time: new Date(0) }]);
      expect(await given.store.services.remove(id)).toBe(true);
      expect(await given.store.services.remove(id)).toBe(false);
      expect(await given.store.signingKeys.get(id)).toBeUndefined();
      expect((await given.store.logs.list(subject, {})).items).toEqual([]);
    });
  });

  test.each(awkwardNames)('processes with the id %j', async (id) => {
    const process = JSON.parse(`{"id":"x","b":1,"a":2}`);
    const updatedAt = new Date('2026-01-01T00:00:00.001Z');
    await given.store.storedProcesses.put({ ownerId: 'ann', id, process: {}, updatedAt: new Date(0) });
    await given.store.storedProcesses.put({ ownerId: 'ann', id, process, updatedAt });
    await given.store.storedProcesses.put({ ownerId: 'bob', id, process: { of: 'bob' }, updatedAt });
    await given.store.registeredProcesses.put({
      id,
      process: {},
      registeredBy: 'ann',
      updatedAt: new Date(0),
    });
    await given.store.registeredProcesses.put({ id, process, registeredBy: 'bob', updatedAt });
    const got = await given.store.storedProcesses.get('ann', id);
    expect(got).toEqual({ ownerId: 'ann', id, process, updatedAt });
    expect(JSON.stringify(got?.process)).toBe('{"id":"x","b":1,"a":2}');
    expect((await given.store.storedProcesses.list('ann')).items).toContainEqual(got);
    expect(await given.store.registeredProcesses.list()).toEqual([
      { id, process, registeredBy: 'bob', updatedAt },
    ]);
    expect(await given.store.storedProcesses.remove('ann', id)).toBe(true);
    expect(await given.store.storedProcesses.remove('ann', id)).toBe(false);
    expect((await given.store.storedProcesses.get('bob', id))?.process).toEqual({ of: 'bob' });
    expect(await given.store.registeredProcesses.remove(id)).toBe(true);
    expect(await given.store.registeredProcesses.remove(id)).toBe(false);
  });
}
