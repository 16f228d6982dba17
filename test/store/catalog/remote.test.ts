import { createServer } from 'node:http';
import { silentLogger } from '../../../src/base/logger';
import { createHttpClient } from '../../../src/base/net';
import { openCatalog, openStacUrl } from '../../../src/store/catalog/open';
import { listen } from '../../support/listen';
import {
  always,
  type DocumentServer,
  documentFolder,
  open,
  plainHttp,
  recordingLogger,
  serveDocuments,
  stacCollection,
  stacItem,
} from './support';

const { path, write } = documentFolder();
const { signal } = new AbortController();

const http = plainHttp();

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
    const address = `http://127.0.0.1:${await listen(broken)}/item?signature=secret`;
    const logger = recordingLogger();
    const links = [{ rel: 'item', href: address }];
    await write('c.json', stacCollection('c', links));
    const real = createHttpClient({ allowedHosts: ['127.0.0.1'], logger });
    const collections = [path('c.json')];
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
