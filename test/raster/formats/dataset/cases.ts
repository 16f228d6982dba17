import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cube, Dimension } from '../../../../src/raster/cube';
import type { OutputFormat } from '../../../../src/raster/formats/types';
import { memoryCube } from '../../../../src/raster/memory-cube';
import { bytesOf, encodeRequest, functionCube, triangle, utmGrid } from '../support';

export const { signal } = new AbortController();
export const names = ['x', 'a/b', '__proto__', 'crs', '', 'ndvi é', 'crs'];
export const tree = (x: number, y: number) => (x * 7 + y * 13) % 100;

/** What is written in the tests, with its options. */
export const cases: Readonly<Record<string, { cube: Cube; options?: Record<string, unknown> }>> = {
  series: {
    cube: functionCube({
      grid: utmGrid(150, 90),
      bands: ['B04', 'B08'],
      times: ['2024-01-01', '2024-02-01T12:30:15.5Z', '1931-07-04T00:00:00+02:00'],
      dataType: 'int16',
      value: (x, y, layer) => (x === y ? null : x + 2 * y + layer * 1000),
    }),
    options: { chunk_size: 64 },
  },
  degrees: {
    cube: functionCube({
      grid: { ...utmGrid(40, 30, 0.01, 4326), originX: 10, originY: 50 },
      bands: ['class'],
      dataType: 'uint8',
      value: (x, y) => (x + y) % 256,
    }),
    options: { compression: 'none' },
  },
  packed: {
    cube: functionCube({
      grid: utmGrid(20, 20),
      bands: ['ndvi'],
      missing: 'mask',
      value: (x, y) => (x === 3 ? null : (x - y) / 100),
    }),
    options: { data_type: 'int16', scale_factor: 0.01, add_offset: 0.5 },
  },
  empty: {
    cube: functionCube({
      grid: utmGrid(100, 100),
      bands: ['b'],
      value: (x, y) => (x < 64 && y < 64 ? null : 1),
    }),
    options: { chunk_size: 32 },
  },
  names: {
    cube: functionCube({
      grid: utmGrid(4, 4),
      bands: names,
      dataType: 'int32',
      value: (_x, _y, layer) => layer,
    }),
  },
  // 66 × 66 chunks need three levels of the tree in an HDF5 file.
  tree: {
    cube: memoryCube({
      dimensions: [
        { type: 'bands', name: 'bands', labels: ['b'] },
        { type: 'spatial', name: 'y', axis: 'y' },
        { type: 'spatial', name: 'x', axis: 'x' },
      ],
      grid: utmGrid(1050, 1043),
      data: Uint16Array.from({ length: 1050 * 1043 }, (_, at) => tree(at % 1050, Math.floor(at / 1050))),
      missing: 'mask',
    }),
    options: { chunk_size: 16, level: 1 },
  },
  zones: {
    cube: memoryCube({
      dimensions: [
        {
          type: 'geometry',
          name: 'geometry',
          labels: [
            { type: 'Point', coordinates: [11, 46] },
            {
              type: 'Polygon',
              coordinates: [triangle],
            },
            null,
          ],
          features: [{ id: 'a', properties: {} }, { id: 'bé', properties: {} }, { properties: null }],
        },
        { type: 'bands', name: 'bands', labels: ['mean', 'count'] },
        { type: 'other', name: 'season', labels: ['DJF', 'MAM'] },
      ] satisfies Dimension[],
      data: Float64Array.from({ length: 12 }, (_, index) => (index === 5 ? Number.NaN : index)),
    }),
  },
  numbers: {
    cube: memoryCube({
      dimensions: [{ type: 'other', name: 'depth', labels: [0.5, 1.5] }],
      data: Float32Array.of(7, 8),
    }),
  },
  single: { cube: memoryCube({ dimensions: [], shape: [], data: Float64Array.of(42) }) },
};

export async function write(format: OutputFormat, folder: string, name: string): Promise<string> {
  const { cube, options } = cases[name];
  const encoded = await format.encode(cube, encodeRequest(options));
  const path = join(folder, `${name}${encoded.extension}`);
  await writeFile(path, await bytesOf(encoded.body));
  return path;
}
