import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../../src/base/logger';
import { createHttpClient } from '../../../src/base/net';
import { openCatalog, openStacUrl } from '../../../src/store/catalog/open';
import { sharedFolder } from '../../support/tools';
import {
  type DocumentServer,
  plainHttp,
  recordingLogger,
  serveDocuments,
  stacCollection,
  stacItem,
} from './support';

const http = plainHttp();
const always = { localMs: 0, remoteMs: 0 };
const { signal } = new AbortController();
const shared = sharedFolder ?? 'shared';
const bolzano = join(shared, 'data/s2-bolzano/collection.json');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catalog-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(path: string, document: unknown): Promise<string> {
  const file = join(folder, path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, typeof document === 'string' ? document : JSON.stringify(document));
  return file;
}

const open = (...collections: string[]) =>
  openCatalog({ collections, http, logger: silentLogger, freshness: always });

describe('local collections', () => {
  test('are completed to what the standard asks for', async () => {
    const projected = (shape: [number, number], x: number) => ({
      href: './a b.tif',
      type: 'image/tiff',
      'proj:code': 'EPSG:32632',
      'proj:shape': shape,
      'proj:transform': [10, 0, x, 0, -10, 5_100_000],
      bands: [
        {
          name: 'red',
          'eo:common_name': 'red',
          nodata: 0,
          'raster:scale': 0.0001,
          statistics: { minimum: 0, maximum: 0.4 },
        },
        { name: 'nir', 'eo:common_name': 'nir' },
      ],
    });
    await write('one.json', stacItem('one', { assets: { data: projected([100, 200], 600_000) } }));
    await write(
      'two.json',
      stacItem('two', {
        bbox: [11, 44, 0, 12, 47, 100],
        properties: { datetime: null, start_datetime: '2024-07-01T12:00:00+02:00', 'eo:cloud_cover': 80 },
        assets: {
          data: projected([100, 200], 601_000),
          thumbnail: { href: 't.tif', type: 'image/tiff', roles: ['thumbnail'] },
        },
      }),
    );
    const file = await write('collection.json', {
      type: 'Collection',
      id: 'minimal',
      links: [
        { rel: 'item', href: './one.json' },
        { rel: 'item', href: 'two.json' },
        { rel: 'license', href: 'https://example.org/license' },
        { rel: 'about', href: './readme.html' },
      ],
    });
    const catalog = await open(file);
    const document = await catalog.get('minimal');
    expect(document).toMatchObject({
      type: 'Collection',
      stac_version: '1.0.0',
      id: 'minimal',
      description: 'minimal',
      license: 'proprietary',
      extent: {
        spatial: { bbox: [[10, 44, 12, 47]] },
        temporal: { interval: [['2024-06-01T10:00:00Z', '2024-07-01T10:00:00Z']] },
      },
      'cube:dimensions': {
        x: { type: 'spatial', axis: 'x', extent: [600_000, 603_000], step: 10, reference_system: 32632 },
        y: { type: 'spatial', axis: 'y', extent: [5_099_000, 5_100_000], step: 10, reference_system: 32632 },
        t: {
          type: 'temporal',
          extent: ['2024-06-01T10:00:00Z', '2024-07-01T10:00:00Z'],
          values: ['2024-06-01T10:00:00Z', '2024-07-01T10:00:00Z'],
        },
        bands: { type: 'bands', values: ['red', 'nir'] },
      },
      summaries: {
        'eo:bands': [
          { name: 'red', common_name: 'red' },
          { name: 'nir', common_name: 'nir' },
        ],
      },
    });
    expect(document?.['links']).toEqual([{ rel: 'license', href: 'https://example.org/license' }]);
    expect(JSON.stringify(document)).not.toContain(folder);
    const [item] = await catalog.items('minimal', {}, signal);
    expect(item.assets).toEqual([
      {
        key: 'data',
        href: join(folder, 'a b.tif'),
        bands: [
          expect.objectContaining({
            name: 'red',
            commonName: 'red',
            sample: 0,
            nodata: 0,
            scale: 0.0001,
            statistics: { minimum: 0, maximum: 0.4 },
          }),
          expect.objectContaining({ name: 'nir', commonName: 'nir', sample: 1, nodata: undefined }),
        ],
        projection: { epsg: 32632, shape: [100, 200], transform: [10, 0, 600_000, 0, -10, 5_100_000] },
      },
    ]);
  });

  test('what a collection states stays as it is', async () => {
    const own = {
      lon: { type: 'spatial', axis: 'x', extent: [1, 2], reference_system: 4326 },
      lat: { type: 'spatial', axis: 'y', extent: [3, 4], reference_system: 4326 },
      time: { type: 'temporal', extent: ['2020-01-01T00:00:00Z', null] },
      spectral: { type: 'bands', values: ['B04'] },
      height: { type: 'spatial', axis: 'z', values: [2, 10] },
    };
    const stated = stacCollection('c', [{ rel: 'item', href: 'i.json' }], {
      title: 'C',
      'cube:dimensions': own,
      summaries: { 'eo:bands': [{ name: 'B04', gsd: 10 }], gsd: [10], broken: 5 },
    });
    const document = await (await open(await write('c.json', stated))).get('c');
    expect(document?.['cube:dimensions']).toMatchObject(own);
    expect(Object.keys(document?.['cube:dimensions'] ?? {})).toHaveLength(5);
    expect(document).toMatchObject({ title: 'C', license: 'CC-BY-4.0', extent: stated['extent'] });
    expect(document?.['summaries']).toEqual({ 'eo:bands': [{ name: 'B04', gsd: 10 }], gsd: [10] });
  });

  test('STAC 1.0 bands, per band and several in one file', async () => {
    await write(
      'i.json',
      stacItem('i', {
        assets: {
          B02: { href: 'b2.tif', 'raster:bands': [{ nodata: 'nan', scale: 2, offset: -1 }] },
          rest: {
            href: 'https://example.org/rest.tif?token=1#x',
            roles: ['data'],
            type: 'image/tiff; application=geotiff; profile=cloud-optimized',
            'eo:bands': [{ name: 'B03', common_name: 'green' }, { name: 'B04' }],
            'raster:bands': [{ nodata: 0 }, { nodata: 7 }, { nodata: 8 }],
          },
          meta: { href: 'm.xml', roles: ['metadata'] },
        },
      }),
    );
    const catalog = await open(await write('c.json', stacCollection('c', [{ rel: 'item', href: 'i.json' }])));
    const [{ assets }] = await catalog.items('c', {}, signal);
    expect(assets.map(({ key, href }) => [key, href])).toEqual([
      ['rest', 'https://example.org/rest.tif?token=1#x'],
      ['B02', join(folder, 'b2.tif')],
    ]);
    expect(assets[1].bands).toMatchObject([{ name: 'B02', nodata: Number.NaN, scale: 2, offset: -1 }]);
    expect(assets[0].bands).toMatchObject([
      { name: 'B03', sample: 0, nodata: 0, commonName: 'green' },
      { name: 'B04', sample: 1, nodata: 7 },
      { name: 'rest_3', sample: 2, nodata: 8 },
    ]);
  });

  test('broken ones are reported by file and field, and the others work', async () => {
    const logger = recordingLogger();
    await write('good.json', stacItem('good'));
    await write('no-time.json', stacItem('no-time', { properties: {} }));
    await write('bad-box.json', stacItem('bad-box', { bbox: [1, 2, 3] }));
    await write('no-data.json', stacItem('no-data', { assets: { x: { href: 's.jp2' } } }));
    await write('elsewhere.json', stacItem('elsewhere', { assets: { x: { href: 's3://bucket/a.tif' } } }));
    await write('broken.json', '{ "type": ');
    const links = ['good', 'no-time', 'bad-box', 'no-data', 'elsewhere', 'broken', 'missing'].map((name) => ({
      rel: 'item',
      href: `${name}.json`,
    }));
    const file = await write('c.json', stacCollection('c', [...links, { rel: 'item' }, 'nonsense', null]));
    const list = await write('list.json', '[]');
    const kind = await write('kind.json', { type: 'Map' });
    const collections = [join(folder, 'nowhere.json'), list, kind, file, file];
    const catalog = await openCatalog({ collections, http, logger, freshness: always });
    expect((await catalog.list()).map(({ id }) => id)).toEqual(['c']);
    expect((await catalog.items('c', {}, signal)).map(({ id }) => id)).toEqual(['good']);
    const report = (part: string) =>
      logger.events.find(({ fields }) => String(fields['source']).endsWith(part))?.fields['reason'];
    expect(report('no-time.json')).toMatch(/properties\.datetime is missing/);
    expect(report('bad-box.json')).toMatch(/bbox has 3 numbers/);
    expect(report('no-data.json')).toMatch(/assets has no TIFF/);
    expect(report('elsewhere.json')).toMatch(/s3 addresses cannot be read/);
    expect(report('broken.json')).toMatch(/not valid JSON/);
    expect(report('missing.json')).toMatch(/no such file/);
    expect(report('nowhere.json')).toMatch(/nowhere\.json cannot be read: there is no such file/);
    expect(report('list.json')).toMatch(/no JSON object/);
    expect(report('kind.json')).toMatch(/its type is "Map"/);
    expect(logger.events.some(({ message }) => message.includes('another one has its id'))).toBe(true);
    // Reported once, although looked at again by each of the calls above.
    expect(logger.events.filter(({ fields }) => fields['source'] === kind)).toHaveLength(1);
    await expect(catalog.items('nope', {}, signal)).rejects.toMatchObject({ code: 'CollectionNotFound' });
    expect(await catalog.get('__proto__')).toBeUndefined();
  });

  test('changes are seen, and change the version', async () => {
    await write('one.json', stacItem('one'));
    const file = await write('c.json', stacCollection('c', [{ rel: 'item', href: 'one.json' }]));
    const catalog = await open(file);
    const before = await catalog.version('c');
    const [item] = await catalog.items('c', {}, signal);
    expect(await catalog.version('c')).toBe(before);
    expect((await catalog.items('c', {}, signal))[0]).toBe(item);
    await write('two.json', stacItem('two', { properties: { datetime: '2024-08-01T00:00:00Z' } }));
    await write(
      'c.json',
      stacCollection(
        'c',
        ['one', 'two'].map((name) => ({ rel: 'item', href: `${name}.json` })),
      ),
    );
    expect((await catalog.items('c', {}, signal)).map(({ id }) => id)).toEqual(['one', 'two']);
    const after = await catalog.version('c');
    expect(after).not.toBe(before);
    await write('one.json', stacItem('one', { properties: { datetime: '2025-01-01T00:00:00Z' } }));
    expect((await catalog.items('c', {}, signal)).map(({ id }) => id)).toEqual(['two', 'one']);
    expect(await catalog.version('c')).not.toBe(after);
  });

  test('a catalog is walked through its children, in circles and below collections', async () => {
    await write('catalog.json', {
      type: 'Catalog',
      id: 'root',
      links: [
        { rel: 'child', href: 'a/collection.json' },
        { rel: 'child', href: 'sub/catalog.json' },
        { rel: 'root', href: 'catalog.json' },
      ],
    });
    await write('a/collection.json', stacCollection('a', [{ rel: 'child', href: '2024/catalog.json' }]));
    await write('a/2024/catalog.json', {
      type: 'Catalog',
      id: '2024',
      links: [
        { rel: 'item', href: 'i.json' },
        { rel: 'child', href: '../../catalog.json' },
      ],
    });
    await write('a/2024/i.json', stacItem('i'));
    await write('sub/catalog.json', {
      type: 'Catalog',
      id: 'sub',
      links: [
        { rel: 'child', href: '../b.json' },
        { rel: 'child', href: 'catalog.json' },
      ],
    });
    await write('b.json', stacCollection('__proto__', []));
    const catalog = await open(join(folder, 'catalog.json'));
    expect((await catalog.list()).map(({ id }) => id).sort()).toEqual(['__proto__', 'a']);
    expect((await catalog.items('a', {}, signal))[0].assets[0].href).toBe(join(folder, 'a/2024/i/B04.tif'));
    expect(await catalog.items('__proto__', {}, signal)).toEqual([]);
  });

  test('queryables tell types, values and ranges', async () => {
    const features = [
      stacItem('a'),
      stacItem('b', {
        properties: {
          datetime: '2024-06-02T10:00:00Z',
          'eo:cloud_cover': 99,
          platform: 'sentinel-2b',
          ok: true,
          mixed: 1,
          orbit: 22,
        },
      }),
      stacItem('c', { properties: { datetime: '2024-06-03T10:00:00Z', mixed: 'x', orbit: 65, ok: null } }),
    ].map((item) => ({ ...item, collection: 's2' }));
    const catalog = await open(await write('items.json', { type: 'FeatureCollection', features }));
    expect(await catalog.queryables('s2')).toEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      title: 's2',
      additionalProperties: true,
      properties: {
        datetime: { title: 'datetime', type: 'string', format: 'date-time' },
        'eo:cloud_cover': { title: 'eo:cloud_cover', type: 'number', minimum: 12.5, maximum: 99 },
        platform: { title: 'platform', type: 'string', enum: ['sentinel-2a', 'sentinel-2b'] },
        ok: { title: 'ok', type: 'boolean' },
        orbit: { title: 'orbit', type: 'integer', minimum: 22, maximum: 65 },
      },
    });
    expect(await catalog.queryables('nope')).toBeUndefined();
  });
});

describe('collections over HTTP', () => {
  let server: DocumentServer;
  beforeEach(async () => {
    server = await serveDocuments();
  });
  afterEach(() => server.close());

  const page = (ids: string[], links: unknown[] = []) => ({
    type: 'FeatureCollection',
    features: ids.map((id) => stacItem(id)),
    links,
  });

  test('a document that breaks off is skipped like others, and signatures of addresses are not told', async () => {
    const broken = createServer((_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{');
      setTimeout(() => response.socket?.destroy(), 50);
    });
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(broken.address() as AddressInfo).port}/item?signature=secret`;
    const logger = recordingLogger();
    const links = [{ rel: 'item', href: address }];
    await write('c.json', stacCollection('c', links));
    const real = createHttpClient({ allowedHosts: ['127.0.0.1'], logger });
    const collections = [join(folder, 'c.json')];
    const catalog = await openCatalog({ collections, http: real, logger, freshness: always });
    expect((await catalog.list()).map(({ id }) => id)).toEqual(['c']);
    await expect(openStacUrl(address, { http: real, logger, freshness: always }, signal)).rejects.toThrow(
      /127\.0\.0\.1:\d+\/item cannot be read: the connection broke/,
    );
    expect(logger.events.length).toBeGreaterThan(0);
    expect(JSON.stringify(logger.events)).not.toContain('secret');
    await real.close();
    broken.closeAllConnections();
    broken.close();
  });

  test('pages of items are followed', async () => {
    server.documents.set('/c', stacCollection('c', [{ rel: 'items', href: '/c/items' }]));
    server.documents.set('/c/items', page(['a', 'b'], [{ rel: 'next', href: '?page=2' }]));
    server.documents.set('/c/items?page=2', page(['d'], [{ rel: 'next', href: '/c/items' }]));
    const catalog = await open(`${server.url}/c`);
    const items = await catalog.items('c', {}, signal);
    expect(items.map(({ id }) => id)).toEqual(['a', 'b', 'd']);
    expect(items[0].assets[0].href).toBe(`${server.url}/c/a/B04.tif`);
  });

  test('documents are asked for again by ETag, and the last good ones serve while the source is away', async () => {
    server.documents.set('/c.json', stacCollection('c', [{ rel: 'item', href: 'i.json' }]));
    server.documents.set('/i.json', stacItem('i'));
    const logger = recordingLogger();
    const collections = [`${server.url}/c.json`];
    const catalog = await openCatalog({ collections, http, logger, freshness: always });
    const version = await catalog.version('c');
    server.requests.length = 0;
    expect(await catalog.version('c')).toBe(version);
    expect(server.requests).toEqual(['304 /c.json', '304 /i.json']);
    server.documents.set('/i.json', stacItem('i', { properties: { datetime: '2020-01-01T00:00:00Z' } }));
    expect((await catalog.items('c', {}, signal))[0].datetime).toBe('2020-01-01T00:00:00Z');
    server.documents.delete('/c.json');
    expect(await catalog.items('c', {}, signal)).toHaveLength(1);
    expect(logger.events.filter(({ level }) => level === 'error')).toHaveLength(1);
    server.documents.set('/c.json', stacCollection('c', []));
    expect(await catalog.items('c', {}, signal)).toHaveLength(0);
  });

  test('a document from the network cannot name local files', async () => {
    const secret = await write('secret.json', stacItem('secret'));
    for (const href of [`file://${secret}`, 'ftp://example.org/x.tif', 'C:\\x.tif'])
      server.documents.set(
        `/${encodeURIComponent(href)}`,
        stacItem('x', { assets: { x: { href, type: 'image/tiff' } } }),
      );
    server.documents.set('/link', stacCollection('c', [{ rel: 'item', href: `file://${secret}` }]));
    for (const path of [...server.documents.keys()])
      await expect(
        openStacUrl(`${server.url}${path}`, { http, logger: silentLogger }, signal),
      ).rejects.toMatchObject({
        code: 'SourceUnreadable',
      });
    server.documents.set('/path', stacItem('x', { assets: { x: { href: secret, type: 'image/tiff' } } }));
    const catalog = await openStacUrl(`${server.url}/path`, { http, logger: silentLogger }, signal);
    expect((await catalog.items('x', {}, signal))[0].assets[0].href).toBe(`${server.url}${secret}`);
  });

  test('openStacUrl takes items, lists and catalogs, and tells what it cannot take', async () => {
    const options = { http, logger: silentLogger };
    server.documents.set('/item', stacItem('i', { collection: 'c' }));
    server.documents.set('/list', page(['a', 'b']));
    server.documents.set('/api', {
      type: 'Catalog',
      id: 'api',
      links: [{ rel: 'data', href: '/collections' }],
    });
    server.documents.set('/collections', {
      collections: [stacCollection('c', [{ rel: 'item', href: '/item' }])],
      links: [],
    });
    const ids = async (path: string) =>
      (await (await openStacUrl(`${server.url}${path}`, options, signal)).list()).map(({ id }) => id);
    expect(await ids('/item')).toEqual(['c']);
    expect(await ids('/list')).toEqual(['a', 'b']);
    expect(await ids('/api')).toEqual(['c']);
    server.documents.set('/timeless', stacItem('i', { properties: {} }));
    server.documents.set('/empty', stacCollection('c', []));
    const reason = (url: string) => openStacUrl(url, options, signal).catch((error: Error) => error.message);
    expect(await reason(`${server.url}/timeless`)).toMatch(/properties\.datetime is missing/);
    expect(await reason(`${server.url}/empty`)).toMatch(/no items with GeoTIFF/);
    expect(await reason(`${server.url}/nothing`)).toMatch(/answers 404/);
    expect(await reason('/etc/passwd')).toMatch(/no http or https address/);
    expect(await reason('file:///etc/passwd')).toMatch(/no http or https address/);
    const gone = AbortSignal.abort(new Error('left'));
    await expect(openStacUrl(`${server.url}/item`, options, gone)).rejects.toThrow('left');
  });
});

const onBolzano = existsSync(bolzano) ? test : test.skip;
if (!existsSync(bolzano))
  process.stderr.write(`The real collection is not checked: there is no ${bolzano}.\n`);

onBolzano('a real collection: Sentinel-2 near Bolzano', async () => {
  const catalog = await open(bolzano);
  const [document] = await catalog.list();
  expect(document.id).toBe('SENTINEL2_L2A_BOLZANO');
  expect(document['cube:dimensions']).toMatchObject({
    x: { extent: [674990, 684340], reference_system: 32632 },
    bands: { values: ['B02', 'B03', 'B04', 'B08', 'SCL'] },
  });
  const [item] = await catalog.items(document.id, { bbox: [11.3, 46.5, 11.31, 46.51] }, signal);
  expect(item.datetime).toBe('2022-06-12T10:10:00Z');
  expect(item.assets).toHaveLength(5);
  expect(item.assets[3]).toMatchObject({
    bands: [{ name: 'B08', commonName: 'nir', sample: 0, nodata: 0, scale: 0.0001, offset: 0 }],
    projection: { epsg: 32632, shape: [705, 935] },
  });
  expect(item.assets.every((asset) => existsSync(asset.href))).toBe(true);
  expect(await catalog.items(document.id, { bbox: [12, 46, 13, 47] }, signal)).toEqual([]);
  expect(await catalog.items(document.id, { interval: [null, '2022-06-12T10:10:00Z'] }, signal)).toEqual([]);
  expect(await catalog.items(document.id, { interval: ['2022-06-12T10:10:00Z', null] }, signal)).toHaveLength(
    1,
  );
});
