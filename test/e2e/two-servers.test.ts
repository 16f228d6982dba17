import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { adminPassword, errorOf, resultOf } from '../support/api';
import { call, constant } from '../support/graphs';
import { type PostgresServer, startPostgres, type TestDatabase, testDatabase } from '../support/postgres';
import { eventually, runCommand, type ServerProcess, spawnServer } from '../support/process';

// Several servers on one PostgreSQL, each a process of its own, and the database that goes away.

/** What is changed on one server is effective on the others within a second; a busy machine gets some more. */
const soonMs = 5000;

const stores = (url: string) => ({ TILEGRAPH_STORE_URL: url, TILEGRAPH_TILE_STORE_URL: url });

/** The status, or the code of the error. */
async function outcome(response: Promise<Response>): Promise<string | number> {
  const { ok, status, json } = await response.then(async (got) => ({
    ok: got.ok,
    status: got.status,
    json: got.ok ? undefined : ((await got.json()) as { code: string }),
  }));
  return ok ? status : json!.code;
}

describe('two servers on one database', () => {
  let database: TestDatabase;
  /** Of the files, which both keep. */
  let folder: string;
  let one: ServerProcess;
  let two: ServerProcess;

  beforeAll(async () => {
    database = await testDatabase();
    folder = mkdtempSync(join(tmpdir(), 'tilegraph-two-servers-'));
    const env = { ...stores(database.url), TILEGRAPH_OBJECT_STORE_URL: pathToFileURL(folder).href };
    // Both find an empty database and make its tables.
    [one, two] = await Promise.all([spawnServer({ env }), spawnServer({ env })]);
  });

  afterAll(async () => {
    await Promise.all([one?.stop(), two?.stop()]);
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  const users = (args: readonly string[], input?: string) =>
    runCommand(['users', ...args], { env: stores(database.url), input });

  test('a service made on one is served by the other; changed, it is new there at once', async () => {
    const made = await one.call('POST', '/services', {
      type: 'xyz',
      process: constant(1),
      configuration: { scope: 'public' },
    });
    const id = made.headers.get('openeo-identifier');
    const tile = (server: ServerProcess) => fetch(`${server.api}/services/xyz/${id}/tiles/3/4/2`);
    const before = await eventually(async () => {
      const response = await tile(two);
      expect(response.status).toBe(200);
      return response;
    }, soonMs);
    expect(await before.json()).toBe(1);
    const etag = before.headers.get('etag');
    expect(etag).toBeTruthy();

    expect((await one.call('PATCH', `/services/${id}`, { process: constant(2) })).status).toBe(204);
    await eventually(async () => {
      const after = await tile(two);
      expect(after.headers.get('etag')).not.toBe(etag);
      expect(await after.json()).toBe(2);
    }, soonMs);

    await one.call('PATCH', `/services/${id}`, { enabled: false });
    await eventually(async () => expect(await outcome(tile(two))).toBe('ServiceDisabled'), soonMs);
    await one.call('DELETE', `/services/${id}`);
    await eventually(async () => expect(await outcome(tile(two))).toBe('ServiceNotFound'), soonMs);
  });

  test('5.5 a tile that is written through one is served by the other, which kept the older one', async () => {
    const headers = { authorization: `Bearer ${await one.login('admin', adminPassword)}` };
    async function upload(server: ServerProcess, background: string): Promise<Buffer> {
      const image = sharp({ create: { width: 16, height: 16, channels: 3, background } });
      const bytes = await image.jpeg().toBuffer();
      const entry = { z: 9, x: 7, y: 5, source: 'google_maps', captured_at: '2024-01-01T00:00:00Z' };
      const form = new FormData();
      form.set('metadata', JSON.stringify([entry]));
      form.append('files', new Blob([new Uint8Array(bytes)]), 'tile.jpg');
      const request = { method: 'POST', headers, body: form };
      expect((await fetch(`${server.url}/api/satellite/upload`, request)).ok).toBe(true);
      return bytes;
    }
    const served = async (server: ServerProcess) => {
      const response = await fetch(`${server.url}/tiles/9/7/5`, { headers });
      return Buffer.from(await response.arrayBuffer());
    };
    for (const [writer, background] of [
      [one, 'red'],
      [one, 'lime'],
      [two, 'blue'],
    ] as const) {
      const bytes = await upload(writer, background);
      // From its own memory at once, from the other's as soon as it has heard.
      expect(await served(writer)).toEqual(bytes);
      for (const server of [one, two])
        await eventually(async () => expect(await served(server)).toEqual(bytes), soonMs);
    }
  });

  test('changes of one configuration, made on both at the same moment, are all kept', async () => {
    const made = await one.call('POST', '/services', { type: 'xyz', process: constant(1) });
    const address = `/services/${made.headers.get('openeo-identifier')}`;
    const changes = [{ minzoom: 2 }, { maxzoom: 20 }, { buffer: 3 }, { tile_size: 512 }, { scope: 'public' }];
    const answers = await Promise.all(
      changes.map((configuration, n) => [one, two][n % 2].call('PATCH', address, { configuration })),
    );
    expect(answers.map(({ status }) => status)).toEqual(changes.map(() => 204));
    const { configuration } = (await (await one.call('GET', address)).json()) as { configuration: object };
    expect(configuration).toEqual(expect.objectContaining(Object.assign({}, ...changes)));
  });

  test('a process registered on one is listed and callable on the other', async () => {
    const listed = async () => {
      const { processes } = (await (await two.call('GET', '/processes')).json()) as {
        processes: { id: string }[];
      };
      return processes.some(({ id }) => id === 'forty_two');
    };
    expect(await listed()).toBe(false);
    const put = (value: number) =>
      one.call('PUT', '/admin/processes/forty_two', {
        description: 'A number.',
        parameters: [],
        returns: { description: 'The number.', schema: { type: 'number' } },
        ...constant(value),
      });
    expect((await put(42)).ok).toBe(true);
    await eventually(async () => expect(await listed()).toBe(true), soonMs);
    expect(await resultOf(two, call('forty_two'))).toBe(42);
    await put(43);
    await eventually(async () => expect(await resultOf(two, call('forty_two'))).toBe(43), soonMs);
    await one.call('DELETE', '/admin/processes/forty_two');
    await eventually(async () => expect(await listed()).toBe(false), soonMs);
    expect(await resultOf(two, call('forty_two'))).toBe('ProcessUnsupported');
  });

  test('a stored process is the same on both', async () => {
    const put = (value: number) => one.call('PUT', '/process_graphs/mine', constant(value));
    expect((await put(7)).status).toBe(200);
    await eventually(async () => expect(await resultOf(two, call('mine'))).toBe(7), soonMs);
    await put(8);
    await eventually(async () => expect(await resultOf(two, call('mine'))).toBe(8), soonMs);
    await two.call('DELETE', '/process_graphs/mine');
    await eventually(
      async () => expect(await resultOf(one, call('mine'))).toBe('ProcessUnsupported'),
      soonMs,
    );
  });

  test('tokens, roles and passwords hold on both, whoever changes them', async () => {
    expect((await users(['add', 'mia', '--password', '-'], 'a long password\n')).errors).toBe('');
    const mia = await one.login('mia', 'a long password');
    const me = (server: ServerProcess) => outcome(server.call('GET', '/me', undefined, mia));
    expect([await me(one), await me(two)]).toEqual([200, 200]);

    const administer = (server: ServerProcess) =>
      outcome(server.call('GET', '/admin/processes/nothing', undefined, mia));
    expect(await administer(two)).toBe('PermissionsInsufficient');
    await users(['role', 'mia', 'admin']);
    for (const server of [one, two])
      await eventually(async () => expect(await administer(server)).toBe('NotFound'), soonMs);
    await users(['role', 'mia', 'none']);
    for (const server of [one, two])
      await eventually(async () => expect(await administer(server)).toBe('PermissionsInsufficient'), soonMs);

    await users(['password', 'mia', '--password', '-'], 'another long one\n');
    for (const server of [one, two])
      await eventually(async () => expect(await me(server)).toBe('TokenInvalid'), soonMs);
    await expect(two.login('mia', 'a long password')).rejects.toThrow();
    const again = await two.login('mia', 'another long one');
    expect(await outcome(one.call('GET', '/me', undefined, again))).toBe(200);

    await users(['remove', 'mia']);
    for (const server of [one, two])
      await eventually(
        async () => expect(await outcome(server.call('GET', '/me', undefined, again))).toBe('TokenInvalid'),
        soonMs,
      );
  });

  test('one is killed, the other goes on, and a new one takes its place', async () => {
    const put = await one.call('PUT', '/process_graphs/kept', constant('still here'));
    expect(put.status).toBe(200);
    await one.kill();
    expect(await resultOf(two, call('kept'))).toBe('still here');
    one = await spawnServer({ env: stores(database.url) });
    expect(await resultOf(one, call('kept'))).toBe('still here');
  });

  test('an end by SIGTERM is clean', async () => {
    const third = await spawnServer({ env: stores(database.url) });
    expect(await third.stop()).toEqual({ code: 0, signal: null });
  });
});

test('four servers that start at once on an empty database all work', async () => {
  const database = await testDatabase();
  const servers = await Promise.all([1, 2, 3, 4].map(() => spawnServer({ env: stores(database.url) })));
  for (const server of servers) {
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    expect(await resultOf(server, constant(3))).toBe(3);
  }
  await Promise.all(servers.map((server) => server.stop()));
  await database.drop();
});

describe('a database that goes away', () => {
  let postgres: PostgresServer;
  let url: string;

  beforeAll(async () => {
    postgres = await startPostgres();
    ({ url } = await postgres.createDatabase());
  });
  afterAll(() => postgres?.remove());

  async function ready(server: ServerProcess) {
    const response = await fetch(`${server.url}/readyz`);
    return { status: response.status, ...((await response.json()) as object) };
  }

  test('is told, and no more, until it is back', async () => {
    const server = await spawnServer({ env: stores(url) });
    const me = () => server.call('GET', '/me');
    expect((await me()).status).toBe(200);
    await postgres.stop();
    await eventually(async () =>
      expect(await ready(server)).toEqual({
        status: 'not ready',
        checks: { records: 'cannot be reached', tile_store: 'cannot be reached' },
      }),
    );
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.api}/collections`)).status).toBe(200);
    const refused = await server.call('PUT', '/process_graphs/lost', constant(1));
    expect(await errorOf(refused)).toEqual([503, 'StoreUnavailable']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);

    await postgres.restart();
    await eventually(async () => expect(await ready(server)).toMatchObject({ status: 'ready' }));
    // The token of before is still good.
    await eventually(async () => expect((await me()).status).toBe(200));
    expect((await server.call('PUT', '/process_graphs/kept', constant(1))).status).toBe(200);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(server.logs()).not.toContain('Geheim');
  });

  test('does not keep a server from starting; its administrator is made when it comes', async () => {
    const empty = await postgres.createDatabase();
    await postgres.stop();
    const server = await spawnServer({ env: stores(empty.url), adminPassword: null });
    expect(server.logs()).toContain('The database cannot be reached');
    expect(server.output()).not.toContain('password');
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    await postgres.restart();
    const password = await eventually(() => {
      const printed = /administrator: admin, password: (\S+)/.exec(server.output());
      if (!printed) throw new Error(`No password: ${server.output()}${server.logs()}`);
      return printed[1];
    }, 20_000);
    expect(await resultOf(server, constant(4), await server.login('admin', password))).toBe(4);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  });
});
