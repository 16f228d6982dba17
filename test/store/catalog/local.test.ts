import { openCatalog } from '../../../src/store/catalog/open';
import {
  always,
  documentFolder,
  open,
  plainHttp,
  recordingLogger,
  stacCollection,
  stacItem,
} from './support';

const { path, write } = documentFolder();
const { signal } = new AbortController();

const http = plainHttp();

describe('local collections', () => {
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
    const collections = [path('nowhere.json'), list, kind, file, file];
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

  test('of very many items the first ones are taken, and the log says so once', async () => {
    const logger = recordingLogger();
    const features = Array.from({ length: 50_100 }, (_, index) => stacItem(`i${index}`, { collection: 'c' }));
    const file = await write('many.json', { type: 'FeatureCollection', features });
    const catalog = await openCatalog({ collections: [file], http, logger, freshness: always });
    expect(await catalog.items('c', {}, signal)).toHaveLength(50_000);
    const rest = logger.events.filter(({ message }) => message === 'skipped the rest of a STAC source');
    // Once for each look.
    expect(rest.length).toBeLessThan(5);
    expect(rest[0].fields).toMatchObject({ reason: 'there are more than 50000 items' });
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
    const catalog = await open(path('catalog.json'));
    expect((await catalog.list()).map(({ id }) => id).sort()).toEqual(['__proto__', 'a']);
    expect((await catalog.items('a', {}, signal))[0].assets[0].href).toBe(path('a/2024/i/B04.tif'));
    expect(await catalog.items('__proto__', {}, signal)).toEqual([]);
  });
});
