import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sharedFolder } from '../../support/tools';
import { documentFolder, open, stacCollection, stacItem } from './support';

const { path, write } = documentFolder();
const { signal } = new AbortController();

const bolzano = join(sharedFolder ?? 'shared', 'data/s2-bolzano/collection.json');

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
    expect(JSON.stringify(document)).not.toContain(path('.'));
    const [item] = await catalog.items('minimal', {}, signal);
    expect(item.assets).toEqual([
      {
        key: 'data',
        href: path('a b.tif'),
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
      ['B02', path('b2.tif')],
    ]);
    expect(assets[1].bands).toMatchObject([{ name: 'B02', nodata: Number.NaN, scale: 2, offset: -1 }]);
    expect(assets[0].bands).toMatchObject([
      { name: 'B03', sample: 0, nodata: 0, commonName: 'green' },
      { name: 'B04', sample: 1, nodata: 7 },
      { name: 'rest_3', sample: 2, nodata: 8 },
    ]);
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
