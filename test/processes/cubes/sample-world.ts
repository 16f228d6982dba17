import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../../src/base/logger';
import { createHttpClient } from '../../../src/base/net';
import { crsFromEpsg, transformBounds, wgs84 } from '../../../src/geo/crs';
import type { Grid } from '../../../src/geo/types';
import type { ProcessContext } from '../../../src/processes/context';
import { gridBounds } from '../../../src/raster/cube';
import { gtiff } from '../../../src/raster/formats/gtiff';
import { memoryCube } from '../../../src/raster/memory-cube';
import { createRasterReader } from '../../../src/raster/reader';
import { openCatalog } from '../../../src/store/catalog/open';
import { signal, x, y } from './kit';

export interface SampleWorld {
  readonly context: Pick<ProcessContext, 'catalog' | 'raster' | 'openStac'>;
  readonly id: string;
  close(): Promise<void>;
}

const utm = crsFromEpsg(32632);

/** An area of 4 km × 4 km in pixels of 10 m or 20 m. */
export function sceneGrid(metres: 10 | 20): Grid {
  const side = 4000 / metres;
  return {
    crs: utm,
    originX: 675_000,
    originY: 5_294_000,
    resX: metres,
    resY: metres,
    width: side,
    height: side,
  };
}

const bands = [
  { name: 'B02', common: 'blue', metres: 10, wavelength: 0.49 },
  { name: 'B04', common: 'red', metres: 10, wavelength: 0.665 },
  { name: 'B08', common: 'nir', metres: 10, wavelength: 0.842 },
  { name: 'SCL', common: undefined, metres: 20, wavelength: undefined },
] as const;

const dates = [
  { day: '2024-05-01', clouds: 5 },
  { day: '2024-05-11', clouds: 40 },
  { day: '2024-05-21', clouds: 0 },
];

/** Hills and fields; 0, which is no-data, in a corner; classes from 1 to 11. */
function valueAt(band: number, date: number, east: number, south: number): number {
  if (east + south < 300) return 0;
  const wave = Math.sin(east / (130 + 30 * band) + date) * Math.cos(south / (90 + 20 * date)) + 1;
  return bands[band].metres === 20 ? 1 + Math.floor(wave * 5) : 200 + Math.round(wave * (900 + 700 * band));
}

async function writeBand(file: string, band: number, date: number): Promise<void> {
  const grid = sceneGrid(bands[band].metres);
  const data = new Uint16Array(grid.width * grid.height);
  for (let i = 0; i < data.length; i++)
    data[i] = valueAt(band, date, (i % grid.width) * grid.resX, Math.floor(i / grid.width) * grid.resY);
  const valid = Uint8Array.from(data, (value) => (value ? 1 : 0));
  const cube = memoryCube({ dimensions: [y, x], grid, data, valid, nodata: 0 });
  const { body } = await gtiff.encode(cube, { options: {}, signal, maxPixels: 1e7 });
  await writeFile(file, body);
}

const spatial = (axis: 'x' | 'y', extent: number[]) => ({
  type: 'spatial',
  axis,
  extent,
  step: 10,
  reference_system: 32632,
});

type Band = (typeof bands)[number];

function eoBand({ name, common, wavelength }: Band) {
  return { name, ...(common && { common_name: common, center_wavelength: wavelength }) };
}

function asset(band: Band, folder: string) {
  const { name, common, metres } = band;
  const grid = sceneGrid(metres);
  return {
    href: `./${folder}/${name}.tif`,
    type: 'image/tiff; application=geotiff; profile=cloud-optimized',
    roles: ['data'],
    'proj:epsg': 32632,
    'proj:shape': [grid.height, grid.width],
    'proj:transform': [grid.resX, 0, grid.originX, 0, -grid.resY, grid.originY],
    'eo:bands': [eoBand(band)],
    'raster:bands': [{ data_type: 'uint16', nodata: 0, ...(common && { scale: 0.0001, offset: -0.1 }) }],
  };
}

/** Three dates of four bands, two resolutions, in the real catalogue and read by the real reader. */
export async function openSample(): Promise<SampleWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'tilegraph-cubes-'));
  const { west, south, east, north } = transformBounds(gridBounds(sceneGrid(10)), utm, wgs84);
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  const save = (name: string, document: object) => writeFile(join(folder, name), JSON.stringify(document));
  for (const [date, { day, clouds }] of dates.entries()) {
    await mkdir(join(folder, day));
    await Promise.all(bands.map(({ name }, band) => writeBand(join(folder, day, `${name}.tif`), band, date)));
    await save(`${day}.json`, {
      type: 'Feature',
      stac_version: '1.0.0',
      id: day,
      collection: 'fields',
      geometry: { type: 'Polygon', coordinates: [ring] },
      bbox: [west, south, east, north],
      properties: { datetime: `${day}T10:00:00Z`, 'eo:cloud_cover': clouds },
      links: [],
      assets: Object.fromEntries(bands.map((band) => [band.name, asset(band, day)])),
    });
  }
  const { originX, originY } = sceneGrid(10);
  await save('collection.json', {
    type: 'Collection',
    stac_version: '1.0.0',
    id: 'fields',
    description: 'Fields',
    license: 'CC0-1.0',
    extent: {
      spatial: { bbox: [[west, south, east, north]] },
      temporal: { interval: [['2024-05-01T10:00:00Z', '2024-05-21T10:00:00Z']] },
    },
    'cube:dimensions': {
      easting: spatial('x', [originX, originX + 4000]),
      northing: spatial('y', [originY - 4000, originY]),
      time: { type: 'temporal', extent: ['2024-05-01T10:00:00Z', '2024-05-21T10:00:00Z'] },
      spectral: { type: 'bands', values: bands.map(({ name }) => name) },
    },
    summaries: { 'eo:bands': bands.map(eoBand) },
    links: dates.map(({ day }) => ({ rel: 'item', href: `./${day}.json`, type: 'application/geo+json' })),
  });
  const logger = silentLogger;
  const http = createHttpClient({ allowedHosts: [], logger });
  const raster = createRasterReader({ http, logger });
  const catalog = await openCatalog({ collections: [join(folder, 'collection.json')], http, logger });
  return {
    // An address stands for the same collection here: what opens addresses has tests of its own.
    context: { catalog, raster, openStac: async () => catalog },
    id: 'fields',
    async close() {
      await raster.close();
      await http.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
