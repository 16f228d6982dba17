import { Client } from 'pg';
import type { LogFields, Logger } from '../../src/base/logger';
import { openRecordStore } from '../../src/store/records/open';
import { topics } from '../../src/store/records/revisions';
import type { ChangeTopic, RecordStore } from '../../src/store/records/types';
import { type PostgresServer, startPostgres } from '../support/postgres';

const unavailable = { code: 'StoreUnavailable', status: 503, retryAfter: 5 };

let server: PostgresServer;
const opened: RecordStore[] = [];
const logged: string[] = [];

/** Keeps all that is logged, errors and their causes included. */
const recorder: Logger = {
  error: (message, fields) => record(message, fields),
  warning: (message, fields) => record(message, fields),
  info: (message, fields) => record(message, fields),
  debug: (message, fields) => record(message, fields),
  child: () => recorder,
};

function record(message: string, fields: LogFields = {}): void {
  logged.push(`${message} ${JSON.stringify(fields)}`);
}

/** All that an error tells anybody who looks, down its causes. */
function everythingIn(error: unknown): string {
  if (!(error instanceof Object)) return String(error);
  const own = Object.getOwnPropertyNames(error).map((name) => {
    const value: unknown = Reflect.get(error, name);
    return value instanceof Object ? everythingIn(value) : String(value);
  });
  return own.join('\n');
}

async function open(url: string): Promise<RecordStore> {
  const store = await openRecordStore(url, { logger: recorder });
  opened.push(store);
  return store;
}

async function until(isTrue: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error('It did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isUp(store: RecordStore): Promise<boolean> {
  return store.ping().then(
    () => true,
    () => false,
  );
}

const user = (id: string) => ({ id, name: id, roles: [], createdAt: new Date(0) });

beforeAll(async () => {
  server = await startPostgres();
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});
afterAll(() => server.remove());

test('a server that starts without its database says so, and works once the database is there', async () => {
  const { url } = await server.createDatabase();
  await server.stop();
  const store = await open(url);
  const heard = new Set<ChangeTopic>();
  store.onChange((topic) => heard.add(topic));
  await expect(store.ping()).rejects.toMatchObject(unavailable);
  await expect(store.users.put(user('early'))).rejects.toMatchObject(unavailable);
  await expect(store.users.remove('early')).rejects.toMatchObject(unavailable);
  expect(logged.filter((line) => line.includes('cannot be used now'))).toHaveLength(1);
  await server.restart();
  await until(() => isUp(store));
  await until(() => heard.size === topics.length);
  await store.users.put(user('late'));
  expect(await store.users.get('early')).toBeUndefined();
  expect(await store.users.get('late')).toMatchObject({ id: 'late' });
  expect(logged.some((line) => line.includes('can be used again'))).toBe(true);
});

test('a database that stops in the middle makes methods throw StoreUnavailable, then all goes on', async () => {
  const { url } = await server.createDatabase();
  const [store, other] = [await open(url), await open(url)];
  const heard: ChangeTopic[] = [];
  store.onChange((topic) => heard.push(topic));
  const written = new Set<string>();
  const failures: unknown[] = [];
  let isWorking = true;
  const work = Array.from({ length: 8 }, async (_, worker) => {
    for (let n = 0; isWorking; n++) {
      const id = `${worker}-${n}`;
      try {
        await store.users.put(user(id));
        written.add(id);
        if (n % 5 === 0 && (await store.users.remove(id))) written.delete(id);
      } catch (error) {
        failures.push(error);
        // Whether the last statement was done is open when its connection breaks.
        written.delete(id);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  });
  await until(() => written.size > 20);
  await server.stop();
  await until(() => failures.length > 20);
  await expect(store.services.list({})).rejects.toMatchObject(unavailable);
  heard.length = 0;
  await server.restart();
  await until(() => isUp(store));
  const before = written.size;
  await until(() => written.size > before + 20);
  isWorking = false;
  await Promise.all(work);
  for (const failure of failures) expect(failure).toMatchObject(unavailable);
  await until(() => topics.every((topic) => heard.some((each) => each === topic)));
  const kept = new Set((await store.users.list()).items.map((each) => each.id));
  for (const id of written) expect(kept).toContain(id);
  // Changes of others are heard again.
  await until(() => isUp(other));
  heard.length = 0;
  await other.settings.setDefault('quiet', 'no topic');
  await other.tokens.put({ digest: 'd', userId: 'u', expiresAt: new Date(), createdAt: new Date() });
  await until(() => heard.includes('tokens'));
});

test('connections that an operator ends are made anew', async () => {
  const { url } = await server.createDatabase();
  const store = await open(url);
  const heard = new Set<ChangeTopic>();
  store.onChange((topic) => heard.add(topic));
  await until(() => heard.size === topics.length);
  heard.clear();
  const operator = new Client({ connectionString: server.url });
  await operator.connect();
  await operator.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
    new URL(url).pathname.slice(1),
  ]);
  await operator.end();
  await until(() => isUp(store));
  await until(() => heard.size === topics.length);
  await store.users.put(user('a'));
});

test('credentials that are refused stop the start with a message', async () => {
  const { url } = await server.createDatabase();
  const wrong = url.replace(/:[^:@]*@/, ':wrong-secret@');
  await expect(open(wrong)).rejects.toThrow(
    /The records database cannot be used: password authentication failed/,
  );
  await expect(open(`${server.url}_that_is_not_there`)).rejects.toThrow(/does not exist/);
  const error = await open(wrong).catch((reason: unknown) => reason);
  expect(everythingIn(error)).not.toContain('wrong-secret');
});

test('no password is in any log line or error', async () => {
  await server.stop();
  const store = await open(server.url.replace('/postgres', '/other'));
  const error = await store.ping().catch((reason: unknown) => reason);
  await server.restart();
  expect(error).toMatchObject(unavailable);
  const told = `${everythingIn(error)}\n${logged.join('\n')}`;
  expect(logged.length).toBeGreaterThan(3);
  for (const secret of ['Geheim', 'wrong-secret', encodeURIComponent('Geheim:/@')])
    expect(told).not.toContain(secret);
});
