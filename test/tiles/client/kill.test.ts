import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import sharp from 'sharp';
import { openTileCache } from '../../../src/store/cache/tile-cache';
import { push } from '../../../src/tile-client';
import { tileId } from '../../../src/tiles/identity';
import { adminPassword, apiClient } from '../../support/api';
import { builtProgram, plainEnvironment, type ServerProcess, spawnServer } from '../../support/process';
import { type StubServer, startStub } from './support/stub-server';

const flight = '00000000-0000-4000-8000-00000000000a';
/** Programs are started a dozen times; the machine may be busy. */
jest.setTimeout(180_000);

let folder: string;
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tilegraph-kill-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command of the program until it ends, or until `isTime`. Resolves to its exit code and errors. */
async function run(
  args: readonly string[],
  { token, isTime = () => false }: { readonly token?: string; readonly isTime?: () => boolean } = {},
): Promise<{ code: number | null; output: string }> {
  const child: ChildProcess = spawn(process.execPath, [builtProgram(), 'tiles', ...args], {
    env: { ...plainEnvironment(), ...(token !== undefined && { TILEGRAPH_TOKEN: token }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      output += chunk;
    });
  let isOver = false;
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      isOver = true;
      resolve(code);
    });
  });
  while (!isOver && !isTime()) await delay(2);
  if (!isOver) child.kill('SIGKILL');
  return { code: await ended, output };
}

interface Line {
  readonly z: number;
  readonly x: number;
  readonly y: number;
  readonly sha256: string;
}

function wholeLines(file: string): string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

const journalFile = () => join(folder, 'cache', 'journal.ndjson');

/** None twice in journal or cache, none lost, and each with its bytes. @param digests by `z/x/y` */
async function expectExactly(digests: ReadonlyMap<string, string>): Promise<void> {
  const journalled = wholeLines(journalFile()).map((line) => JSON.parse(line) as Line);
  const pairs = journalled.map(({ z, x, y, sha256 }) => [`${z}/${x}/${y}`, sha256]);
  expect(pairs.sort()).toEqual([...digests].sort());
  const cache = await openTileCache(join(folder, 'cache'), { isWriter: true });
  try {
    const rows = cache.all();
    expect(
      rows.map(({ tile: { z, x, y }, contentSha256 }) => [`${z}/${x}/${y}`, contentSha256]).sort(),
    ).toEqual([...digests].sort());
    for (const row of rows) expect(sha(readFileSync(cache.files.path(row.filePath)))).toBe(row.contentSha256);
    const files = readdirSync(join(folder, 'cache', 'tiles'), { recursive: true, withFileTypes: true });
    expect(files.filter((entry) => entry.isFile())).toHaveLength(rows.length);
  } finally {
    await cache.close();
  }
}

describe('7.7 resume-after-kill', () => {
  let stub: StubServer;
  beforeEach(async () => {
    stub = await startStub();
  });
  afterEach(() => stub.close());

  test('a client that is killed at any point: none twice, none lost, at most those in flight fetched again', async () => {
    const digests = new Map<string, string>();
    for (let x = 0; x < 32; x++)
      for (let y = 0; y < 12; y++) {
        const { bytes } = stub.add({ z: 8, x, y });
        digests.set(`8/${x}/${y}`, sha(bytes));
      }
    const args = [
      'pull',
      '--server',
      stub.url,
      '--cache',
      join(folder, 'cache'),
      '--bbox=-179.9,83.2,-135.1,85',
    ].concat(['--zooms', '8', '--concurrency', '4']);
    const marks = [1, 40, 41, 150];
    for (const mark of marks) {
      const { code } = await run(args, { isTime: () => wholeLines(journalFile()).length >= mark });
      expect(code).toBeNull();
    }
    const last = await run(args);
    expect(last.output).toMatch(/0 failed\.\n$/);
    expect(last.code).toBe(0);
    await expectExactly(digests);
    expect(stub.seen.tiles.length).toBeLessThanOrEqual(digests.size + 4 * marks.length);
  });

  test('a torn last line of the journal costs that tile alone', async () => {
    const digests = new Map<string, string>();
    for (let x = 0; x < 8; x++) digests.set(`8/${x}/0`, sha(stub.add({ z: 8, x, y: 0 }).bytes));
    const args = [
      'pull',
      '--server',
      stub.url,
      '--cache',
      join(folder, 'cache'),
      '--bbox=-179.9,84.9,-169,85',
      '--zooms',
      '8',
    ];
    expect((await run(args)).code).toBe(0);
    const text = readFileSync(journalFile(), 'utf8');
    writeFileSync(journalFile(), text.slice(0, -20));
    stub.seen.tiles.length = 0;
    expect((await run(args)).code).toBe(0);
    expect(stub.seen.tiles).toHaveLength(1);
    await expectExactly(digests);
  });
});

describe('against a server of ours', () => {
  let server: ServerProcess;
  let token: string;
  const digests = new Map<string, string>();

  async function serve(port?: number): Promise<void> {
    const dataDir = join(folder, 'data');
    server = await spawnServer({
      ...{ dataDir, port },
      env: { TILEGRAPH_TILE_STORE_URL: `sqlite:///${join(dataDir, 'tiles.db')}` },
    });
    token = await apiClient(server.url).login('admin', adminPassword);
  }

  afterEach(() => server.kill());

  test('7.7 7.12 push and pull, while clients and the server are killed', async () => {
    await serve();
    const { port } = server;
    digests.clear();
    for (let x = 0; x < 12; x++)
      for (let y = 0; y < 8; y++) {
        const background = { r: x * 20, g: y * 30, b: 9 };
        const bytes = await sharp({ create: { width: 16, height: 16, channels: 3, background } })
          .png()
          .toBuffer();
        const path = join(folder, 'pending', flight, '9', String(x), `${y}.png`);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, bytes);
        digests.set(`9/${x}/${y}`, sha(bytes));
      }
    const pushJournal = join(folder, 'pending', '.tilegraph-push.ndjson');
    const pushing = [
      'push',
      join(folder, 'pending'),
      '--server',
      server.url,
      '--captured-at',
      '2026-01-01T00:00:00Z',
    ];
    const pushed = () => wholeLines(pushJournal).length;
    // The client is killed, then the server.
    await run(pushing, { token, isTime: () => pushed() >= 16 });
    await run([...pushing, '--retries', '0'], {
      token,
      isTime: () => {
        if (pushed() >= 32) server.signal('SIGKILL');
        return false;
      },
    });
    // Where the client was done before that.
    await server.kill();
    await serve(port);
    const done = await run(pushing, { token });
    expect([done.code, done.output]).toEqual([0, expect.stringMatching(/0 failed\.\n$/)]);
    expect(
      new Set(wholeLines(pushJournal).map((line) => (JSON.parse(line) as { name: string }).name)).size,
    ).toBe(digests.size);
    expect(pushed()).toBe(digests.size);

    const pulling = [
      'pull',
      '--server',
      server.url,
      '--cache',
      join(folder, 'cache'),
      '--bbox=-179.9,84,-171.7,85.05',
    ].concat(['--zooms', '9', '--concurrency', '2']);
    const pulled = () => wholeLines(journalFile()).length;
    await run(pulling, { token, isTime: () => pulled() >= 10 });
    // The server goes while the client works: it waits for a moment, and goes on when it is back.
    const waiting = run([...pulling, '--retries', '20'], { token });
    while (pulled() < 30) await delay(2);
    await server.kill();
    await serve(port);
    const second = await waiting;
    // A token that an unclean end of the server has lost, or so many failures in a row, would stop it.
    if (second.code !== 0) expect((await run(pulling, { token })).code).toBe(0);
    await expectExactly(digests);
    const cache = await openTileCache(join(folder, 'cache'), { isWriter: false });
    for (const row of cache.all()) {
      expect(row).toMatchObject({ id: tileId(row.tile, 'uav', flight), source: 'uav', sizePixels: 16 });
    }
    await cache.close();
  });

  test('5.2 the server says the digest of what it sends', async () => {
    await serve();
    const bytes = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    mkdirSync(join(folder, 'pending/3/1'), { recursive: true });
    writeFileSync(join(folder, 'pending/3/1/2.png'), bytes);
    await push({
      ...{ server: server.url, token },
      from: { folder: join(folder, 'pending'), defaults: { flightId: flight, capturedAt: 'mtime' } },
    });
    const answer = await fetch(`${server.url}/tiles/3/1/2`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const digest = createHash('sha256').update(bytes).digest('base64');
    expect(answer.headers.get('repr-digest')).toBe(`sha-256=:${digest}:`);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes);
  });
});
