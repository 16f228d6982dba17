import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { locationHash, tileId } from '../../../../src/tiles/identity';
import { errorOf } from '../../../support/api';
import { connectH2 } from '../../../support/h2';
import { describeCatalogue, flightA, google, headers, type Metadata, noise, picture, uav } from './support';

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

interface Answer {
  readonly index: number;
  readonly status: number;
  readonly id: string;
  readonly location_hash: string;
  readonly error?: { readonly code: string };
}

describeCatalogue((world) => {
  const { send, stored, temporary, tile, upload } = world;
  let x = 0;

  beforeEach(() => {
    x++;
  });

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
      const stored_ = await world.server.application.tileStore?.catalogue.atCell({ z: 10, x, y: 5 });
      expect(stored_).toMatchObject({ contentSha256: sha256, byteCount: bytes.length, sizePixels: 16 });
      const wrong = await upload([google(x, { sha256: '0'.repeat(64) })], [bytes]);
      expect(await errorOf(wrong)).toEqual([400, 'TileInvalid']);
    });

    describe('refuses, and leaves no row and no file', () => {
      let before: string[];
      beforeEach(() => {
        before = stored();
      });
      afterEach(async () => {
        expect(stored()).toEqual(before);
        expect(
          await world.server.application.tileStore?.catalogue.atCell({ z: 10, x, y: 5 }),
        ).toBeUndefined();
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
        expect(await errorOf(await upload([google(x, changes)], [await picture('red')]))).toEqual([
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
        expect(await errorOf(await upload([google(x)], [await bytes()]))).toEqual([status, name]);
      });

      test('who may not write: nobody, and a user without the role', async () => {
        const bytes = await picture('red');
        expect(await errorOf(await upload([google(x)], [bytes], null))).toEqual([
          401,
          'AuthenticationRequired',
        ]);
        expect(await errorOf(await upload([google(x)], [bytes], world.reader))).toEqual([
          403,
          'PermissionsInsufficient',
        ]);
      });

      test('forms that do not fit together', async () => {
        const bytes = await picture('red');
        expect(await errorOf(await upload([google(x)], []))).toEqual([400, 'TileInvalid']);
        expect(await errorOf(await upload([google(x)], [bytes, bytes]))).toEqual([400, 'TileInvalid']);
        const twice = new FormData();
        twice.append('metadata', JSON.stringify([google(x)]));
        twice.append('metadata', JSON.stringify([google(x)]));
        twice.append('files', new Blob([new Uint8Array(bytes)]), 'a.jpg');
        expect(await errorOf(await send(twice))).toEqual([400, 'TileInvalid']);
        const broken = new FormData();
        broken.append('metadata', '[');
        broken.append('files', new Blob([new Uint8Array(bytes)]), 'a.jpg');
        expect(await errorOf(await send(broken))).toEqual([400, 'TileInvalid']);
        const other = new FormData();
        other.append('file', new Blob([new Uint8Array(bytes)]), 'a.jpg');
        expect(await errorOf(await send(other))).toEqual([400, 'TileInvalid']);
        expect(
          await errorOf(
            await world.server.call('POST', `${world.server.url}/api/satellite/upload`, {}, world.uploader),
          ),
        ).toEqual([400, 'ContentTypeInvalid']);
      });

      test('a truncated form', async () => {
        const response = await fetch(`${world.server.url}/api/satellite/upload`, {
          method: 'POST',
          headers: { ...headers(world.uploader), 'content-type': 'multipart/form-data; boundary=b' },
          body: '--b\r\ncontent-disposition: form-data; name="files"; filename="a.jpg"\r\n\r\nhalf',
        });
        expect(await errorOf(response)).toEqual([400, 'TileInvalid']);
      });

      test('a client that resets its stream in the middle', async () => {
        const session = await connectH2(world.server.url);
        const stream = session.request({
          ...{
            ':method': 'POST',
            ':path': '/api/satellite/upload',
            authorization: `Bearer ${world.uploader}`,
          },
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
        const socket = connect(Number(new URL(world.server.url).port), '127.0.0.1');
        await once(socket, 'connect');
        socket.write(
          `POST /api/satellite/upload HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${world.uploader}\r\n` +
            'content-type: multipart/form-data; boundary=b\r\ncontent-length: 100000\r\n\r\n' +
            '--b\r\ncontent-disposition: form-data; name="files"; filename="a.jpg"\r\n\r\nhalf',
        );
        while (temporary().length === 0) await delay(5);
        socket.destroy();
        while (temporary().length > 0) await delay(5);
      });
    });
  });
});
