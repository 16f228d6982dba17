import { randomUUID } from 'node:crypto';
import { silentLogger } from '../../src/base/logger';
import { openRecordStore } from '../../src/store/records/open';
import type { ChangeTopic, RecordStore, ServiceRecord, UserRecord } from '../../src/store/records/types';

/** Names that are special to JavaScript, SQL or text processing, and must be plain names here. */
const awkwardNames = [
  '__proto__',
  'constructor',
  'toString',
  'Zoë 🛰 日本',
  "o'; drop table users; --",
  '%_\\',
  ' ',
  '"double"',
  'a/b?c#d',
];

function user(id: string, more: Partial<UserRecord> = {}): UserRecord {
  return { id, name: id, roles: [], createdAt: new Date('2026-01-02T03:04:05.678Z'), ...more };
}

function service(id: string, more: Partial<ServiceRecord> = {}): ServiceRecord {
  const createdAt = new Date('2026-01-02T03:04:05.678Z');
  return {
    id,
    ownerId: 'ann',
    type: 'xyz',
    process: { process_graph: {} },
    configuration: {},
    enabled: true,
    logLevel: 'info',
    revision: 1,
    createdAt,
    updatedAt: createdAt,
    ...more,
  };
}

async function until(isTrue: () => boolean, timeoutMs = 5000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error('It did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function allPages<T>(
  list: (after: string | undefined) => Promise<{ items: readonly T[]; next?: string }>,
): Promise<T[]> {
  const items: T[] = [];
  for (let after: string | undefined; ; ) {
    const page = await list(after);
    items.push(...page.items);
    after = page.next;
    if (after === undefined) return items;
  }
}

/**
 * What every back-end of the record store does.
 * @param newUrl names a new, empty database that takes several connections
 * @param byHand runs a statement on a connection that knows nothing of the store; `created` stands for a time
 */
export function describeRecordStore(
  newUrl: () => Promise<string>,
  byHand: (url: string, statement: string) => Promise<void>,
): void {
  const opened: RecordStore[] = [];
  let url: string;
  let store: RecordStore;
  const open = async (address = url) => {
    const another = await openRecordStore(address, { logger: silentLogger, maxLogEntries: 10 });
    opened.push(another);
    return another;
  };

  beforeAll(async () => {
    url = await newUrl();
    store = await open();
  });
  afterAll(async () => {
    for (const each of opened) await each.close();
  });

  describe('users', () => {
    test('come back as they were written, and are replaced by put', async () => {
      const full = user('ann', {
        email: 'ann@example.org',
        roles: ['admin', 'uploader'],
        passwordHash: 'x$y',
      });
      await store.users.put(full);
      expect(await store.users.get('ann')).toEqual(full);
      await store.users.put(user('ann', { name: 'Ann' }));
      const replaced = await store.users.get('ann');
      expect(replaced).toEqual(user('ann', { name: 'Ann' }));
      expect(Object.keys(replaced!)).not.toContain('passwordHash');
      expect(await store.users.get('nobody')).toBeUndefined();
    });

    test('create yields to an id that is taken, also when many create at once', async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, n) => store.users.create(user('race', { name: `racer ${n}` }))),
      );
      expect(results.filter(Boolean)).toHaveLength(1);
      expect((await store.users.get('race'))?.name).toBe(`racer ${results.indexOf(true)}`);
    });

    test.each(awkwardNames)('the id %j is an id like any other', async (id) => {
      expect(await store.users.create(user(id))).toBe(true);
      expect(await store.users.get(id)).toEqual(user(id));
      expect(await store.users.remove(id)).toBe(true);
      expect(await store.users.get(id)).toBeUndefined();
    });

    test('are listed by id in byte order, in pages that stay valid while rows come and go', async () => {
      const fresh = await open(await newUrl());
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
        await expect(store.users.list({ after })).rejects.toMatchObject({ code: 'RequestInvalid' });
      },
    );

    test('take with them what is theirs, and only that', async () => {
      for (const id of ['leaver', 'stayer']) {
        await store.users.put(user(id));
        await store.tokens.put({
          digest: `d-${id}`,
          userId: id,
          expiresAt: new Date(0),
          createdAt: new Date(0),
        });
        await store.services.create(service(`s-${id}`, { ownerId: id }));
        await store.storedProcesses.put({ ownerId: id, id: 'p', process: {}, updatedAt: new Date(0) });
        const key = {
          id: `k-${id}`,
          subject: `service:s-${id}`,
          secret: Buffer.from('k'),
          createdAt: new Date(0),
        };
        await store.signingKeys.create(key);
        await store.logs.append([{ subject: key.subject, level: 'info', message: 'm', time: new Date(0) }]);
      }
      expect(await store.users.remove('leaver')).toBe(true);
      expect(await store.users.remove('leaver')).toBe(false);
      const left = async (id: string) => [
        await store.users.get(id),
        await store.tokens.get(`d-${id}`),
        await store.services.get(`s-${id}`),
        await store.storedProcesses.get(id, 'p'),
        await store.signingKeys.get(`k-${id}`),
        (await store.logs.list(`service:s-${id}`, {})).items[0],
      ];
      expect((await left('leaver')).filter((each) => each !== undefined)).toEqual([]);
      expect((await left('stayer')).filter((each) => each === undefined)).toEqual([]);
    });
  });

  test('many users leave at once while their services change', async () => {
    const ids = Array.from({ length: 12 }, (_, n) => `crowd ${n}`);
    for (const id of ids) {
      await store.users.put(user(id));
      for (const n of [1, 2]) await store.services.create(service(`${id}/${n}`, { ownerId: id }));
    }
    await Promise.all(
      ids.flatMap((id) => [
        store.users.remove(id),
        store.services.update(`${id}/1`, { enabled: false }),
        store.services.remove(`${id}/2`),
        store.tokens.put({ digest: id, userId: 'x', expiresAt: new Date(0), createdAt: new Date(0) }),
      ]),
    );
    for (const id of ids) expect(await store.services.list({ ownerId: id })).toEqual({ items: [] });
  });

  test('text that PostgreSQL cannot store is refused alike', async () => {
    await expect(store.users.put(user('a\0b'))).rejects.toMatchObject({ code: 'RequestInvalid' });
    await expect(store.users.get('a\0b')).rejects.toMatchObject({ code: 'RequestInvalid' });
  });

  test('tokens are found by digest and expire', async () => {
    const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour));
    const token = { digest: 'f'.repeat(64), userId: 'tom', expiresAt: at(2), createdAt: at(1) };
    await store.tokens.put(token);
    await store.tokens.put({ ...token, digest: 'later', expiresAt: at(4) });
    await store.tokens.removeExpired(at(1));
    expect(await store.tokens.get(token.digest)).toEqual(token);
    expect(await store.tokens.removeExpired(at(3))).toBe(1);
    expect(await store.tokens.get(token.digest)).toBeUndefined();
    await store.tokens.put(token);
    expect(await store.tokens.remove('later')).toBe(true);
    expect(await store.tokens.remove('later')).toBe(false);
    await store.tokens.put({ ...token, digest: 'second' });
    expect(await store.tokens.removeOf('tom')).toBe(2);
  });

  describe('services', () => {
    test('give back process and configuration exactly as sent', async () => {
      const text =
        '{"z":1,"a":{"__proto__":{"polluted":true},"constructor":null},"text":"\\u0000 \\ud800 🛰","n":[1e-7,12345678901234567890,-0.5,true]}';
      const sent = service(randomUUID(), { process: JSON.parse(text), configuration: JSON.parse(text) });
      await store.services.create(sent);
      const got = await store.services.get(sent.id);
      expect(JSON.stringify(got?.process)).toBe(JSON.stringify(JSON.parse(text)));
      expect(JSON.stringify(got?.configuration)).toBe(JSON.stringify(JSON.parse(text)));
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });

    test('change only in what is named, and count their changes', async () => {
      const id = randomUUID();
      const sent = service(id, { title: 'Title', description: 'Text', plan: 'free', budget: 0.1 });
      await store.services.create(sent);
      const updatedAt = new Date('2026-02-03T00:00:00Z');
      const changed = await store.services.update(id, { enabled: false, title: undefined, updatedAt });
      expect(changed).toEqual({ ...sent, enabled: false, revision: 2, updatedAt });
      const cleared = await store.services.update(id, { title: null, budget: null, updatedAt });
      const { title: _, budget: __, ...rest } = sent;
      expect(cleared).toEqual({ ...rest, enabled: false, revision: 3, updatedAt });
      expect(await store.services.get(id)).toEqual(cleared);
      expect(await store.services.update('none', { enabled: true })).toBeUndefined();
    });

    test('lose no change of many made at once by two servers', async () => {
      const id = randomUUID();
      await store.services.create(service(id));
      const stores = [store, await open()];
      await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          stores[n % 2].services.update(id, n < 10 ? { title: 'new title' } : { configuration: { n: 1 } }),
        ),
      );
      expect(await store.services.get(id)).toMatchObject({
        revision: 21,
        title: 'new title',
        configuration: { n: 1 },
      });
    });

    test('change under a condition only while they have the named revision', async () => {
      const id = randomUUID();
      await store.services.create(service(id));
      expect(await store.services.update(id, { title: 'one' }, 1)).toMatchObject({
        title: 'one',
        revision: 2,
      });
      expect(await store.services.update(id, { title: 'two' }, 1)).toBeUndefined();
      expect(await store.services.get(id)).toMatchObject({ title: 'one', revision: 2 });
    });

    test('are listed oldest first, of one owner or of all, in pages also where times are equal', async () => {
      const fresh = await open(await newUrl());
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
      await store.services.create(service(id));
      await store.signingKeys.create({ id, subject, secret: Buffer.from('x'), createdAt: new Date(0) });
      await store.logs.append([{ subject, level: 'error', message: 'm', time: new Date(0) }]);
      expect(await store.services.remove(id)).toBe(true);
      expect(await store.services.remove(id)).toBe(false);
      expect(await store.signingKeys.get(id)).toBeUndefined();
      expect((await store.logs.list(subject, {})).items).toEqual([]);
    });
  });

  test.each(awkwardNames)('processes with the id %j', async (id) => {
    const process = JSON.parse(`{"id":"x","b":1,"a":2}`);
    const updatedAt = new Date('2026-01-01T00:00:00.001Z');
    await store.storedProcesses.put({ ownerId: 'ann', id, process: {}, updatedAt: new Date(0) });
    await store.storedProcesses.put({ ownerId: 'ann', id, process, updatedAt });
    await store.storedProcesses.put({ ownerId: 'bob', id, process: { of: 'bob' }, updatedAt });
    await store.registeredProcesses.put({ id, process: {}, registeredBy: 'ann', updatedAt: new Date(0) });
    await store.registeredProcesses.put({ id, process, registeredBy: 'bob', updatedAt });
    const got = await store.storedProcesses.get('ann', id);
    expect(got).toEqual({ ownerId: 'ann', id, process, updatedAt });
    expect(JSON.stringify(got?.process)).toBe('{"id":"x","b":1,"a":2}');
    expect((await store.storedProcesses.list('ann')).items).toContainEqual(got);
    expect(await store.registeredProcesses.list()).toEqual([{ id, process, registeredBy: 'bob', updatedAt }]);
    expect(await store.storedProcesses.remove('ann', id)).toBe(true);
    expect(await store.storedProcesses.remove('ann', id)).toBe(false);
    expect((await store.storedProcesses.get('bob', id))?.process).toEqual({ of: 'bob' });
    expect(await store.registeredProcesses.remove(id)).toBe(true);
    expect(await store.registeredProcesses.remove(id)).toBe(false);
  });

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
      await store.logs.append([entry('f', '1', 'debug'), entry('f', '2', 'warning'), full]);
      await store.logs.append([]);
      const { items } = await store.logs.list('f', { level: 'warning' });
      expect(items).toEqual([
        { ...entry('f', '2', 'warning'), id: expect.any(String) },
        { ...full, message: 'nul \ufffd half \ufffd', code: 'C\ufffd', id: expect.any(String) },
      ]);
      const paged = await allPages((after) => store.logs.list('f', { limit: 1, after }));
      expect(paged.map((each) => each.message)).toEqual(['1', '2', 'nul \ufffd half \ufffd']);
      await expect(store.logs.list('f', { after: 'x' })).rejects.toMatchObject({ code: 'RequestInvalid' });
      await store.logs.remove('f');
      expect(await store.logs.list('f', {})).toEqual({ items: [] });
    });

    test('keep the newest of each subject', async () => {
      const many = Array.from({ length: 75 }, (_, n) => entry('many', String(n)));
      await store.logs.append([entry('few', 'stays'), ...many]);
      await store.logs.append([entry('many', 'last')]);
      const messages = (await store.logs.list('many', {})).items.map((each) => each.message);
      expect(messages).toEqual(['66', '67', '68', '69', '70', '71', '72', '73', '74', 'last']);
      expect((await store.logs.list('few', {})).items).toHaveLength(1);
    });

    test('appear in the order of their ids to a reader that follows several writers', async () => {
      const stores = [store, await open()];
      const seen: string[] = [];
      let after: string | undefined;
      const follow = async () => {
        const { items } = await store.logs.list('followed', { after });
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
    await store.signingKeys.create(key('old', 1));
    await store.signingKeys.create(key('new', 2));
    expect(Buffer.from((await store.signingKeys.get('old'))!.secret)).toEqual(Buffer.from([0, 255, 1]));
    expect((await store.signingKeys.list('service:k')).map((each) => each.id)).toEqual(['new', 'old']);
    expect(await store.signingKeys.revoke('new', new Date(5))).toBe(true);
    expect(await store.signingKeys.revoke('new', new Date(6))).toBe(false);
    expect((await store.signingKeys.get('new'))?.revokedAt).toEqual(new Date(5));
    expect((await store.signingKeys.list('service:k')).map((each) => each.id)).toEqual(['old']);
  });

  describe('uploads', () => {
    const upload = (id: string, wanted: number, userId = 'uploader') => ({
      ...{ id, userId, path: `${id}.tif`, wanted },
    });

    test('each learns of those of the user that asked before', async () => {
      expect(await store.uploads.ask(upload('u1', 10), 60_000)).toEqual([]);
      expect(await store.uploads.ask(upload('u2', 2 ** 40), 60_000)).toEqual([
        { ...upload('u1', 10), granted: 0, turn: 1, expiresAt: expect.any(Date) },
      ]);
      expect(await store.uploads.ask(upload('other', 5, 'another'), 60_000)).toEqual([]);
      expect(await store.uploads.grant('u1')).toBe(true);
      expect(await store.uploads.before('u2')).toMatchObject([{ id: 'u1', wanted: 10, granted: 10 }]);
      // Who asks for more goes to the end, with what it has.
      expect(await store.uploads.ask(upload('u1', 20), 60_000)).toMatchObject([{ id: 'u2' }]);
      expect(await store.uploads.before('u2')).toEqual([]);
      expect(await store.uploads.ask(upload('u3', 1), 60_000)).toMatchObject([
        { id: 'u2', wanted: 2 ** 40, granted: 0 },
        { id: 'u1', wanted: 20, granted: 10 },
      ]);
      await store.uploads.end('u1');
      await store.uploads.end('u2');
      expect(await store.uploads.before('u3')).toEqual([]);
      expect(await store.uploads.grant('u1')).toBe(false);
    });

    test('of a process that died they count until they expire', async () => {
      await store.uploads.ask(upload('dead', 10, 'mortal'), -1);
      expect(await store.uploads.grant('dead')).toBe(false);
      expect(await store.uploads.renew('dead', 60_000)).toBe(false);
      expect(await store.uploads.ask(upload('alive', 10, 'mortal'), 60_000)).toEqual([]);
      expect(await store.uploads.renew('alive', 60_000)).toBe(true);
      await store.users.put(user('mortal'));
      await store.users.remove('mortal');
      expect(await store.uploads.grant('alive')).toBe(false);
    });

    test('of many that ask at once each has its place', async () => {
      const other = await open();
      const seen = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? store : other).uploads.ask(upload(`m${index}`, 1, 'crowd'), 60_000),
        ),
      );
      expect(seen.map((before) => before.length).sort((a, b) => a - b)).toEqual([...seen.keys()]);
    });
  });

  test('a setting is set once', async () => {
    const values = ['a', 'b', 'c'];
    const got = await Promise.all(values.map((value) => store.settings.setDefault('salt', value)));
    expect(new Set(got).size).toBe(1);
    expect(await store.settings.get('salt')).toBe(got[0]);
    expect(await store.settings.get('__proto__')).toBeUndefined();
  });

  describe('onChange', () => {
    test('tells of own changes before they return, of each topic, and not of what changed nothing', async () => {
      const heard: ChangeTopic[] = [];
      const fresh = await open(await newUrl());
      const stop = fresh.onChange((topic) => heard.push(topic));
      const done = async (change: Promise<unknown>) => {
        heard.length = 0;
        await change;
        return [...heard];
      };
      const at = new Date(0);
      expect(await done(fresh.users.put(user('u')))).toContain('users');
      expect(
        await done(fresh.tokens.put({ digest: 'd', userId: 'u', expiresAt: at, createdAt: at })),
      ).toContain('tokens');
      expect(await done(fresh.services.create(service('s')))).toContain('services');
      expect(await done(fresh.services.update('s', { enabled: false }))).toContain('services');
      expect(
        await done(fresh.storedProcesses.put({ ownerId: 'u', id: 'p', process: {}, updatedAt: at })),
      ).toContain('stored_processes');
      expect(
        await done(fresh.registeredProcesses.put({ id: 'p', process: {}, registeredBy: 'u', updatedAt: at })),
      ).toContain('registered_processes');
      expect(
        await done(
          fresh.signingKeys.create({ id: 'k', subject: 's', secret: Buffer.from('k'), createdAt: at }),
        ),
      ).toContain('signing_keys');
      stop();
      expect(await done(fresh.users.remove('u'))).toEqual([]);
    });

    test('tells another server, which then reads the new state', async () => {
      const other = await open();
      const heard = new Set<ChangeTopic>();
      const stop = other.onChange((topic) => heard.add(topic));
      const told: [ChangeTopic, () => Promise<unknown>][] = [
        ['users', () => store.users.put(user('far'))],
        ['services', () => store.services.create(service(randomUUID()))],
        [
          'tokens',
          () =>
            store.tokens.put({ digest: 'far', userId: 'far', expiresAt: new Date(), createdAt: new Date() }),
        ],
        ['tokens', () => store.tokens.removeOf('far')],
        ['users', () => store.users.remove('far')],
      ];
      for (const [topic, change] of told) {
        // What was told before belongs to earlier changes.
        await new Promise((resolve) => setTimeout(resolve, 50));
        heard.clear();
        await change();
        await until(() => heard.has(topic));
      }
      expect(await other.users.get('far')).toBeUndefined();
      stop();
    });

    test('tells of changes that somebody makes by hand in the database', async () => {
      const heard: ChangeTopic[] = [];
      const stop = store.onChange((topic) => heard.push(topic));
      await new Promise((resolve) => setTimeout(resolve, 100));
      heard.length = 0;
      await byHand(url, "insert into settings values ('by', 'hand')");
      await byHand(url, "insert into registered_processes values ('by hand', '{}', 'x', created)");
      await until(() => heard.includes('registered_processes'));
      stop();
    });

    test('a listener that throws does not keep others from hearing', async () => {
      const heard: ChangeTopic[] = [];
      const stops = [
        store.onChange(() => {
          throw new Error('broken');
        }),
        store.onChange((topic) => heard.push(topic)),
      ];
      await store.users.put(user('loud'));
      for (const stop of stops) stop();
      expect(heard).toContain('users');
    });
  });

  test('is unavailable once closed', async () => {
    const closed = await openRecordStore(url, { logger: silentLogger });
    await closed.ping();
    await closed.close();
    await expect(closed.ping()).rejects.toMatchObject({ code: 'StoreUnavailable' });
    await expect(closed.users.get('ann')).rejects.toMatchObject({ code: 'StoreUnavailable' });
    await closed.close();
  });

  test('projects have unique slugs, and drafts numbers that follow one another', async () => {
    const now = new Date();
    const project = (id: string, slug: string, ownerId = 'ann') => ({
      ...{ id, slug, ownerId, createdAt: now, updatedAt: now },
    });
    expect(await store.projects.create(project('p1', 'b-map'))).toBe(true);
    expect(await store.projects.create(project('p2', 'b-map', 'bob'))).toBe(false);
    expect(await store.projects.create(project('p3', 'a-map', 'bob'))).toBe(true);
    expect(await store.projects.get('b-map')).toEqual(project('p1', 'b-map'));
    const slugs = async (filter: { ownerId?: string; limit?: number; after?: string }) =>
      (await store.projects.list(filter)).items.map(({ slug }) => slug);
    expect(await slugs({})).toEqual(['a-map', 'b-map']);
    expect(await slugs({ ownerId: 'ann' })).toEqual(['b-map']);
    const page = await store.projects.list({ limit: 1 });
    expect(await slugs({ limit: 1, after: page.next })).toEqual(['b-map']);
    const drafts = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        store.projects.createDraft({ id: `v${n}`, projectId: 'p1', createdAt: now }),
      ),
    );
    expect(drafts.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect((await store.projects.versions('p1')).map(({ version }) => version)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8,
    ]);
    expect(await store.projects.versions('p3')).toEqual([]);
  });

  test('of many who start a generation of a project, one does', async () => {
    const now = new Date();
    await store.projects.create({ id: 'p', slug: 's', ownerId: 'ann', createdAt: now, updatedAt: now });
    const race = (before?: string) =>
      Promise.all(
        Array.from({ length: 6 }, (_, n) => store.projects.activate('p', `${before}-${n}`, before)),
      );
    expect((await race()).filter(Boolean)).toHaveLength(1);
    const { activeJobId } = (await store.projects.get('s'))!;
    expect((await race()).filter(Boolean)).toHaveLength(0);
    expect((await race(activeJobId)).filter(Boolean)).toHaveLength(1);
  });

  test('a version is published once, with what is staged, and never changes again', async () => {
    const now = new Date();
    const draft = await store.projects.createDraft({ id: 'v', projectId: 'p', createdAt: now });
    expect(draft).toEqual({ id: 'v', projectId: 'p', version: 1, status: 'draft', createdAt: now });
    const set = (path: string) => ({ path, jobId: 'j', result: { tile_count: 3 } });
    const asset = {
      projectId: 'p',
      versionId: 'v',
      assetType: 'base_map',
      name: 'ü.png',
      key: 'k',
      size: 5e9,
      createdAt: now,
    };
    expect(await store.projects.createAsset({ ...asset, id: 'a' })).toBe(true);
    expect(await store.projects.publish('v', set('one/'), now)).toBe(false);
    expect(await store.projects.stage('v', set('one/'))).toBe(true);
    expect(await store.projects.stage('v', set('two/'))).toBe(true);
    expect(await store.projects.publish('v', set('one/'), now)).toBe(false);
    expect(await store.projects.publish('v', set('two/'), now)).toBe(true);
    expect(await store.projects.publish('v', set('two/'), now)).toBe(false);
    expect(await store.projects.stage('v', set('three/'))).toBe(false);
    expect(await store.projects.createAsset({ ...asset, id: 'b' })).toBe(false);
    expect(await store.projects.version('v')).toEqual({
      ...{ ...draft, status: 'published', publishedAt: now, staged: set('two/'), published: set('two/') },
    });
    expect(await store.projects.assets('v')).toEqual([{ ...asset, id: 'a' }]);
    expect(await store.projects.asset('a')).toEqual({ ...asset, id: 'a' });
    expect(await store.projects.asset('b')).toBeUndefined();
  });
}
