import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { call, constant } from '../support/graphs';
import { eventually, runCommand, type ServerProcess, spawnServer } from '../support/process';
import { sampleCollection } from '../support/sample';
import { describeWith, program } from '../support/tools';

// The program as its operator knows it: started, stopped, asked and configured from outside.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tilegraph-e2e-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const newFolder = (name: string) => {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
};

const parameter = (name: string) => ({ from_parameter: name });
const callback = (process_graph: object) => ({ process_graph });

/** Keeps a processor busy for seconds: every band and date of the sample, finer than it is, through transcendental functions. */
const heavy = (resolution: number) => ({
  process_graph: {
    load: {
      process_id: 'load_collection',
      arguments: {
        id: 'TILEGRAPH_SAMPLE',
        spatial_extent: null,
        temporal_extent: null,
        bands: ['B02', 'B03', 'B04', 'B08', 'B11', 'SCL'],
      },
    },
    fine: {
      process_id: 'resample_spatial',
      arguments: { data: { from_node: 'load' }, resolution, method: 'bilinear' },
    },
    hard: {
      process_id: 'apply',
      arguments: {
        data: { from_node: 'fine' },
        process: callback({
          sin: { process_id: 'sin', arguments: { x: parameter('x') } },
          exp: { process_id: 'exp', arguments: { p: { from_node: 'sin' } }, result: true },
        }),
      },
    },
    reduce: {
      process_id: 'reduce_dimension',
      arguments: {
        data: { from_node: 'hard' },
        dimension: 't',
        reducer: callback({
          median: { process_id: 'median', arguments: { data: parameter('data') }, result: true },
        }),
      },
    },
    save: {
      process_id: 'save_result',
      arguments: { data: { from_node: 'reduce' }, format: 'GTiff' },
      result: true,
    },
  },
});

async function result(server: ServerProcess, process: object): Promise<unknown> {
  const response = await server.call('POST', '/result', { process });
  const body = (await response.json()) as { code?: string };
  return response.ok ? body : body.code;
}

/** Processor seconds that the server has used. */
async function cpuSeconds({ url }: ServerProcess): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^tilegraph_process_cpu_seconds_total (\S+)/m.exec(metrics)?.[1]);
}

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

describe('stopping', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s lets a running request finish and exits with 0',
    async (signal) => {
      const server = await spawnServer({ env: { TILEGRAPH_COLLECTIONS: await sampleCollection() } });
      const token = await server.login('admin', 'correct horse battery');
      const before = await cpuSeconds(server);
      const slow = server.call('POST', '/result', { process: heavy(16) }, token);
      await eventually(async () => expect((await cpuSeconds(server)) - before).toBeGreaterThan(0.2));
      server.signal(signal);
      const response = await slow;
      expect(response.status).toBe(200);
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(bytes.subarray(0, 4).toString('latin1')).toMatch(/^(II[*+]|MM\0)/);
      expect(await server.exited).toEqual({ code: 0, signal: null });
      await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
    },
    60_000,
  );
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
      join(folder, 'none.json'),
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
  const twice = () => result(server, call('double', { x: 21 }));
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

describe('under load', () => {
  let server: ServerProcess;
  let token: string;
  beforeAll(async () => {
    server = await spawnServer({ env: { TILEGRAPH_COLLECTIONS: await sampleCollection() } });
    token = await server.login('admin', 'correct horse battery');
  });
  afterAll(() => server.stop());

  const start = (resolution: number, signal?: AbortSignal) =>
    fetch(`${server.api}/result`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ process: heavy(resolution) }),
      signal,
    });

  test('the server answers others during its heaviest result', async () => {
    let isDone = false;
    const computed = start(6).then(async (response) => {
      await response.arrayBuffer();
      isDone = true;
      return response.status;
    });
    const delays: number[] = [];
    while (!isDone) {
      const started = performance.now();
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
      delays.push(performance.now() - started);
      await delay(5);
    }
    expect(await computed).toBe(200);
    // How long each took depends on what else the machine does; that it answers all along does not.
    expect(delays.length).toBeGreaterThan(20);
    delays.sort((a, b) => a - b);
    if (process.env['TILEGRAPH_MEASURE'])
      process.stdout.write(
        `/healthz during the heaviest result: median ${delays[delays.length >> 1].toFixed(1)} ms, longest ${delays.at(-1)!.toFixed(1)} ms\n`,
      );
  });

  test('a client that leaves stops the computation', async () => {
    const controller = new AbortController();
    const before = await cpuSeconds(server);
    const abandoned = start(6, controller.signal);
    abandoned.catch(() => {});
    await eventually(async () => expect((await cpuSeconds(server)) - before).toBeGreaterThan(0.5));
    controller.abort();
    await expect(abandoned).rejects.toThrow();
    // Soon the process is idle: the rest of the result would have kept it busy for seconds.
    await eventually(async () => {
      const then = await cpuSeconds(server);
      await delay(300);
      expect((await cpuSeconds(server)) - then).toBeLessThan(0.1);
    });
    expect((await cpuSeconds(server)) - before).toBeLessThan(4);
  });

  test('more than the queue holds is refused with 429 at once', async () => {
    const controller = new AbortController();
    const many = Array.from({ length: 100 }, () =>
      start(6, controller.signal).then(
        (response) => ({ status: response.status, retryAfter: response.headers.get('retry-after') }),
        () => undefined,
      ),
    );
    const refused = (await Promise.race([
      Promise.all(many.slice(-20)),
      delay(20_000, [], { ref: false }),
    ])) as {
      status: number;
      retryAfter: string;
    }[];
    const codes = refused.map((answer) => answer?.status);
    expect(codes).toContain(429);
    for (const { status, retryAfter } of refused)
      if (status === 429) expect(Number(retryAfter)).toBeGreaterThan(0);
    controller.abort();
    await Promise.all(many);
    await eventually(async () => expect(await result(server, constant(1))).toBe(1));
  });
});

test('behind a proxy with a path all links lead through it', async () => {
  let target = 0;
  const proxy = http.createServer((request, response) => {
    const path = request.url!.replace(/^\/maps/, '');
    if (path === request.url) return void response.writeHead(404).end();
    const onward = http.request(
      {
        host: '127.0.0.1',
        port: target,
        method: request.method,
        path: path || '/',
        headers: request.headers,
      },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/maps`;
  target = await freePort();
  const server = await spawnServer({
    port: target,
    env: { TILEGRAPH_PUBLIC_URL: `${base}/`, TILEGRAPH_COLLECTIONS: await sampleCollection() },
  });
  expect(server.output()).toContain(`${base}/`);
  const made = await server.call('POST', '/services', {
    type: 'xyz',
    process: constant(5),
    configuration: { scope: 'public' },
  });
  const service = made.headers.get('location')!;
  const id = made.headers.get('openeo-identifier');
  const seen = new Set<string>();
  const checked: string[] = [];
  /** Follows every address of ours in a document; each has to lead through the proxy. */
  async function follow(url: string, depth: number): Promise<void> {
    if (seen.has(url)) return;
    seen.add(url);
    const response = await server.call('GET', url);
    expect([url, response.status]).toEqual([url, 200]);
    const body = await response.text();
    expect(body).not.toContain(`127.0.0.1:${target}`);
    for (const [address] of body.matchAll(/https?:\/\/127\.0\.0\.1:[^"'\s<>&]*/g)) {
      expect(address).toMatch(new RegExp(`^${base}(/|$)`));
      checked.push(address);
      if (depth > 0 && !/[{}]|\?$|\.tif$/.test(address)) await follow(address, depth - 1);
    }
  }
  expect(service.startsWith(`${base}/`)).toBe(true);
  await follow(service, 1);
  await follow(`${base}/.well-known/openeo`, 2);
  await follow(`${base}/openeo/1.2/services/xyz/${id}/tilejson.json`, 1);
  await follow(`${base}/openeo/1.2/services/xyz/${id}/WMTSCapabilities.xml`, 1);
  await follow(`${base}/openeo/1.2/processes?limit=20`, 1);
  expect(checked.length).toBeGreaterThan(10);
  const page = await (await fetch(`${base}/`)).text();
  for (const [, address] of page.matchAll(/(?:src|href)="([^"]+)"/g))
    expect([address, (await fetch(new URL(address, `${base}/`))).status]).toEqual([address, 200]);
  await server.stop();
  proxy.close();
});

async function freePort(): Promise<number> {
  const probe = http.createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function http2Get(session: http2.ClientHttp2Session, path: string) {
  const stream = session.request({ ':path': path });
  const [headers] = (await Promise.all([
    new Promise((resolve, reject) => stream.on('response', resolve).on('error', reject)),
  ])) as [http2.IncomingHttpHeaders & { ':status': number }];
  return { status: headers[':status'], body: await text(stream) };
}

test('the plain port speaks HTTP/1.1 and HTTP/2 with prior knowledge, and says GOAWAY', async () => {
  const server = await spawnServer();
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  const session = http2.connect(server.url);
  const goaway = new Promise<number>((resolve) => session.on('goaway', resolve));
  const answers = await Promise.all([1, 2, 3].map(() => http2Get(session, '/openeo/1.2/')));
  for (const { status, body } of answers) {
    expect(status).toBe(200);
    expect(JSON.parse(body).api_version).toBe('1.2.0');
  }
  const exit = server.stop();
  expect(await goaway).toBe(0);
  expect(await exit).toEqual({ code: 0, signal: null });
});

describeWith(program('openssl'), 'openssl', 'TLS', () => {
  test('one port speaks HTTP/1.1 and HTTP/2, as the client likes', async () => {
    const certificates = newFolder('tls');
    const [key, cert] = [join(certificates, 'key.pem'), join(certificates, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        ...[
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-days',
          '2',
        ],
        ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'],
        ...['-keyout', key, '-out', cert],
      ],
      { stdio: 'ignore' },
    );
    const server = await spawnServer({ env: { TILEGRAPH_TLS_KEY: key, TILEGRAPH_TLS_CERT: cert } });
    expect(server.url).toMatch(/^https:/);
    const trust = { rejectUnauthorized: false };
    const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
      https.get(`${server.url}/openeo/1.2/`, { ...trust, agent: false }, resolve).on('error', reject);
    });
    expect([answer.httpVersion, answer.statusCode]).toEqual(['1.1', 200]);
    await text(answer);
    const session = http2.connect(server.url, trust);
    expect((await http2Get(session, '/openeo/1.2/')).status).toBe(200);
    expect(session.alpnProtocol).toBe('h2');
    session.close();
    const health = await runCommand([
      'health',
      '--port',
      String(server.port),
      '--tls-key',
      key,
      '--tls-cert',
      cert,
    ]);
    expect(health.code).toBe(0);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  });
});
