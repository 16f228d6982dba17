import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resultOf } from '../../support/api';
import { temporaryFolders } from '../../support/folders';
import { call, parameter } from '../../support/graphs';
import { eventually, runCommand, type ServerProcess, spawnServer } from '../../support/process';
import { sampleCollection } from '../../support/sample';

// The program as its operator knows it: started, asked and configured from outside.

const newFolder = temporaryFolders();

describe('starting', () => {
  test('the first start prints the made password once; the sample is there; the second start keeps all', async () => {
    const dataDir = newFolder('first');
    const first = await spawnServer({ command: 'start', dataDir, adminPassword: null });
    const [, password] = /First administrator: admin, password: (\S+)/.exec(first.output()) ?? [];
    expect(password.length).toBeGreaterThanOrEqual(16);
    const token = await first.login('admin', password);
    const services = async ({ url }: ServerProcess) =>
      ((await (await fetch(`${url}/api/services`)).json()) as { services: { title: string }[] }).services;
    expect((await services(first)).length).toBeGreaterThanOrEqual(3);
    expect(first.logs()).not.toContain(password);
    expect(await first.stop()).toEqual({ code: 0, signal: null });

    const second = await spawnServer({ command: 'start', dataDir, adminPassword: null });
    expect(second.output() + second.logs()).not.toMatch(/password: |First administrator/);
    expect(await services(second)).toHaveLength(4);
    expect((await second.call('GET', '/me', undefined, token)).status).toBe(200);
    await second.stop();
  });

  test('a port that is taken is told', async () => {
    const server = await spawnServer();
    const dataDir = newFolder('port');
    const other = await runCommand(['serve', '--data-dir', dataDir, '--port', String(server.port)]);
    expect(other.code).toBe(1);
    expect(other.errors).toContain(String(server.port));
    expect(other.errors).toMatch(/in use/);
    expect(other.errors).not.toMatch(/^\s+at /m);
    await server.stop();
  });

  test('every wrong setting is named with what is accepted', async () => {
    const { code, errors, output } = await runCommand(['serve', '--port', 'eighty'], {
      env: { TILEGRAPH_LOG_LEVEL: 'loud', TILEGRAPH_COLLECTION: 'a.json', TILEGRAPH_TLS_KEY: 'key.pem' },
    });
    expect([code, output]).toEqual([2, '']);
    for (const part of [/--port/, /TILEGRAPH_LOG_LEVEL.*error, warning, info, debug/, /TLS|tlsCert/])
      expect(errors).toMatch(part);
    expect(errors).toMatch(/TILEGRAPH_COLLECTION is unknown.*TILEGRAPH_COLLECTIONS/);
    const flag = await runCommand(['serve', '--prot', '80']);
    expect([flag.code, flag.errors]).toEqual([2, expect.stringMatching(/--prot.*--port/s)]);
    const store = await runCommand([
      'serve',
      '--store-url',
      'mysql://a:secret@b/c',
      '--data-dir',
      newFolder('s'),
    ]);
    expect(store.code).not.toBe(0);
    expect(store.errors).toMatch(/sqlite:.*postgresql:|postgresql:.*sqlite:/s);
    expect(store.errors).not.toContain('secret');
  });
});

describe('commands', () => {
  test('help, version, an unknown command', async () => {
    const help = await runCommand(['--help']);
    expect(help.code).toBe(0);
    for (const word of ['serve', 'users add', 'migrate', 'health', 'TILEGRAPH_STORE_URL', '--port'])
      expect(help.output).toContain(word);
    expect((await runCommand(['--version'])).output).toMatch(/^\d+\.\d+\.\d+\n$/);
    const unknown = await runCommand(['serv']);
    expect([unknown.code, unknown.errors]).toEqual([2, expect.stringContaining('no command serv')]);
  });

  test('config shows what holds, without secrets', async () => {
    const { code, output } = await runCommand(['config', '--port', '9000'], {
      env: {
        TILEGRAPH_STORE_URL: 'postgresql://me:geheim@db/x',
        TILEGRAPH_ADMIN_PASSWORD: 'auch geheim',
        TILEGRAPH_LIMIT_BODY: '1 MiB',
      },
    });
    expect(code).toBe(0);
    expect(output).toContain('9000');
    expect(output).toContain(String(2 ** 20));
    expect(output).not.toContain('geheim');
  });

  test('migrate, check and health', async () => {
    const dataDir = newFolder('commands');
    const collection = await sampleCollection();
    const tiles = `sqlite:///${join(dataDir, 'tiles.db')}`;
    expect(await runCommand(['migrate', '--data-dir', dataDir, '--tile-store-url', tiles])).toMatchObject({
      code: 0,
      output: 'The databases are up to date.\n',
    });
    const good = await runCommand(['check', '--data-dir', dataDir, '--collections', collection]);
    expect([good.code, good.output]).toEqual([0, expect.stringContaining('TILEGRAPH_SAMPLE')]);
    const bad = await runCommand([
      'check',
      '--data-dir',
      dataDir,
      '--collections',
      join(dataDir, 'none.json'),
    ]);
    expect([bad.code, bad.output]).toEqual([1, expect.stringMatching(/failed +collections/)]);

    const server = await spawnServer({ dataDir });
    const health = ['health', '--port', String(server.port)];
    expect((await runCommand(health)).code).toBe(0);
    await server.stop();
    expect(await runCommand(health)).toMatchObject({ code: 1, output: expect.stringContaining('not alive') });
  });

  test('users are managed while a server runs', async () => {
    const dataDir = newFolder('users');
    const server = await spawnServer({ dataDir });
    const users = (args: string[], input?: string) =>
      runCommand(['users', ...args, '--data-dir', dataDir], { input });
    const added = await users(['add', 'mia', '--role', 'uploader']);
    const [, password] = /password (\S+)/.exec(added.output) ?? [];
    const token = await server.login('mia', password);
    const me = async () => {
      const response = await server.call('GET', '/me', undefined, token);
      return (await response.json()) as { code?: string; roles?: string[] };
    };
    expect((await me()).roles).toEqual(['uploader']);
    expect((await users(['list'])).output).toMatch(/^mia\s+mia\s+uploader$/m);
    await users(['role', 'mia', 'none']);
    await eventually(async () => expect((await me()).roles).toEqual([]));
    expect((await users(['password', 'mia', '--password', '-'], 'a new long one\n')).code).toBe(0);
    await eventually(async () => expect((await me()).code).toBe('TokenInvalid'));
    await server.login('mia', 'a new long one');
    expect((await users(['add', 'mia'])).code).toBe(1);
    expect((await users(['add', 'tom', '--role', 'king'])).code).not.toBe(0);
    expect((await users(['remove', 'mia'])).code).toBe(0);
    await expect(server.login('mia', 'a new long one')).rejects.toThrow();
    expect((await users(['remove', 'mia'])).errors).toContain('mia');
    await server.stop();
  });
});

test('a process file that is dropped into the folder is listed and callable; a broken one is reported', async () => {
  const processes = newFolder('processes');
  const server = await spawnServer({ env: { TILEGRAPH_PROCESSES_DIR: processes } });
  const file = join(processes, 'double.json');
  const double = (factor: number) =>
    JSON.stringify({
      id: 'double',
      description: 'Twice a number.',
      parameters: [{ name: 'x', description: 'A number.', schema: { type: 'number' } }],
      returns: { description: 'The product.', schema: { type: 'number' } },
      process_graph: {
        product: { process_id: 'multiply', arguments: { x: parameter('x'), y: factor }, result: true },
      },
    });
  const twice = () => resultOf(server, call('double', { x: 21 }));
  expect(await twice()).toBe('ProcessUnsupported');
  writeFileSync(file, double(2));
  await eventually(async () => expect(await twice()).toBe(42));
  const { processes: listed } = (await (await server.call('GET', '/processes')).json()) as {
    processes: { id: string }[];
  };
  expect(listed.map(({ id }) => id)).toContain('double');

  writeFileSync(join(processes, 'garbage.json'), '{ "id": "garbage", ');
  await eventually(() => expect(server.logs()).toContain('garbage.json'));
  // A bad change of a good one: the good one goes on.
  writeFileSync(file, '{ "id": "double", "process_graph": { "a": { "process_id": "nothing" } } }');
  await eventually(() => expect(server.logs()).toContain('double.json'));
  expect(await twice()).toBe(42);
  writeFileSync(file, double(3));
  await eventually(async () => expect(await twice()).toBe(63));
  rmSync(file);
  await eventually(async () => expect(await twice()).toBe('ProcessUnsupported'));
  await server.stop();
});
