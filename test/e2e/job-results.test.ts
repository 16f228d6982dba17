import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { packagePath } from '../../src/base/paths';
import { JobsApi } from '../http/routes/jobs/jobs-api';
import { describeWith, pythonWith } from '../support/tools';

jest.setTimeout(180_000);

const python = pythonWith('pystac', 'jsonschema', 'rasterio', 'xarray', 'netCDF4', 'requests');

interface Opened {
  readonly mean?: number;
}
interface Asset {
  readonly code: string | null;
  readonly shape: readonly number[];
  readonly transform: readonly number[];
  readonly opened: Opened;
}
interface Item {
  readonly id: string;
  readonly bbox: readonly number[] | null;
  readonly assets: Readonly<Record<string, Asset>>;
}
/** What job-results.py prints. */
interface Understood {
  readonly collection: { readonly extent: object; readonly assets: Readonly<Record<string, Asset>> };
  readonly items: readonly Item[];
  readonly whole: object;
}

const load = (temporal_extent: readonly string[]) => ({
  process_id: 'load_collection',
  arguments: {
    ...{ id: 'TILEGRAPH_SAMPLE', bands: ['B04', 'B08'], temporal_extent },
    spatial_extent: { west: 11.34, south: 47.74, east: 11.344, north: 47.7427 },
  },
});
const save = (from_node: string, format: string) => ({
  process_id: 'save_result',
  arguments: { data: { from_node }, format },
});

/** A day as GeoTIFF, several days as netCDF, and a value without a place. */
const graph = {
  day: load(['2024-06-22', '2024-06-23']),
  season: load(['2024-06-01', '2024-09-01']),
  picture: save('day', 'GTiff'),
  series: save('season', 'netCDF'),
  answer: { process_id: 'constant', arguments: { x: 42 }, result: true },
};

describeWith(
  python,
  'Python with pystac, jsonschema, rasterio and xarray',
  'STAC of results, read by pystac',
  () => {
    let api: JobsApi;
    let id: string;
    let understood: Understood;
    beforeAll(async () => {
      api = await JobsApi.open();
      id = await api.run(graph, { title: 'Ünï' });
      const { links } = (await api.json('GET', `/jobs/${id}/results`)) as never as {
        links: { rel: string; href: string }[];
      };
      const { href } = links.find(({ rel }) => rel === 'canonical')!;
      const script = packagePath('test', 'e2e', 'support', 'job-results.py');
      const { stdout } = await promisify(execFile)(python!, [script, href]);
      understood = JSON.parse(stdout);
    });
    afterAll(() => api?.server.stop());

    const bands = ['B04', 'B08'].map((name) => ({ name, data_type: 'float32', nodata: 'nan' }));
    const described = {
      ...{ roles: ['data'], checksum: expect.stringMatching(/^1220[\da-f]{64}$/), bands },
      ...{ code: 'EPSG:32632', shape: [31, 30], transform: [10, 0, 675420, 0, -10, 5290360] },
    };

    test('the Collection has the extent of all and every asset', () => {
      const { collection, whole, items } = understood;
      const bbox = items[0].bbox;
      expect(collection).toMatchObject({
        ...{ id, title: 'Ünï' },
        extent: {
          spatial: { bbox: [bbox] },
          temporal: { interval: [['2024-06-22T10:10:31Z', '2024-08-06T10:10:31Z']] },
        },
      });
      expect(collection.assets).toMatchObject({ 'picture.tif': described, 'series.nc': described });
      expect(Object.keys(collection.assets)).toEqual(['picture.tif', 'series.nc', 'answer.json']);
      expect(whole).toEqual({ bbox, assets: Object.keys(collection.assets) });
    });

    test('each Item has its own place, time and asset', () => {
      const { items, collection } = understood;
      const place = [11.34, 47.74, 11.344, 47.743].map((value) => expect.closeTo(value, 3));
      expect(items).toMatchObject([
        { id: 'picture.tif', bbox: place, datetime: '2024-06-22T10:10:31+00:00', interval: [null, null] },
        {
          ...{ id: 'series.nc', bbox: place, datetime: null },
          interval: ['2024-06-22T10:10:31.000Z', '2024-08-06T10:10:31.000Z'],
        },
        { id: 'answer.json', bbox: null, datetime: expect.any(String), interval: [null, null] },
      ]);
      for (const { id: name, assets } of items) expect(assets).toEqual({ [name]: collection.assets[name] });
    });

    test('rasterio and xarray read the signed addresses, and find what the assets say', () => {
      const {
        'picture.tif': picture,
        'series.nc': series,
        'answer.json': answer,
      } = understood.collection.assets;
      const { shape, transform, opened } = picture;
      expect(opened).toMatchObject({ shape, transform, crs: 32632, bands: ['B04', 'B08'] });
      expect(series.opened).toMatchObject({ bands: ['B04', 'B08'] });
      for (const { mean } of [opened, series.opened]) expect(mean).toBeCloseTo(0.195, 2);
      expect(answer.opened).toEqual({ value: 42 });
    });
  },
);
