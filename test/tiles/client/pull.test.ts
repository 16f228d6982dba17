import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { windowOfBox } from '../../../src/geo/box-cells';
import { openTileCache } from '../../../src/store/cache/tile-cache';
import { type PullOptions, pull } from '../../../src/tile-client';
import { type PullReport, PullStoppedError } from '../../../src/tiles/client/pull';
import type { PullRecord } from '../../../src/tiles/client/pull-journal';
import { RefusedError, TransientError } from '../../../src/tiles/client/retry';
import { jpeg, type StubServer, startStub } from './support/stub-server';

let folder: string;
let stub: StubServer;

/** The cells 8/0/0 to 8/7/3. */
const box = { west: -179.9, south: 84.6, east: -169, north: 85 };
const cells = Array.from({ length: 32 }, (_, index) => ({ z: 8, x: index % 8, y: index >> 3 }));

const options = (changes: Partial<PullOptions> = {}): PullOptions => ({
  ...{ server: stub.url, cache: join(folder, 'cache'), boxes: [box], zooms: [8], pauseMs: 1 },
  ...changes,
});

const skips = ({ skipped }: PullReport) => Object.fromEntries(skipped);
const journal = () =>
  readFileSync(join(folder, 'cache', 'journal.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as PullRecord);

/** What the cache and the journal say, against what the server has. */
async function expectComplete(expected = [...stub.tiles]): Promise<void> {
  const cache = await openTileCache(join(folder, 'cache'), { isWriter: false });
  try {
    const rows = cache.all();
    const found = rows.map(({ tile: { z, x, y }, contentSha256 }) => [`${z}/${x}/${y}`, contentSha256]);
    const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(found.sort()).toEqual(expected.map(([name, { bytes }]) => [name, sha(bytes)]).sort());
    for (const row of rows) expect(sha(readFileSync(cache.files.path(row.filePath)))).toBe(row.contentSha256);
    const files = readdirSync(join(folder, 'cache', 'tiles'), { recursive: true, withFileTypes: true });
    expect(files.filter((entry) => entry.isFile())).toHaveLength(rows.length);
  } finally {
    await cache.close();
  }
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tilegraph-pull-'));
  stub = await startStub();
});
afterEach(async () => {
  await stub.close();
  rmSync(folder, { recursive: true, force: true });
});

test('the box is the one that the other tests think it is', () => {
  expect(windowOfBox(box, 8)).toEqual({ zoom: 8, columns: [[0, 7]], rows: [0, 3] });
});

test('7.2 7.8 inventory first, then only the tiles that are kept', async () => {
  for (const cell of cells.slice(0, 10)) stub.add(cell);
  stub.add(cells[10], { resolution: 3 });
  stub.add(cells[11], { capturedAt: (Date.now() - 40 * 86_400_000) * 1000 });
  const progress: number[] = [];
  const report = await pull(
    options({
      ...{ maxResolution: 1, sectorClass: 'active_conflict' },
      sectorClasses: new Map([['active_conflict', { maxAgeDays: 40, stale: 'reject' }]]),
      onProgress: ({ asked, fetched }, total) => progress.push(asked, fetched, total),
    }),
  );
  // The first ten were captured in 2023.
  expect(skips(report)).toEqual({ absent: 20, 'too coarse': 1, stale: 11 });
  expect(stub.seen.tiles).toEqual([]);
  const again = await pull(options({ maxResolution: 1 }));
  expect(again).toMatchObject({ asked: 32, fetched: 11, bytes: 11 * 200, failed: 0, unchanged: 0 });
  expect(skips(again)).toEqual({ absent: 20, 'too coarse': 1 });
  expect(new Set(stub.seen.tiles).size).toBe(11);
  expect(stub.seen.inventories).toEqual([32, 32]);
  expect(progress.at(-1)).toBe(32);
});

test('7.2 inventories are asked for in chunks of 5,000 cells', async () => {
  const world = { west: -180, south: -85, east: 180, north: 85 };
  const report = await pull(options({ boxes: [world], zooms: [5, 7] }));
  expect(report.asked).toBe(4 ** 7 + 4 ** 5);
  expect(stub.seen.inventories).toEqual([5000, 5000, 5000, 2408]);
  await expect(pull(options({ boxes: [world], zooms: [30] }))).rejects.toThrow(/at most 5000000 are pulled/);
});

test('7.4 what is too old may be kept with a mark', async () => {
  stub.add(cells[0]);
  const sectorClasses = new Map([['old', { maxAgeDays: 30, stale: 'downgrade' as const }]]);
  expect(await pull(options({ sectorClass: 'old', sectorClasses }))).toMatchObject({
    fetched: 1,
    downgraded: 1,
  });
  const cache = await openTileCache(join(folder, 'cache'), { isWriter: false });
  expect(cache.all()).toMatchObject([
    { sectorClass: 'old', isDowngraded: true, sizePixels: expect.any(Number) },
  ]);
  await cache.close();
});

describe('7.6 one pool', () => {
  test('of HTTP/2: one connection carries all tiles, several at a time', async () => {
    for (const cell of cells) stub.add(cell);
    stub.together = 16;
    await pull(options({ token: 'basic//secret', concurrency: 16 }));
    expect([...stub.seen.versions]).toEqual(['2.0']);
    // The first one asks which version the server speaks.
    expect(stub.seen.connections).toBeLessThanOrEqual(3);
    expect(stub.seen.mostAtOnce).toBe(16);
    expect(stub.seen.authorization).toBe('Bearer basic//secret');
    await expectComplete();
  });

  test('of HTTP/1.1 where the server speaks nothing else: at most ten connections', async () => {
    await stub.close();
    stub = await startStub('http/1.1');
    for (const cell of cells) stub.add(cell);
    stub.together = 10;
    expect(await pull(options({ concurrency: 30 }))).toMatchObject({ fetched: 32 });
    expect(stub.seen.mostAtOnce).toBe(10);
    expect([...stub.seen.versions]).toEqual(['1.1']);
    expect(stub.seen.connections).toBeLessThanOrEqual(11);
    await expectComplete();
  });

  test('transient failures of tiles are tried again', async () => {
    for (const cell of cells.slice(0, 8)) stub.add(cell);
    const status =
      (code: number, headers = {}) =>
      (response: Parameters<Parameters<typeof stub.faults.set>[1]>[0], _: unknown, attempt: number) => {
        if (attempt > 2) return false;
        response.statusCode = code;
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
        response.end();
        return true;
      };
    stub.faults.set('8/0/0', status(503));
    stub.faults.set('8/1/0', status(429, { 'retry-after': 0 }));
    stub.faults.set('8/2/0', status(502));
    // A stream, or a connection, that breaks.
    stub.faults.set('8/3/0', (response, _, attempt) => {
      if (attempt > 1) return false;
      response.destroy();
      return true;
    });
    expect(await pull(options())).toMatchObject({ fetched: 8, failed: 0 });
    await expectComplete();
  });

  test('bodies that are not what was meant are thrown away and fetched again', async () => {
    for (const cell of cells.slice(0, 6)) stub.add(cell);
    const spoil = (change: (bytes: Buffer) => Buffer, digest?: boolean) =>
      ((response, { bytes }, attempt) => {
        if (attempt > 1) return false;
        if (digest)
          response.setHeader(
            'repr-digest',
            `md5=:AAAA:, sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`,
          );
        response.end(change(bytes));
        return true;
      }) satisfies Parameters<typeof stub.faults.set>[1];
    stub.faults.set(
      '8/0/0',
      spoil((bytes) => Buffer.concat([bytes.subarray(0, 100), jpeg(100)]), true),
    );
    stub.faults.set(
      '8/1/0',
      spoil((bytes) => bytes.subarray(0, 50), true),
    );
    stub.faults.set(
      '8/2/0',
      spoil(() => Buffer.from('<html>a proxy</html>')),
    );
    stub.faults.set(
      '8/3/0',
      spoil(() => Buffer.alloc(0)),
    );
    expect(await pull(options())).toMatchObject({ fetched: 6, failed: 0 });
    await expectComplete();
  });
});

test('7.8 a tile that fails for good does not keep the others', async () => {
  for (const cell of cells.slice(0, 9)) stub.add(cell);
  stub.faults.set('8/0/0', (response) => {
    response.statusCode = 500;
    response.end('{"code":"TileRowInvalid","message":"the file of the tile is missing."}');
    return true;
  });
  stub.faults.set('8/1/0', (response) => {
    response.statusCode = 503;
    response.end();
    return true;
  });
  // Removed between the inventory and the request.
  stub.faults.set('8/2/0', (response) => {
    response.statusCode = 404;
    response.end();
    return true;
  });
  const report = await pull(options({ retries: 2 }));
  expect(report).toMatchObject({ fetched: 6, failed: 2 });
  expect(skips(report)).toEqual({ absent: 24 });
  expect(report.failures).toEqual(
    expect.arrayContaining([
      { tile: cells[0], reason: 'the file of the tile is missing.' },
      { tile: cells[1], reason: 'the server answers 503' },
    ]),
  );
  expect(stub.seen.tiles.filter((path) => path === '8/1/0')).toHaveLength(3);
  stub.faults.clear();
  // The same call fetches just what is missing.
  stub.seen.tiles.length = 0;
  expect(await pull(options())).toMatchObject({ fetched: 3 });
  expect(stub.seen.tiles.sort()).toEqual(['8/0/0', '8/1/0', '8/2/0']);
  await expectComplete();
});

describe('7.7 the journal', () => {
  test('has a record per stored tile, and what it has is not fetched again until it changes', async () => {
    for (const cell of cells.slice(0, 5)) stub.add(cell);
    await pull(options());
    const records = journal();
    expect(records).toHaveLength(5);
    for (const { sha256, path, bytes } of records) {
      const stored = readFileSync(join(folder, 'cache', path));
      expect([createHash('sha256').update(stored).digest('hex'), stored.length]).toEqual([sha256, bytes]);
    }
    stub.seen.tiles.length = 0;
    expect(skips(await pull(options()))).toEqual({ absent: 27, journalled: 5 });
    expect(stub.seen.tiles).toEqual([]);
    stub.add(cells[2], { capturedAt: 1.71e15 });
    expect(await pull(options())).toMatchObject({ fetched: 1 });
    expect(journal()).toHaveLength(6);
    await expectComplete();
  });

  test('asked to, the server is asked whether tiles have changed, without their bytes', async () => {
    for (const cell of cells.slice(0, 5)) stub.add(cell);
    await pull(options());
    // Other bytes under the same id and time: no inventory tells.
    stub.add(cells[1]);
    expect(await pull(options({ revalidate: true }))).toMatchObject({ fetched: 1, unchanged: 4 });
    expect(stub.seen.notModified).toHaveLength(4);
    await expectComplete();
  });

  test('a tile that was evicted since is fetched again', async () => {
    for (const cell of cells.slice(0, 5)) stub.add(cell);
    await pull(options());
    const cache = await openTileCache(join(folder, 'cache'), { isWriter: true });
    await cache.setBudget(600);
    await cache.close();
    expect(await pull(options({ budgetBytes: null }))).toMatchObject({ fetched: 2 });
    await expectComplete();
  });
});

test('7.10 an area that is larger than the budget fills it once, and does not turn over', async () => {
  for (const cell of cells.slice(0, 8)) stub.add(cell);
  const first = await pull(options({ budgetBytes: 1100 }));
  expect(first).toMatchObject({ fetched: 5, bytes: 1000 });
  expect(skips(first)).toMatchObject({ 'over budget': 3 });
  const before = readFileSync(join(folder, 'cache', 'journal.ndjson'), 'utf8');
  const second = await pull(options());
  expect(second.fetched).toBe(0);
  expect(skips(second)).toMatchObject({ 'over budget': 3, journalled: 5 });
  expect(readFileSync(join(folder, 'cache', 'journal.ndjson'), 'utf8')).toBe(before);
  // Another area pushes this one out.
  stub.add({ z: 9, x: 0, y: 0 }, { bytes: jpeg(900) });
  expect(await pull(options({ boxes: [{ ...box, east: -179.8, south: 85 }], zooms: [9] }))).toMatchObject({
    fetched: 1,
  });
});

describe('7.8 what stops a whole run is told with what was done', () => {
  test('a login that is not accepted', async () => {
    stub.inventoryFault = (response) => {
      response.statusCode = 401;
      response.end('{"code":"AuthenticationRequired","message":"Log in first."}');
      return true;
    };
    const stopped = await pull(options()).catch((error: unknown) => error);
    expect(stopped).toBeInstanceOf(PullStoppedError);
    expect(stopped).toMatchObject({ message: 'Log in first.', report: { fetched: 0 } });
    expect(stub.seen.inventories).toHaveLength(1);
  });

  test('a server that goes away', async () => {
    const wide = { ...box, south: 70 };
    for (const { z, x, y } of cells) for (const down of [0, 4, 8, 12]) stub.add({ z, x, y: y + down });
    let served = 0;
    stub.faults.set('*', (response) => {
      if (++served <= 20) return false;
      response.destroy();
      return true;
    });
    const stopped = await pull(options({ boxes: [wide], retries: 1, concurrency: 4 })).catch(
      (error: unknown) => error,
    );
    expect(stopped).toBeInstanceOf(PullStoppedError);
    const { report } = stopped as PullStoppedError;
    expect(report.fetched).toBe(20);
    // It gave up long before it had tried all of them.
    expect(report.failed).toBeLessThan(60);
    stub.faults.clear();
    expect(await pull(options({ boxes: [wide] }))).toMatchObject({ fetched: 108 });
    await expectComplete();
  });

  test('an interruption', async () => {
    for (const cell of cells) stub.add(cell);
    const stopping = new AbortController();
    const stopped = await pull(
      options({
        ...{ signal: stopping.signal, concurrency: 2 },
        onProgress: ({ fetched }) => fetched >= 5 && stopping.abort(),
      }),
    ).catch((error: unknown) => error);
    expect(stopped).toMatchObject({ name: 'PullStoppedError', message: 'It was interrupted.' });
    const { fetched } = (stopped as PullStoppedError).report;
    expect(journal()).toHaveLength(fetched);
    expect(await pull(options())).toMatchObject({ fetched: 32 - fetched });
    expect(journal()).toHaveLength(32);
    await expectComplete();
  });

  test('an inventory that is none', async () => {
    stub.inventoryFault = (response, attempt) => {
      response.end(attempt % 2 === 0 ? '{"tiles":[]}' : 'no JSON');
      return true;
    };
    await expect(pull(options({ retries: 1 }))).rejects.toThrow(/something that is no/);
  });
});

test('7.6 what is no server of tiles is told at once, or after the attempts', async () => {
  await expect(pull(options({ server: 'ftp://example.org' }))).rejects.toThrow(RefusedError);
  await expect(pull(options({ server: 'nonsense' }))).rejects.toThrow(/is not the address of a server/);
  const { url } = stub;
  await stub.close();
  await expect(pull(options({ server: url, retries: 1 }))).rejects.toThrow(TransientError);
  stub = await startStub();
});
