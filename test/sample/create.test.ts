import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../src/base/logger';
import { subGrid } from '../../src/geo/grid';
import type { Cube } from '../../src/raster/cube';
import { createRasterReader } from '../../src/raster/reader';
import type { RasterReader, Scene } from '../../src/raster/source';
import { createSample } from '../../src/sample/create';
import { openCatalog } from '../../src/store/catalog/open';
import type { Catalog } from '../../src/store/catalog/types';
import { plainHttp } from '../store/catalog/support';

const logger = silentLogger;
const { signal } = new AbortController();

let folder: string;
let file: string;
let reader: RasterReader;
let catalog: Catalog;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sample-'));
  file = (await createSample(join(folder, 'one'), { logger })).collectionFile;
  reader = createRasterReader({ http: plainHttp(), logger });
  catalog = await openCatalog({ collections: [file], http: plainHttp(), logger });
});
afterAll(async () => {
  await reader.close();
  await rm(folder, { recursive: true });
});

async function digest(root: string): Promise<string> {
  const hash = createHash('sha256');
  const names = (await readdir(root, { recursive: true })).sort();
  for (const name of names) {
    hash.update(name);
    if ((await stat(join(root, name))).isFile()) hash.update(await readFile(join(root, name)));
  }
  return `${names.length} ${hash.digest('hex')}`;
}

/** A cube of some bands of all dates. */
async function load(bands: readonly string[]): Promise<Cube> {
  const items = await catalog.items('TILEGRAPH_SAMPLE', {}, signal);
  const scenes = items.map(
    (item): Scene => ({
      datetime: item.datetime,
      bbox: item.bbox,
      bands: new Map(
        item.assets.flatMap((asset) => asset.bands.map((band) => [band.name, { ...band, href: asset.href }])),
      ),
    }),
  );
  const names = { x: 'x', y: 'y', t: 't', bands: 'bands' };
  return reader.sceneCube(
    { scenes, bands: bands.map((name) => ({ name })), names, dataVersion: '1' },
    signal,
  );
}

test('is the same in every folder, also where several start at once, and made once', async () => {
  const target = join(folder, 'two');
  const made = await Promise.all([createSample(target, { logger }), createSample(target, { logger })]);
  expect(made[0]).toEqual(made[1]);
  expect(made[0].collectionFile).not.toBe(file);
  expect(await digest(target)).toBe(await digest(join(folder, 'one')));
  expect((await readdir(target)).filter((name) => name.startsWith('.'))).toEqual([]);
  const before = (await stat(file)).mtimeMs;
  expect(await createSample(join(folder, 'one'), { logger })).toEqual({ collectionFile: file });
  expect((await stat(file)).mtimeMs).toBe(before);
});

test('is a collection of five dates and six bands that says that it is synthetic', async () => {
  const document = await catalog.get('TILEGRAPH_SAMPLE');
  expect(document?.['description']).toMatch(/synthetic/i);
  expect(document?.['cube:dimensions']).toMatchObject({
    x: { extent: [670000, 680240], step: 10, reference_system: 32632 },
    bands: { values: ['B02', 'B03', 'B04', 'B08', 'B11', 'SCL'] },
  });
  const items = await catalog.items('TILEGRAPH_SAMPLE', {}, signal);
  expect(items).toHaveLength(5);
  for (const { assets, bbox, properties } of items) {
    expect(assets.map(({ key }) => key)).toEqual(['B02', 'B03', 'B04', 'B08', 'B11', 'SCL']);
    expect(bbox[0]).toBeCloseTo(11.26, 1);
    expect(bbox[3]).toBeCloseTo(47.8, 1);
    expect(properties['eo:cloud_cover']).toEqual(expect.any(Number));
    for (const asset of assets) {
      const info = await reader.info(asset.href, signal);
      const [height, width] = asset.projection!.shape;
      expect(info).toMatchObject({
        nodata: 0,
        samples: 1,
        grid: { width, height, originX: 670000, originY: 5296000 },
      });
      expect(info.dataType).toBe(asset.key === 'SCL' ? 'uint8' : 'uint16');
    }
  }
  expect(items.filter(({ properties }) => Number(properties['eo:cloud_cover']) > 3)).toHaveLength(2);
});

test('classes agree with what the bands show', async () => {
  const cube = await load(['B04', 'B08', 'B11', 'SCL']);
  const grid = subGrid(cube.grid!, 0, 0, 1024, 1024);
  const { data } = await cube.read({ grid }, signal);
  const values = data as Float64Array;
  const count = 1024 * 1024;
  const layer = (date: number, band: number) =>
    values.subarray((date * 4 + band) * count, (date * 4 + band + 1) * count);
  /** By class: how many pixels, and the mean of red, of NDVI and of shortwave infrared. */
  const classes = (date: number) => {
    const found = new Map<number, { count: number; red: number; ndvi: number; swir: number }>();
    const [red, nir, swir, scl] = [0, 1, 2, 3].map((band) => layer(date, band));
    for (let pixel = 0; pixel < count; pixel++) {
      if (Number.isNaN(scl[pixel])) continue;
      const entry = found.get(scl[pixel]) ?? { count: 0, red: 0, ndvi: 0, swir: 0 };
      found.set(scl[pixel], entry);
      entry.count++;
      entry.red += red[pixel];
      entry.swir += swir[pixel];
      entry.ndvi += (nir[pixel] - red[pixel]) / (nir[pixel] + red[pixel]);
    }
    return (value: number) => {
      const { count: n, red: r, ndvi, swir: s } = found.get(value) ?? { count: 0, red: 0, ndvi: 0, swir: 0 };
      return { share: n / count, red: r / n, ndvi: ndvi / n, swir: s / n };
    };
  };
  const june = classes(2);
  expect(june(4).share).toBeGreaterThan(0.5);
  expect(june(4).ndvi).toBeGreaterThan(0.6);
  expect(june(6).share).toBeGreaterThan(0.01);
  expect(june(6).ndvi).toBeLessThan(0);
  expect([june(3).share, june(9).share, june(11).share]).toEqual([0, 0, 0]);
  const may = classes(1);
  expect(may(9).share).toBeGreaterThan(0.04);
  expect(may(9).red).toBeGreaterThan(0.5);
  expect(may(3).share).toBeGreaterThan(0.02);
  expect(may(3).red).toBeLessThan(may(5).red / 2);
  const march = classes(0);
  expect(march(11).share).toBeGreaterThan(0.05);
  expect(march(11).red).toBeGreaterThan(0.4);
  expect(march(11).swir).toBeLessThan(0.2);
  expect(march(4).share).toBeLessThan(june(4).share);
  // The swath of the last date ends within the picture, in all bands alike.
  const missing = [0, 1, 3].map((band) =>
    layer(4, band).reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0),
  );
  expect(missing[0] / count).toBeGreaterThan(0.1);
  expect(missing[1]).toBe(missing[0]);
  expect(Math.abs(missing[2] - missing[0])).toBeLessThan(2 * 1024);
  expect(layer(2, 0).includes(Number.NaN)).toBe(false);
});
