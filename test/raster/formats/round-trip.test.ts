import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../../src/base/logger';
import type { DataType } from '../../../src/raster/cube';
import { gtiff } from '../../../src/raster/formats/gtiff';
import { createRasterReader } from '../../../src/raster/reader';
import type { RasterReader } from '../../../src/raster/source';
import { plainHttp } from '../../store/catalog/support';
import { bytesOf, encodeRequest, functionCube, utmGrid } from './support';

const { signal } = new AbortController();
let folder: string;
let reader: RasterReader;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'round-trip-'));
  reader = createRasterReader({ http: plainHttp(), logger: silentLogger });
});
afterAll(async () => {
  await reader.close();
  await rm(folder, { recursive: true });
});

const laea = '+proj=laea +lat_0=51 +lon_0=9 +datum=WGS84 +units=m +no_defs';

test.each<[DataType, 'deflate' | 'none', number, number | string]>([
  ['uint8', 'deflate', 1, 32633],
  ['int16', 'deflate', 6, 3035],
  ['uint32', 'none', 3, 4326],
  ['float32', 'deflate', 4, laea],
  ['float64', 'none', 1, 3857],
  ['float64', 'deflate', 5, 32733],
])('what is written as %s, %s, in %i layers is read back', async (dataType, compression, layers, crs) => {
  const grid = {
    ...utmGrid(333, 222, 10, crs),
    ...(crs === 4326 && { originX: 10, originY: 50, resX: 0.01, resY: 0.005 }),
  };
  const value = (x: number, y: number, layer: number) =>
    (x + y) % 17 === 0 ? null : (x * 3 + y * 5 + layer * 7) % 120;
  const bands = Array.from({ length: layers }, (_, index) => `b${index}`);
  const cube = functionCube({ grid, dataType, bands, value });
  const { body } = await gtiff.encode(cube, encodeRequest({ compression, tile_size: 128 }));
  const href = join(folder, `${dataType}-${compression}.tif`);
  await writeFile(href, await bytesOf(body));
  const info = await reader.info(href, signal);
  expect(info).toMatchObject({ dataType, samples: layers });
  expect({ ...info.grid, crs: undefined }).toEqual({ ...grid, crs: undefined });
  if (typeof crs === 'number') expect(info.grid.crs.epsg).toBe(crs);
  const back = await reader.sceneCube(
    {
      scenes: [
        {
          datetime: '2024-01-01T00:00:00Z',
          bbox: [-180, -90, 180, 90],
          bands: new Map(bands.map((name, sample) => [name, { href, sample }])),
        },
      ],
      bands: bands.map((name) => ({ name })),
      names: { x: 'x', y: 'y', t: 't', bands: 'bands' },
      dataVersion: '1',
    },
    signal,
  );
  const { data } = await back.read({ grid: info.grid }, signal);
  const expected = (await cube.read({ grid }, signal)).data;
  expect(Array.from(data as Float64Array)).toEqual(Array.from(expected as Float64Array));
});
