import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readCommandLine, UsageError } from '../../src/cli/arguments';
import { CommandError } from '../../src/cli/terminal';
import { manageTiles, tileFlags } from '../../src/cli/tiles/tiles';
import { builtProgram, plainEnvironment, runCommand } from '../support/process';
import { selfSigned } from '../support/tls';
import { describeWith, program } from '../support/tools';
import { jpeg, type StubServer, startStub } from '../tiles/client/support/stub-server';

/** Programs are started; the machine may be busy. */
jest.setTimeout(120_000);

let folder: string;
let stub: StubServer;
const cells = Array.from({ length: 8 }, (_, x) => ({ z: 8, x, y: 0 }));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tilegraph-cli-pull-'));
  stub = await startStub();
});
afterEach(async () => {
  await stub.close();
  rmSync(folder, { recursive: true, force: true });
});

const cache = () => join(folder, 'cache');
const pullArguments = (...more: string[]) => [
  ...[
    'tiles',
    'pull',
    '--server',
    stub.url,
    '--cache',
    cache(),
    '--zooms',
    '8',
    '--bbox=-179.9,84.95,-169,85',
  ],
  ...more,
];
const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}, input = '') =>
  runCommand(args, { env, input });

test('7.8 the summary tells what was kept, skipped and failed; the exit code, whether to care', async () => {
  for (const cell of cells.slice(0, 6)) stub.add(cell);
  stub.add(cells[6], { resolution: 9 });
  stub.faults.set('8/2/0', (response) => {
    response.statusCode = 500;
    response.end('{"code":"TileRowInvalid","message":"its file is missing."}');
    return true;
  });
  const first = await run(pullArguments('--max-resolution', '2'), { TILEGRAPH_TOKEN: 'basic//abc' });
  expect(first).toEqual({
    ...{ code: 3, signal: null },
    output:
      '8 cells asked about, 5 tiles fetched (1000 bytes), 2 skipped (1 too coarse, 1 absent), 1 failed.\n',
    errors: 'failed  8/2/0: its file is missing.\n',
  });
  expect(stub.seen.authorization).toBe('Bearer basic//abc');
  stub.faults.clear();
  expect(await run(pullArguments())).toMatchObject({
    code: 0,
    output: expect.stringMatching(/2 tiles fetched .*, 6 skipped \(5 journalled, 1 absent\), 0 failed/),
  });
});

test('7.4 7.10 sectors and budgets', async () => {
  for (const cell of cells) stub.add(cell);
  writeFileSync(join(folder, 'classes.json'), '{"rear": {"max_age_days": 3, "stale": "downgrade"}}');
  const sectors = ['--sectors', join(folder, 'classes.json')];
  expect((await run(pullArguments('--sector', 'active_conflict'))).output).toMatch(/8 skipped \(8 stale\)/);
  const { code, output } = await run(pullArguments('--sector', 'rear', ...sectors, '--budget', '1.1KB'));
  expect(output).toMatch(
    /5 tiles fetched .*, 5 of them downgraded as too old, 3 skipped \(3 over budget\), 0 failed/,
  );
  expect(code).toBe(3);
  const status = await run(['tiles', 'cache', 'status', '--cache', cache()]);
  expect(status.output).toBe(
    '5 tiles, 1000 bytes, a budget of 1.1 KiB; 0 wait for their upload.\nSector class  Tiles  Bytes       Downgraded\nrear          5      1000 bytes  5\n',
  );
});

test('7.1 a flight plan says what to pull', async () => {
  for (const cell of cells) stub.add(cell);
  const plan = join(folder, 'plan.json');
  writeFileSync(plan, '{"action_points": [{"lat": 85, "lon": -175}]}');
  const args = pullArguments().filter((arg) => !arg.startsWith('--bbox'));
  expect((await run([...args, '--plan', plan])).output).toMatch(/^6 cells asked about, 3 tiles fetched/);
  writeFileSync(plan, '{}');
  expect(await run([...args, '--plan', plan])).toMatchObject({
    code: 2,
    errors: expect.stringMatching(/neither/),
  });
});

test('the cache: damage is found, and what is removed comes again', async () => {
  for (const cell of cells) stub.add(cell);
  await run(pullArguments());
  const found = await run(['tiles', 'cache', 'find', '8/3/0', '--cache', cache()]);
  expect(found).toMatchObject({ code: 0, errors: '' });
  const file = /8\/3\/0 .* (\/\S+)/.exec(found.output)?.[1] ?? '';
  writeFileSync(file, 'damaged');
  const verify = ['tiles', 'cache', 'verify', '--cache', cache()];
  expect(await run(verify)).toMatchObject({
    code: 1,
    output: expect.stringMatching(/^damaged .*\n8 tiles, 1 damaged\.\n$/),
  });
  expect(await run([...verify, '--remove'])).toMatchObject({ code: 0 });
  expect(existsSync(file)).toBe(false);
  expect((await run(['tiles', 'cache', 'find', '8/3/0', '--cache', cache()])).code).toBe(1);
  expect((await run(pullArguments())).output).toMatch(/1 tiles fetched/);
  expect((await run(['tiles', 'cache', 'budget', '600', '--cache', cache()])).output).toMatch(
    /^5 tiles removed/,
  );
});

test.each([
  [['pull'], 2, /--zooms is missing|--cache is missing|Exactly one/],
  [['pull', '--cache', 'x', '--zooms', '3', '--bbox', '0,0,1,1'], 2, /--server is missing/],
  [['pull', '--cache', 'x', '--zooms', '3', '--bbox', '0,0,1,1', '--plan', 'p'], 2, /Exactly one of --bbox/],
  [['pull', '--cache', 'x', '--zooms', '3', '--bbox', '0,0,1'], 2, /not a rectangle/],
  [['pull', '--cache', 'x', '--zooms', '31', '--bbox', '0,0,1,1'], 2, /no list of zoom levels/],
  [['pull', '--cache', 'x', '--zooms', '3', '--plan', '/nowhere'], 1, /flight plan cannot be read/],
  [
    ['pull', '--cache', 'x', '--zooms', '3', '--bbox', '0,0,1,1', '--sector', 'moon'],
    2,
    /no sector class "moon"; there are/,
  ],
  [['pull', '--cache', 'x', '--zooms', '3', '--bbox', '0,0,1,1', '--stale', 'x'], 2, /--stale must be/],
  [
    ['pull', '--cache', 'x', '--zooms', '3', '--bbox', '0,0,1,1', '--server', 'http://x', '--token', 'abc'],
    2,
    /seen by others/,
  ],
  [
    ['pull', '--cache', 'x', '--zooms', '3', '--bbox', '0,0,1,1', '--server', 'http://x', '--budget', 'much'],
    2,
    /no number of bytes/,
  ],
  [
    ['pull', '--cache', '/dev/null/x', '--zooms', '3', '--bbox', '0,0,1,1', '--server', 'http://127.0.0.1:1'],
    1,
    /cannot be (used|opened)/,
  ],
  [['push'], 2, /Exactly one of a FOLDER/],
  [['push', '/nowhere', '--server', 'http://x'], 1, /\/nowhere cannot be read/],
  [['push', '/tmp', '--flight', '7', '--server', 'http://x'], 2, /--flight must be a UUID/],
  [['push', '/tmp', '--captured-at', '2024-05-01', '--server', 'http://x'], 2, /--captured-at: the time/],
  [['push', '/tmp', '/var', '--server', 'http://x'], 2, /tiles push does not know what to do with "\/var"/],
  [['cache', 'add', '/tmp', '--budget', '5'], 2, /--budget does not belong to the command tiles cache/],
  [['cache'], 2, /tiles cache status\|budget/],
  [['cache', 'status'], 2, /--cache is missing/],
] as const)('tiles %j is refused', async (args, code, message) => {
  const refused = await manageTiles(readCommandLine(['tiles', ...args], tileFlags)).catch(
    (error: unknown) => error,
  );
  // main.ts prints the message of these alone, and ends with this code.
  expect(refused).toBeInstanceOf(code === 2 ? UsageError : CommandError);
  expect((refused as Error).message).toMatch(message);
});

test('a server that is not there, and one that wants a login', async () => {
  stub.inventoryFault = (response) => {
    response.statusCode = 401;
    response.end('{"code":"AuthenticationRequired","message":"Log in first."}');
    return true;
  };
  expect(await run(pullArguments())).toMatchObject({
    code: 1,
    errors: 'Log in first.\n',
  });
  const gone = pullArguments('--retries', '0').map((arg) => (arg === stub.url ? 'http://127.0.0.1:1' : arg));
  expect(await run(gone)).toMatchObject({
    code: 1,
    errors: 'http://127.0.0.1:1 cannot be reached (ECONNREFUSED)\n',
  });
});

const certificate = selfSigned();
describeWith(certificate, 'openssl', '7.6 over TLS', () => {
  test('HTTP/2 is chosen in the handshake; a certificate that nobody vouches for is not accepted', async () => {
    await stub.close();
    stub = await startStub('h2', certificate);
    for (const cell of cells) stub.add(cell);
    expect(await run(pullArguments())).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/no certificate that is trusted here .* NODE_EXTRA_CA_CERTS/),
    });
    writeFileSync(join(folder, 'ca.pem'), certificate!.cert);
    const { code, output } = await run(pullArguments(), { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') });
    expect([code, output]).toEqual([0, expect.stringMatching(/8 tiles fetched/)]);
    expect([...stub.seen.versions]).toEqual(['2.0']);
  });
});

describeWith(program('prlimit'), 'prlimit', 'a disk that is full', () => {
  test('7.8 ends the run with what was done, leaves nothing half, and the next one goes on', async () => {
    for (const cell of cells) stub.add(cell);
    stub.add(cells[5], { bytes: jpeg(3_000_000) });
    const command = [builtProgram(), ...pullArguments('--concurrency', '1')];
    const limited = await promisify(execFile)('prlimit', ['--fsize=1500000', process.execPath, ...command], {
      env: plainEnvironment(),
    }).catch((error: { code: number; stdout: string; stderr: string }) => error);
    expect(limited).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/5 tiles fetched/),
      stderr: expect.stringMatching(
        /^Stopped: The cache cannot be written to \(EFBIG\)\. The same command goes on from here\.\n$/,
      ),
    });
    expect(readdirSync(join(cache(), 'incoming'))).toEqual([]);
    expect(await run(pullArguments())).toMatchObject({
      code: 0,
      output: expect.stringMatching(/3 tiles fetched/),
    });
    expect(await run(['tiles', 'cache', 'verify', '--cache', cache()])).toMatchObject({
      code: 0,
      output: '8 tiles, 0 damaged.\n',
    });
  });
});

describeWith(program('script'), 'script', 'on a terminal', () => {
  test('7.8 a bar shows how far it is, and goes before the summary; there is none elsewhere', async () => {
    for (const cell of cells) stub.add(cell);
    // Slow enough to be seen.
    stub.faults.set('*', (response, { bytes }) => {
      setTimeout(() => response.end(bytes), 150);
      return true;
    });
    const command = [process.execPath, builtProgram(), ...pullArguments('--concurrency', '1')].join(' ');
    const { stdout } = await promisify(execFile)('script', ['-qec', command, '/dev/null'], {
      env: plainEnvironment(),
    });
    expect(stdout).toMatch(/\[█+░+\] +\d+% {2}\d fetched, \d+ bytes/);
    const last = stdout.slice(stdout.lastIndexOf('\x1b[K') + 3);
    expect(last.trim()).toBe('8 cells asked about, 8 tiles fetched (1.6 KiB), 0 skipped, 0 failed.');
    expect(readFileSync(join(cache(), 'journal.ndjson'), 'utf8').trim().split('\n')).toHaveLength(8);
    rmSync(cache(), { recursive: true });
    expect((await run(pullArguments('--concurrency', '1'))).errors).toBe('');
  });
});
