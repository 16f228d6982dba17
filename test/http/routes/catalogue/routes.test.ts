import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type ClientHttp2Session, constants } from 'node:http2';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { locationHash, tileId, tileSizeMeters } from '../../../../src/tiles/identity';
import { testDatabase } from '../../../support/postgres';
import { startServer, type TestServer } from '../../../support/server';
import { type Dialect, dialects } from '../../../support/tile-stores';
import { connectH2 } from '../../support/h2';

const flightA = '00000000-0000-4000-8000-00000000000a';
const flightB = '00000000-0000-4000-8000-00000000000b';

type Format = 'jpeg' | 'png' | 'webp';

async function picture(colour: string, format: Format = 'jpeg', sizePx = 16): Promise<Buffer> {
  const image = sharp({ create: { width: sizePx, height: sizePx, channels: 3, background: colour } });
  return image.toFormat(format).toBuffer();
}

/** A picture that does not compress. */
async function noise(seed: number, sizePx: number): Promise<Buffer> {
  const data = Buffer.alloc(sizePx * sizePx * 3);
  let state = seed;
  for (let index = 0; index < data.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[index] = state >>> 24;
  }
  return sharp(data, { raw: { width: sizePx, height: sizePx, channels: 3 } })
    .png()
    .toBuffer();
}

/** A PNG of black pixels, a thousandth of its size. */
function bomb(sizePx: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(sizePx, 0);
  header.writeUInt32BE(sizePx, 4);
  header.set([8, 6], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const rows = deflateSync(Buffer.alloc(50_000_000));
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

interface Metadata {
  readonly z?: unknown;
  readonly x?: unknown;
  readonly y?: unknown;
  readonly source?: unknown;
  readonly captured_at?: unknown;
  readonly flight_id?: unknown;
  readonly sha256?: unknown;
}

const google = (x: number, changes: Metadata = {}): Metadata => ({
  ...{ z: 10, x, y: 5, source: 'google_maps', captured_at: '2024-01-01T00:00:00Z' },
  ...changes,
});
const uav = (x: number, flight_id: string, captured_at: string): Metadata =>
  google(x, { source: 'uav', flight_id, captured_at });

interface Answer {
  readonly index: number;
  readonly status: number;
  readonly id: string;
  readonly location_hash: string;
  readonly error?: { readonly code: string };
}

describe.each(dialects)('tile catalogue over HTTP on %s', (dialect: Dialect) => {
  let server: TestServer;
  let uploader: string;
  let reader: string;
  let drop = async () => {};
  let x = 0;

  const objectsFolder = () => new URL(server.application.config.objectStoreUrl).pathname;
  const stored = () =>
    readdirSync(objectsFolder(), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(objectsFolder().length + 1))
      .sort();
  const uploadsFolder = () => join(server.application.config.dataDir, 'uploads');
  const temporary = () => (existsSync(uploadsFolder()) ? readdirSync(uploadsFolder()) : []);
  const headers = (token: string | null) =>
    token === null ? undefined : { authorization: `Bearer ${token}` };

  function send(form: FormData, token: string | null = uploader): Promise<Response> {
    return fetch(`${server.url}/api/satellite/upload`, {
      method: 'POST',
      headers: headers(token),
      body: form,
    });
  }

  function upload(
    entries: readonly unknown[],
    files: readonly Buffer[],
    token: string | null = uploader,
  ): Promise<Response> {
    const form = new FormData();
    form.set('metadata', JSON.stringify(entries));
    for (const file of files) form.append('files', new Blob([new Uint8Array(file)]), 'tile.jpg');
    return send(form, token);
  }

  const tile = (path: string, init: RequestInit = {}, token: string | null = reader) =>
    fetch(`${server.url}/tiles/${path}`, { ...init, headers: { ...headers(token), ...init.headers } });

  const inventory = (body: unknown, token: string | null = reader) =>
    server.call('POST', `${server.url}/api/satellite/tiles/inventory`, body, token);

  const code = async (response: Response) => [
    response.status,
    ((await response.json()) as { code: string }).code,
  ];

  beforeAll(async () => {
    const database = dialect === 'postgres' ? await testDatabase() : undefined;
    drop = database?.drop ?? drop;
    server = await startServer({
      ...(database && { tileStoreUrl: database.url }),
      limitUpload: 2_000_000,
      limitUploadPixels: 1_000_000,
    });
    uploader = await server.user('uploader', ['uploader']);
    reader = await server.user('reader');
  });
  afterAll(async () => {
    await server.stop();
    await drop();
  });
  beforeEach(() => {
    x++;
  });
  afterEach(() => expect(temporary()).toEqual([]));

  describe('POST /api/satellite/upload', () => {
    test('3.1 6.1 6.6 uav-path: one file is 201, again 200, and lies where the layout says', async () => {
      const first = await upload([uav(x, flightA, '2024-01-01T02:00:00+02:00')], [await picture('red')]);
      expect(first.status).toBe(201);
      const cell = { z: 10, x, y: 5 };
      expect(await first.json()).toMatchObject({
        id: tileId(cell, 'uav', flightA),
        location_hash: locationHash(cell),
      });
      expect(stored()).toContain(`tiles/uav/${flightA}/10/${x}/5.jpg`);
      const bytes = await picture('blue', 'png');
      const again = await upload([uav(x, flightA, '2023-01-01T00:00:00Z')], [bytes]);
      expect(again.status).toBe(200);
      expect(Buffer.from(await (await tile(`10/${x}/5`)).arrayBuffer())).toEqual(bytes);
      const third = await upload([uav(x, flightA, '2023-01-01T00:00:00Z')], [await picture('green', 'png')]);
      expect(third.status).toBe(200);
      // The replaced files are gone; the last one took another name than the one it replaced.
      const left = stored().filter((path) => path.includes(`/10/${x}/`));
      expect(left).toEqual([
        expect.stringMatching(new RegExp(`^tiles/uav/${flightA}/10/${x}/5\\.\\w+\\.png$`)),
      ]);
    });

    test('6.1 google_maps has no flight in its path; the extension is the image’s', async () => {
      expect((await upload([google(x)], [await picture('red', 'webp')])).status).toBe(201);
      expect(stored()).toContain(`tiles/google_maps/10/${x}/5.webp`);
    });

    test('several files: 207 with an outcome each', async () => {
      const good = await picture('red');
      const response = await upload(
        [google(x), google(x, { captured_at: '2024-01-01T00:00:00' }), google(x, { y: 6 }), google(x)],
        [good, good, Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), good],
      );
      expect(response.status).toBe(207);
      const outcomes = (await response.json()) as Answer[];
      expect(outcomes.map(({ index, status, error }) => [index, status, error?.code])).toEqual([
        [0, 201, undefined],
        [1, 400, 'TileInvalid'],
        [2, 415, 'FileTypeInvalid'],
        [3, 200, undefined],
      ]);
      expect(outcomes[0]).toMatchObject({ location_hash: locationHash({ z: 10, x, y: 5 }) });
    });

    test('3.7 the digest is the server’s; another one of the client is refused', async () => {
      const bytes = await picture('red');
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      expect((await upload([google(x, { sha256: sha256.toUpperCase() })], [bytes])).status).toBe(201);
      const stored_ = await server.application.tileStore?.catalogue.atCell({ z: 10, x, y: 5 });
      expect(stored_).toMatchObject({ contentSha256: sha256, byteCount: bytes.length, sizePixels: 16 });
      const wrong = await upload([google(x, { sha256: '0'.repeat(64) })], [bytes]);
      expect(await code(wrong)).toEqual([400, 'TileInvalid']);
    });

    describe('refuses, and leaves no row and no file', () => {
      let before: string[];
      beforeEach(() => {
        before = stored();
      });
      afterEach(async () => {
        expect(stored()).toEqual(before);
        expect(await server.application.tileStore?.catalogue.atCell({ z: 10, x, y: 5 })).toBeUndefined();
      });

      test.each<[string, Metadata]>([
        ['3.3 no source', { source: undefined }],
        ['3.3 an unknown source', { source: 'satar' }],
        ['3.3 no capture time', { captured_at: undefined }],
        ['2.5 a capture time without zone', { captured_at: '2024-01-01T00:00:00' }],
        ['3.3 uav without flight', { source: 'uav' }],
        ['6.5 a flight that is no UUID', { source: 'uav', flight_id: '../../etc' }],
        ['3.4 google_maps with a flight', { flight_id: flightA }],
        ['1.5 a row out of range', { y: 1024 }],
        ['1.5 a zoom out of range', { z: 31 }],
        ['1.5 a column that is text', { x: '1' }],
      ])('%s', async (_, changes) => {
        expect(await code(await upload([google(x, changes)], [await picture('red')]))).toEqual([
          400,
          'TileInvalid',
        ]);
      });

      test.each<[string, () => Promise<Buffer>, number, string]>([
        ['no image', async () => Buffer.from('hello'), 415, 'FileTypeInvalid'],
        ['an empty file', async () => Buffer.alloc(0), 415, 'FileTypeInvalid'],
        [
          'an image of another type',
          () =>
            sharp(Buffer.alloc(3), { raw: { width: 1, height: 1, channels: 3 } })
              .gif()
              .toBuffer(),
          415,
          'FileTypeInvalid',
        ],
        ['a cut image', async () => (await noise(1, 64)).subarray(0, 6000), 415, 'FileTypeInvalid'],
        ['too many pixels', () => picture('red', 'png', 1001), 413, 'FileSizeExceeded'],
        ['a few bytes that would become 40 GB', async () => bomb(100_000), 413, 'FileSizeExceeded'],
        [
          'too many bytes',
          async () => Buffer.concat([await picture('red'), Buffer.alloc(2_000_001)]),
          413,
          'FileSizeExceeded',
        ],
        [
          'an image that is not square',
          () =>
            sharp(Buffer.alloc(6), { raw: { width: 2, height: 1, channels: 3 } })
              .png()
              .toBuffer(),
          400,
          'TileInvalid',
        ],
      ])('%s', async (_, bytes, status, name) => {
        expect(await code(await upload([google(x)], [await bytes()]))).toEqual([status, name]);
      });

      test('who may not write: nobody, and a user without the role', async () => {
        const bytes = await picture('red');
        expect(await code(await upload([google(x)], [bytes], null))).toEqual([401, 'AuthenticationRequired']);
        expect(await code(await upload([google(x)], [bytes], reader))).toEqual([
          403,
          'PermissionsInsufficient',
        ]);
      });

      test('forms that do not fit together', async () => {
        const bytes = await picture('red');
        expect(await code(await upload([google(x)], []))).toEqual([400, 'TileInvalid']);
        expect(await code(await upload([google(x)], [bytes, bytes]))).toEqual([400, 'TileInvalid']);
        const twice = new FormData();
        twice.append('metadata', JSON.stringify([google(x)]));
        twice.append('metadata', JSON.stringify([google(x)]));
        twice.append('files', new Blob([new Uint8Array(bytes)]), 'a.jpg');
        expect(await code(await send(twice))).toEqual([400, 'TileInvalid']);
        const broken = new FormData();
        broken.append('metadata', '[');
        broken.append('files', new Blob([new Uint8Array(bytes)]), 'a.jpg');
        expect(await code(await send(broken))).toEqual([400, 'TileInvalid']);
        const other = new FormData();
        other.append('file', new Blob([new Uint8Array(bytes)]), 'a.jpg');
        expect(await code(await send(other))).toEqual([400, 'TileInvalid']);
        expect(
          await code(await server.call('POST', `${server.url}/api/satellite/upload`, {}, uploader)),
        ).toEqual([400, 'ContentTypeInvalid']);
      });

      test('a truncated form', async () => {
        const response = await fetch(`${server.url}/api/satellite/upload`, {
          method: 'POST',
          headers: { ...headers(uploader), 'content-type': 'multipart/form-data; boundary=b' },
          body: '--b\r\ncontent-disposition: form-data; name="files"; filename="a.jpg"\r\n\r\nhalf',
        });
        expect(await code(response)).toEqual([400, 'TileInvalid']);
      });

      test('a client that resets its stream in the middle', async () => {
        const session = await connectH2(server.url);
        const stream = session.request({
          ...{ ':method': 'POST', ':path': '/api/satellite/upload', authorization: `Bearer ${uploader}` },
          'content-type': 'multipart/form-data; boundary=b',
        });
        stream.on('error', () => {});
        stream.write('--b\r\ncontent-disposition: form-data; name="files"; filename="a.jpg"\r\n\r\nhalf');
        while (temporary().length === 0) await delay(5);
        stream.close(constants.NGHTTP2_CANCEL);
        while (temporary().length > 0) await delay(5);
        session.close();
      });

      test('a client that leaves in the middle', async () => {
        const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
        await once(socket, 'connect');
        socket.write(
          `POST /api/satellite/upload HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${uploader}\r\n` +
            'content-type: multipart/form-data; boundary=b\r\ncontent-length: 100000\r\n\r\n' +
            '--b\r\ncontent-disposition: form-data; name="files"; filename="a.jpg"\r\n\r\nhalf',
        );
        while (temporary().length === 0) await delay(5);
        socket.destroy();
        while (temporary().length > 0) await delay(5);
      });
    });
  });

  describe('GET /tiles/{z}/{x}/{y}', () => {
    test('5.1 5.2 5.3 bytes, type by content, validators', async () => {
      const bytes = await picture('red', 'png');
      await upload([google(x)], [bytes]);
      const response = await tile(`10/${x}/5`);
      expect(response.status).toBe(200);
      expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
      expect(response.headers.get('content-type')).toBe('image/png');
      expect(response.headers.get('cache-control')).toBe('private, max-age=60, stale-while-revalidate=86400');
      expect(response.headers.get('vary')).toMatch(/Authorization/);
      const etag = response.headers.get('etag') ?? '';
      expect(etag).toMatch(/^"[\w-]+"$/);
      const modified = response.headers.get('last-modified') ?? '';
      expect(Math.abs(Date.parse(modified) - Date.now())).toBeLessThan(60_000);
      for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const unchanged = await tile(`10/${x}/5`, { headers: { 'if-none-match': tags } });
        expect(unchanged.status).toBe(304);
        expect(unchanged.headers.get('etag')).toBe(etag);
        expect((await unchanged.arrayBuffer()).byteLength).toBe(0);
      }
      const since = { 'if-modified-since': modified };
      expect((await tile(`10/${x}/5`, { headers: since })).status).toBe(304);
      const other = await tile(`10/${x}/5`, { headers: { ...since, 'if-none-match': '"other"' } });
      expect(other.status).toBe(200);
      await other.arrayBuffer();
      const head = await tile(`10/${x}/5`, { method: 'HEAD' });
      expect(head.headers.get('content-length')).toBe(String(bytes.length));
      expect((await head.arrayBuffer()).byteLength).toBe(0);
    });

    test('5.5 every write to the cell is seen by the next read, also when it was kept', async () => {
      const pictures = [await picture('red'), await picture('lime'), await picture('blue')];
      const tags = new Set<string | null>();
      for (const bytes of pictures) {
        await upload([google(x)], [bytes]);
        const response = await tile(`10/${x}/5`);
        tags.add(response.headers.get('etag'));
        expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
        await (await tile(`10/${x}/5`)).arrayBuffer();
      }
      expect(tags.size).toBe(3);
    });

    test.each([
      '31/0/0',
      '1/2/0',
      '1/0/2',
      '1/-1/0',
      '1/01/0',
      '1.0/0/0',
      'a/b/c',
      '1/0/1e0',
      '99999999999/0/0',
    ])('5.4 400 for %s', async (path) => {
      expect(await code(await tile(path))).toEqual([400, 'TileInvalid']);
    });

    test('5.4 404 without a row; 500 for a row without a file, which is counted', async () => {
      expect(await code(await tile(`10/${x}/5`))).toEqual([404, 'TileNotFound']);
      await upload([google(x)], [await picture('red')]);
      rmSync(join(objectsFolder(), `tiles/google_maps/10/${x}/5.jpg`));
      expect(await code(await tile(`10/${x}/5`))).toEqual([500, 'TileRowInvalid']);
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      expect(metrics).toMatch(/^tilegraph_tiles_without_file_total [1-9]/m);
    });

    test('6.2 the row says where the file is, wherever that may be', async () => {
      const bytes = await picture('red', 'webp');
      const { imagery, tileStore, objects } = server.application;
      await upload([google(x)], [bytes]);
      const before = (await tileStore!.catalogue.atCell({ z: 10, x, y: 5 }))!;
      await objects.put('tiles/elsewhere/no-cell', bytes);
      const moved = { ...before, filePath: 'elsewhere/no-cell', contentSha256: before.contentSha256! };
      expect(await tileStore!.catalogue.moveFile(before, { ...moved, byteCount: bytes.length })).toBe(true);
      await imagery!.files.remove(before.filePath);
      const response = await tile(`10/${x}/5`);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/webp']);
      expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
      // The next upload takes the usual place again, and removes the other one.
      await upload([google(x)], [bytes]);
      expect(stored()).toContain(`tiles/google_maps/10/${x}/5.webp`);
      expect(stored()).not.toContain('tiles/elsewhere/no-cell');
    });

    test('6.4 the same bytes at two cells are two files, each a plain image', async () => {
      const bytes = await picture('red', 'png');
      await upload([google(x), google(x, { y: 6 })], [bytes, bytes]);
      for (const y of [5, 6])
        expect(readFileSync(join(objectsFolder(), `tiles/google_maps/10/${x}/${y}.png`))).toEqual(bytes);
    });

    test('6.5 a row that points out of the root serves nothing', async () => {
      const { catalogue } = server.application.tileStore!;
      await catalogue.write({
        ...{ tile: { z: 10, x, y: 5 }, source: 'google_maps', capturedAt: 0, imageType: 'jpeg' },
        ...{ filePath: '../../tilegraph.db', sizePixels: 256, contentSha256: '0'.repeat(64), byteCount: 1 },
      });
      expect(await code(await tile(`10/${x}/5`))).toEqual([500, 'TileRowInvalid']);
    });

    test('5.3 reading needs a login here', async () => {
      expect(await code(await tile(`10/${x}/5`, {}, null))).toEqual([401, 'AuthenticationRequired']);
      expect(await code(await inventory({ tiles: [] }, null))).toEqual([401, 'AuthenticationRequired']);
    });

    test('5.6 5.7 http2-multiplexing: 20 concurrent GETs on one h2c connection interleave', async () => {
      const pictures: Buffer[] = [];
      for (let index = 0; index < 20; index++) {
        pictures.push(await noise(index + 1, 200));
        expect((await upload([google(index, { z: 12, y: x })], [pictures[index]])).ok).toBe(true);
      }
      const session = await connectH2(server.url);
      // The second time they are in memory.
      for (const _ of ['from the disk', 'from memory']) await interleave(session, pictures);
      session.close();
    });

    async function interleave(session: ClientHttp2Session, pictures: readonly Buffer[]): Promise<void> {
      const streams = pictures.map((_, index) =>
        session.request({ ':path': `/tiles/12/${index}/${x}`, authorization: `Bearer ${reader}` }),
      );
      // Nothing is read yet, and no body fits into a stream's window of 64 KiB: none can end before all have begun.
      // A server that answers one after the other never gets to the second.
      await Promise.all(streams.map((stream) => once(stream, 'response')));
      const events: string[] = [];
      const bodies = await Promise.all(
        streams.map(async (stream) => {
          const chunks: Buffer[] = [];
          stream.once('data', () => events.push('begins'));
          stream.on('data', (chunk: Buffer) => chunks.push(chunk));
          await once(stream, 'end');
          events.push('ends');
          return Buffer.concat(chunks);
        }),
      );
      expect(pictures.every(({ length }) => length > 65_535)).toBe(true);
      expect(bodies.map((body, index) => body.equals(pictures[index]))).toEqual(Array(20).fill(true));
      // One after the other would be begins, ends, begins, ends …
      expect(events.indexOf('ends')).toBeGreaterThan(1);
    }
  });

  describe('POST /api/satellite/tiles/inventory', () => {
    const refused = [400, 'InventoryInvalid'];

    test('5.9 exactly one list; 5.11 an empty one is fine', async () => {
      expect(await code(await inventory({}))).toEqual(refused);
      expect(await code(await inventory({ tiles: [], location_hashes: [] }))).toEqual(refused);
      expect(await code(await inventory({ tiles: {} }))).toEqual(refused);
      for (const name of ['tiles', 'location_hashes']) {
        const response = await inventory({ [name]: [] });
        expect([response.status, await response.json()]).toEqual([200, { tiles: [] }]);
      }
    });

    test('5.10 5,000 entries are accepted, 5,001 are not', async () => {
      const tiles = Array.from({ length: 5001 }, (_, index) => ({ z: 20, x: index, y: x }));
      expect(await code(await inventory({ tiles }))).toEqual(refused);
      const response = await inventory({ tiles: tiles.slice(1) });
      expect(response.status).toBe(200);
      expect(((await response.json()) as { tiles: unknown[] }).tiles).toHaveLength(5000);
    });

    test('5.11 a bad entry is named by its index', async () => {
      const good = { z: 1, x: 0, y: 0 };
      for (const bad of [{ z: 1, x: 2, y: 0 }, null, 'a', { z: 1, x: 0 }, { z: '1', x: 0, y: 0 }]) {
        const response = await inventory({ tiles: [good, bad] });
        expect(response.status).toBe(400);
        expect(((await response.json()) as { message: string }).message).toContain('tiles[1]');
      }
      const response = await inventory({ location_hashes: [locationHash(good), 'no-uuid'] });
      expect(((await response.json()) as { message: string }).message).toContain('location_hashes[1]');
    });

    test('5.12 5.13 5.15 present and absent, in order, duplicates included', async () => {
      const bytes = await picture('red');
      await upload([uav(x, flightB, '2024-03-01T00:00:00.123456Z')], [bytes]);
      const cell = { z: 10, x, y: 5 };
      const empty = { z: 11, x, y: 5 };
      const known = {
        id: tileId(cell, 'uav', flightB),
        location_hash: locationHash(cell),
        captured_at: '2024-03-01T00:00:00.123456Z',
        source: 'uav',
        resolution_m_per_px: tileSizeMeters(cell) / 16,
        estimated_bytes: bytes.length,
      };
      const present = { location_hash: locationHash(cell), present: true, tile: known };
      const absent = { location_hash: locationHash(empty), present: false, tile: null };
      const byCell = await inventory({ tiles: [empty, cell, cell] });
      expect(await byCell.json()).toEqual({
        tiles: [
          { ...empty, ...absent },
          { ...cell, ...present },
          { ...cell, ...present },
        ],
      });
      const hashes = [locationHash(cell).toUpperCase(), locationHash(empty), locationHash(cell)];
      const byHash = await inventory({ location_hashes: hashes });
      expect(await byHash.json()).toEqual({ tiles: [present, absent, present] });
    });

    test('5.15 GET answers 405', async () => {
      const response = await fetch(`${server.url}/api/satellite/tiles/inventory`);
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST');
    });
  });

  test('4.3 GET /api/satellite/tiles/region: one tile per cell', async () => {
    await upload([google(x, { z: 3, x: 4, y: 3 })], [await picture('red')]);
    const get = (query: string) =>
      server.call('GET', `${server.url}/api/satellite/tiles/region?${query}`, undefined, reader);
    const response = await get('lat=1&lon=1&size=10&zoom=3');
    expect(((await response.json()) as { tiles: unknown[] }).tiles).toMatchObject([
      { z: 3, x: 4, y: 3, source: 'google_maps', location_hash: locationHash({ z: 3, x: 4, y: 3 }) },
    ]);
    expect(await (await get('lat=1&lon=-170&size=10&zoom=3')).json()).toEqual({ tiles: [] });
    expect(await code(await get('lat=1&lon=1&size=10'))).toEqual([400, 'TileInvalid']);
    expect(await code(await get('lat=1&lon=1&size=1000000&zoom=20'))).toEqual([400, 'TileInvalid']);
  });

  test('6.7 6.3 flight-delete: a flight in pages, and its removal, which may be repeated', async () => {
    const flight = '00000000-0000-4000-8000-0000000000cc';
    const bytes = await picture('red');
    const below = await picture('blue');
    await upload([google(x)], [below]);
    for (const second of [2, 0, 1])
      await upload([{ ...uav(x, flight, `2024-05-01T00:00:0${second}Z`), y: 5 + second }], [bytes]);
    const list = `${server.url}/api/satellite/flights/${flight}`;
    const pages: unknown[][] = [];
    for (let after = ''; ; ) {
      const page = (await (
        await server.call('GET', `${list}/tiles?limit=2${after}`, undefined, reader)
      ).json()) as { tiles: { y: number }[]; next: string | null };
      pages.push(page.tiles.map(({ y }) => y));
      if (page.next === null) break;
      after = `&after=${page.next}`;
    }
    expect(pages).toEqual([[5, 6], [7]]);
    expect(Buffer.from(await (await tile(`10/${x}/5`)).arrayBuffer())).toEqual(bytes);
    expect(await code(await server.call('DELETE', list, undefined, reader))).toEqual([
      403,
      'PermissionsInsufficient',
    ]);
    const removed = await server.call('DELETE', list, undefined, uploader);
    expect(await removed.json()).toEqual({ removed_tiles: 3, removed_files: 3 });
    const again = await server.call('DELETE', list, undefined, uploader);
    expect(await again.json()).toEqual({ removed_tiles: 0, removed_files: 0 });
    expect(readdirSync(join(objectsFolder(), 'tiles/uav'))).not.toContain(flight);
    expect(Buffer.from(await (await tile(`10/${x}/5`)).arrayBuffer())).toEqual(below);
    expect(await code(await server.call('GET', `${list}/tiles`, undefined, reader))).toEqual([
      404,
      'TileNotFound',
    ]);
    const wrong = `${server.url}/api/satellite/flights/..%2f/tiles`;
    expect((await server.call('GET', wrong, undefined, reader)).status).toBe(400);
  });
});

test('5.3 where the catalogue is public, nobody needs a login to read', async () => {
  const server = await startServer({ tilesPublic: true });
  try {
    const form = new FormData();
    form.set('metadata', JSON.stringify([google(1)]));
    form.append('files', new Blob([new Uint8Array(await picture('red'))]), 'a');
    const token = await server.user('uploader', ['uploader']);
    const authorization = `Bearer ${token}`;
    await fetch(`${server.url}/api/satellite/upload`, {
      method: 'POST',
      headers: { authorization },
      body: form,
    });
    const response = await fetch(`${server.url}/tiles/10/1/5`);
    expect(response.headers.get('cache-control')).toBe('public, max-age=60, stale-while-revalidate=86400');
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  } finally {
    await server.stop();
  }
});
