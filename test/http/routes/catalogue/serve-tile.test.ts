import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import type { ClientHttp2Session } from 'node:http2';
import { join } from 'node:path';
import { errorOf } from '../../../support/api';
import { connectH2 } from '../../../support/h2';
import { startServer } from '../../../support/server';
import { describeCatalogue, google, noise, picture } from './support';

describeCatalogue((world) => {
  const { inventory, objectsFolder, stored, tile, upload } = world;
  let x = 0;

  beforeEach(() => {
    x++;
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
      expect(await errorOf(await tile(path))).toEqual([400, 'TileInvalid']);
    });

    test('5.4 404 without a row; 500 for a row without a file, which is counted', async () => {
      expect(await errorOf(await tile(`10/${x}/5`))).toEqual([404, 'TileNotFound']);
      await upload([google(x)], [await picture('red')]);
      rmSync(join(objectsFolder(), `tiles/google_maps/10/${x}/5.jpg`));
      expect(await errorOf(await tile(`10/${x}/5`))).toEqual([500, 'TileRowInvalid']);
      const metrics = await (await fetch(`${world.server.url}/metrics`)).text();
      expect(metrics).toMatch(/^tilegraph_tiles_without_file_total [1-9]/m);
    });

    test('6.2 the row says where the file is, wherever that may be', async () => {
      const bytes = await picture('red', 'webp');
      const { imagery, tileStore, objects } = world.server.application;
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
      const { catalogue } = world.server.application.tileStore!;
      await catalogue.write({
        ...{ tile: { z: 10, x, y: 5 }, source: 'google_maps', capturedAt: 0, imageType: 'jpeg' },
        ...{ filePath: '../../tilegraph.db', sizePixels: 256, contentSha256: '0'.repeat(64), byteCount: 1 },
      });
      expect(await errorOf(await tile(`10/${x}/5`))).toEqual([500, 'TileRowInvalid']);
    });

    test('5.3 reading needs a login here', async () => {
      expect(await errorOf(await tile(`10/${x}/5`, {}, null))).toEqual([401, 'AuthenticationRequired']);
      expect(await errorOf(await inventory({ tiles: [] }, null))).toEqual([401, 'AuthenticationRequired']);
    });

    test('5.6 5.7 http2-multiplexing: 20 concurrent GETs on one h2c connection interleave', async () => {
      const pictures: Buffer[] = [];
      for (let index = 0; index < 20; index++) {
        pictures.push(await noise(index + 1, 200));
        expect((await upload([google(index, { z: 12, y: x })], [pictures[index]])).ok).toBe(true);
      }
      const session = await connectH2(world.server.url);
      // The second time they are in memory.
      for (const _ of ['from the disk', 'from memory']) await interleave(session, pictures);
      session.close();
    });

    async function interleave(session: ClientHttp2Session, pictures: readonly Buffer[]): Promise<void> {
      const streams = pictures.map((_, index) =>
        session.request({ ':path': `/tiles/12/${index}/${x}`, authorization: `Bearer ${world.reader}` }),
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
