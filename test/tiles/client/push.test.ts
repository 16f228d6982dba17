import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { openTileCache } from '../../../src/store/cache/tile-cache';
import { push } from '../../../src/tile-client';
import { type PendingDefaults, readPendingFolder } from '../../../src/tiles/client/pending-folder';
import { PushJournal, PushStoppedError, pushTiles } from '../../../src/tiles/client/push';
import { RefusedError, TransientError } from '../../../src/tiles/client/retry';
import type { UploadOutcome } from '../../../src/tiles/client/tile-server';
import { tileId, tileUuid } from '../../../src/tiles/identity';
import { parseInstant } from '../../../src/tiles/instant';
import { startServer, type TestServer } from '../../support/server';

const flightA = '00000000-0000-4000-8000-00000000000a';
const flightB = '00000000-0000-4000-8000-00000000000b';
const noon = '2024-05-01T12:00:00.123456Z';
const capturedAt = parseInstant(noon);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tilegraph-push-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, content: string | Uint8Array = randomBytes(30)): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const picture = (red: number) =>
  sharp({ create: { width: 16, height: 16, channels: 3, background: { r: red, g: 0, b: 0 } } })
    .jpeg()
    .toBuffer();

describe('7.12 folders of pending tiles', () => {
  const read = (defaults: PendingDefaults = { flightId: flightA, capturedAt }) =>
    readPendingFolder(folder, defaults);

  test('files by cell, perhaps below their flight; others are passed over', async () => {
    put('14/1/2.jpg');
    put(`${flightB.toUpperCase()}/14/3/4.PNG`);
    put('notes.txt');
    put('14/1/2.tif');
    put('deep/14/1/9.jpg');
    const found = await read();
    expect(found.map(({ name, tile, flightId, capturedAt: at }) => ({ name, tile, flightId, at }))).toEqual([
      {
        name: `${flightB.toUpperCase()}/14/3/4.PNG`,
        tile: { z: 14, x: 3, y: 4 },
        flightId: flightB,
        at: capturedAt,
      },
      { name: '14/1/2.jpg', tile: { z: 14, x: 1, y: 2 }, flightId: flightA, at: capturedAt },
    ]);
  });

  test('the files’ own times, where they are asked for', async () => {
    utimesSync(put('14/1/2.jpg'), 1_700_000_000, 1_700_000_000);
    expect(await read({ flightId: flightA, capturedAt: 'mtime' })).toMatchObject([{ capturedAt: 1.7e15 }]);
  });

  test('a manifest says all of it, or leaves it to the defaults', async () => {
    put('a b.jpg');
    put(
      'tiles.ndjson',
      `{"file":"a b.jpg","z":1,"x":1,"y":0,"captured_at":"2024-05-01T14:00:00+02:00","flight_id":"${flightB}"}\n\n{"file":"c.jpg","z":0,"x":0,"y":0}\n`,
    );
    expect(await read()).toMatchObject([
      { tile: { z: 1, x: 1, y: 0 }, capturedAt: parseInstant('2024-05-01T12:00:00Z'), flightId: flightB },
      { name: 'c.jpg', capturedAt, flightId: flightA },
    ]);
  });

  test.each([
    ['{', /line 1: it is not JSON/],
    ['null', /line 1: it is not an object/],
    ['{"file":"../x.jpg","z":0,"x":0,"y":0}', /below the folder/],
    ['{"z":0,"x":0,"y":0}', /below the folder/],
    ['{"file":"x.jpg","z":0,"x":1,"y":0}', /line 1: x must be an integer from 0 to 0/],
    ['{"file":"x.jpg","z":0,"x":0,"y":0,"captured_at":"2024-05-01T12:00:00"}', /line 1: the time .* zone/],
    ['{"file":"x.jpg","z":0,"x":0,"y":0,"flight_id":"7"}', /flight is missing or no UUID/],
  ])('the manifest %s is refused', async (line, message) => {
    put('tiles.ndjson', line);
    await expect(read()).rejects.toThrow(message);
  });

  test('what is missing is named', async () => {
    put('14/1/2.jpg');
    await expect(read({ capturedAt })).rejects.toThrow(/14\/1\/2.jpg: the flight is missing/);
    await expect(read({ flightId: flightA })).rejects.toThrow(/--captured-at/);
    await expect(readPendingFolder(join(folder, 'nowhere'), {})).rejects.toThrow(/cannot be read/);
  });
});

describe('7.7 what was uploaded is not uploaded again', () => {
  /** A server that accepts files, or does what `answer` says. */
  function stub(answer: (files: readonly { name: string }[]) => readonly UploadOutcome[] | Error = accept) {
    const requests: string[][] = [];
    return {
      requests,
      server: {
        async upload(files: Parameters<Parameters<typeof pushTiles>[0]['server']['upload']>[0]) {
          requests.push(files.map(({ metadata }) => (metadata as { y: number }).y.toString()));
          const given = answer(files);
          if (given instanceof Error) throw given;
          return given;
        },
      },
    };
  }
  const accept = (files: readonly unknown[]) => files.map((_, index) => ({ index, status: 201, id: 'x' }));

  async function run({ server }: ReturnType<typeof stub>) {
    const journal = await PushJournal.open(join(folder, 'journal'));
    const tiles = await readPendingFolder(folder, { flightId: flightA, capturedAt });
    try {
      return await pushTiles({ server, tiles, journal, signal: new AbortController().signal });
    } finally {
      await journal.close();
    }
  }

  test('in requests of few files; changed ones once more', async () => {
    for (let y = 0; y < 50; y++) put(`14/1/${y}.jpg`);
    const first = stub();
    expect(await run(first)).toMatchObject({ created: 50, bytes: 1500, failures: [] });
    expect(first.requests.map((names) => names.length).sort()).toEqual([16, 16, 16, 2].sort());
    const second = stub();
    put('14/1/7.jpg');
    expect(await run(second)).toMatchObject({ created: 1, journalled: 49 });
    expect(second.requests).toEqual([['7']]);
  });

  test('in requests of few bytes', async () => {
    for (let y = 0; y < 3; y++) put(`14/1/${y}.jpg`, Buffer.alloc(3 * 1024 * 1024, y));
    const given = stub();
    await run(given);
    expect(given.requests).toHaveLength(3);
  });

  test('7.8 a file that is refused does not keep the others, and is tried again', async () => {
    for (let y = 0; y < 4; y++) put(`14/1/${y}.jpg`);
    const outcome = (index: number): UploadOutcome =>
      index === 1
        ? { index, status: 415, error: { code: 'FileTypeInvalid', message: 'no image' } }
        : { index, status: index === 2 ? 200 : 201 };
    // One that is not answered at all is a failure, too.
    const report = await run(stub((files) => files.slice(0, 3).map((_, index) => outcome(index))));
    expect(report).toMatchObject({ created: 1, replaced: 1 });
    expect(report.failures.map(({ name }) => name)).toEqual(['14/1/1.jpg', '14/1/3.jpg']);
    const again = stub();
    await run(again);
    expect(again.requests).toEqual([['1', '3']]);
  });

  test.each([new TransientError('gone'), new RefusedError('no', 403)])(
    '$name ends the run with what was done',
    async (error) => {
      for (let y = 0; y < 200; y++) put(`14/1/${y}.jpg`);
      let calls = 0;
      const given = stub((files) => (++calls > 2 ? error : accept(files)));
      const stopped = await run(given).catch((thrown: unknown) => thrown);
      expect(stopped).toBeInstanceOf(PushStoppedError);
      expect(stopped).toMatchObject({ message: error.message, report: { created: 32 } });
      // Nobody began another one.
      expect(given.requests.length).toBeLessThanOrEqual(2 + 4);
      expect(await run(stub())).toMatchObject({ created: 168, journalled: 32 });
    },
  );
});

describe('against a server', () => {
  let server: TestServer;
  let token: string;
  beforeAll(async () => {
    server = await startServer();
    token = await server.user('pilot', ['uploader']);
  });
  afterAll(() => server.stop());

  test('7.12 own tiles of a cache are uploaded as ones of a drone, and marked', async () => {
    const cache = await openTileCache(join(folder, 'cache'), { isWriter: true });
    const pictures = await Promise.all([10, 20, 30].map(picture));
    for (const [x, bytes] of pictures.entries())
      await cache.put(
        {
          ...{
            id: tileUuid(`own ${x}`),
            tile: { z: 9, x, y: 1 },
            source: 'onboard_ingest',
            flightId: flightA,
          },
          ...{
            votingStatus: x === 2 ? 'trusted' : 'pending',
            capturedAt,
            sizePixels: 16,
            sectorClass: 'unclassified',
          },
        },
        bytes,
      );
    await cache.close();
    const options = { server: server.url, token, from: { cache: join(folder, 'cache') } };
    expect(await push(options)).toMatchObject({ created: 2, failures: [] });
    const { catalogue } = server.application.tileStore!;
    expect(await catalogue.atCell({ z: 9, x: 0, y: 1 })).toMatchObject({
      ...{ id: tileId({ z: 9, x: 0, y: 1 }, 'uav', flightA), source: 'uav', flightId: flightA, capturedAt },
    });
    expect(await catalogue.atCell({ z: 9, x: 2, y: 1 })).toBeUndefined();
    const after = await openTileCache(join(folder, 'cache'), { isWriter: false });
    expect(after.pending()).toEqual([]);
    expect(
      after
        .all()
        .map(({ votingStatus }) => votingStatus)
        .sort(),
    ).toEqual(['trusted', 'uploaded', 'uploaded']);
    await after.close();
    expect(await push(options)).toMatchObject({ created: 0, replaced: 0, journalled: 0 });
  });

  test('7.8 one file and several are answered in different forms; both are understood', async () => {
    put('flight/9/5/1.jpg', await picture(1));
    const options = {
      ...{ server: server.url, token },
      from: { folder: join(folder, 'flight'), defaults: { flightId: flightB, capturedAt } },
    };
    expect(await push(options)).toMatchObject({ created: 1 });
    put('flight/9/5/2.jpg', 'no image');
    expect(await push(options)).toMatchObject({
      created: 0,
      journalled: 1,
      failures: [{ name: '9/5/2.jpg' }],
    });
    put('flight/9/5/1.jpg', await picture(2));
    expect(await push(options)).toMatchObject({ replaced: 1, failures: [{ name: '9/5/2.jpg' }] });
    const lines = readFileSync(join(folder, 'flight', '.tilegraph-push.ndjson'), 'utf8')
      .trim()
      .split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { name: string }).name)).toEqual([
      '9/5/1.jpg',
      '9/5/1.jpg',
    ]);
  });

  test('who may not write is told so at once', async () => {
    put('flight/9/5/1.jpg', await picture(1));
    const reader = await server.user('reader');
    await expect(
      push({
        ...{ server: server.url, token: reader },
        from: { folder: join(folder, 'flight'), defaults: { flightId: flightB, capturedAt } },
      }),
    ).rejects.toThrow(PushStoppedError);
  });
});
