import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Cube, type Dimension, defineCube } from '../../../src/raster/cube';
import { netcdf } from '../../../src/raster/formats/netcdf';
import type { OutputFormat } from '../../../src/raster/formats/types';
import { zarr } from '../../../src/raster/formats/zarr';
import { memoryCube } from '../../../src/raster/memory-cube';
import { describeWith, pythonWith } from '../../support/tools';
import { bytesOf, encodeRequest, functionCube, triangle, utmGrid } from './support';

const run = promisify(execFile);
const xarray = pythonWith('xarray', 'netCDF4', 'zarr');
const rasterio = pythonWith('osgeo.gdal', 'numpy');

/** What xarray says of each file. */
const inspect = `
import json, sys, numpy as np, xarray as xr, zarr
def plain(v):
    if isinstance(v, np.ndarray): return [plain(x) for x in v.tolist()]
    if isinstance(v, np.generic): v = v.item()
    return None if isinstance(v, float) and v != v else v
def values(a):
    v = a.values
    return [str(x) for x in v.ravel()] if v.dtype.kind in 'MUSO' else [plain(x) for x in v.ravel()]
out = {}
for path in sys.argv[1:]:
    store = zarr.storage.ZipStore(path, mode='r') if path.endswith('.zip') else path
    with xr.open_dataset(store, engine='zarr' if path.endswith('.zip') else 'netcdf4') as ds:
        out[path] = dict(dims=dict(ds.sizes), attributes=ds.attrs,
            coords={n: values(c) for n, c in ds.coords.items()},
            variables={n: dict(dims=list(v.dims), dtype=str(v.dtype), attrs={k: plain(x) for k, x in v.attrs.items()},
                fill=plain(v.encoding.get('_FillValue')), missing=int(v.isnull().sum()),
                sum=float(v.astype('f8').sum()), first=values(v)[:8]) for n, v in ds.data_vars.items()})
print(json.dumps(out))
`;

interface Variable {
  dims: string[];
  dtype: string;
  attrs: Record<string, unknown>;
  fill: number | null;
  missing: number;
  sum: number;
  first: (number | null)[];
}

interface Inspected {
  dims: Record<string, number>;
  attributes: Record<string, unknown>;
  coords: Record<string, (number | string)[]>;
  variables: Record<string, Variable>;
}

const { signal } = new AbortController();
const names = ['x', 'a/b', '__proto__', 'crs', '', 'ndvi é', 'crs'];
const tree = (x: number, y: number) => (x * 7 + y * 13) % 100;

/** What is written in the tests, with its options. */
const cases: Readonly<Record<string, { cube: Cube; options?: Record<string, unknown> }>> = {
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

async function write(format: OutputFormat, folder: string, name: string): Promise<string> {
  const { cube, options } = cases[name];
  const encoded = await format.encode(cube, encodeRequest(options));
  const path = join(folder, `${name}${encoded.extension}`);
  await writeFile(path, await bytesOf(encoded.body));
  return path;
}

describeWith(xarray, 'python3 with xarray, netCDF4 and zarr', 'what xarray reads', () => {
  describe.each([netcdf, zarr])('of $name', (format) => {
    let folder: string;
    let found: Map<string, Inspected>;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'dataset-'));
      const paths = await Promise.all(Object.keys(cases).map((name) => write(format, folder, name)));
      const { stdout } = await run(xarray!, ['-W', 'ignore', '-c', inspect, ...paths], {
        maxBuffer: 64 << 20,
      });
      const files = JSON.parse(stdout) as Record<string, Inspected>;
      found = new Map(Object.keys(cases).map((name, index) => [name, files[paths[index]]]));
    }, 120_000);
    afterAll(() => rm(folder, { recursive: true }));

    test('values, times and pixel centres of a series', () => {
      const { dims, coords, variables, attributes } = found.get('series')!;
      expect(attributes).toEqual({ Conventions: 'CF-1.11' });
      expect(dims).toEqual({ t: 3, y: 90, x: 150 });
      expect(coords['t']).toEqual([
        '2024-01-01T00:00:00.000000000',
        '2024-02-01T12:30:15.500000000',
        '1931-07-03T22:00:00.000000000',
      ]);
      expect(coords['x'].slice(0, 2)).toEqual([600005, 600015]);
      expect(coords['y'].slice(0, 2)).toEqual([5199995, 5199985]);
      const { B08 } = variables;
      expect(B08.dims).toEqual(['t', 'y', 'x']);
      expect(B08).toMatchObject({ dtype: 'float32', fill: -32768, missing: 3 * 90 });
      expect(B08.first).toEqual([null, 1001, 1002, 1003, 1004, 1005, 1006, 1007]);
      let sum = 0;
      for (let t = 0; t < 3; t++)
        for (let y = 0; y < 90; y++)
          for (let x = 0; x < 150; x++) sum += x === y ? 0 : x + 2 * y + (2 * t + 1) * 1000;
      expect(B08.sum).toBe(sum);
    });

    test('the reference system', () => {
      const projected = found.get('series')!.variables['crs'].attrs;
      expect(projected).toMatchObject({
        grid_mapping_name: 'transverse_mercator',
        longitude_of_central_meridian: 15,
        false_easting: 500000,
        GeoTransform: '600000 10 0 5200000 0 -10',
      });
      expect(projected['crs_wkt']).toMatch(/^PROJCS.*"32633"\]\]$/);
      const { variables } = found.get('degrees')!;
      expect(variables['crs'].attrs['grid_mapping_name']).toBe('latitude_longitude');
      expect(variables['class'].attrs['grid_mapping'] ?? 'crs').toBe('crs');
    });

    test('integers as they are where nothing is missing', () => {
      expect(found.get('degrees')!.variables['class']).toMatchObject({
        dtype: 'uint8',
        fill: null,
        missing: 0,
      });
    });

    test('packed numbers', () => {
      const { ndvi } = found.get('packed')!.variables;
      expect(ndvi.missing).toBe(20);
      expect(ndvi.fill).toBe(-32768);
      [0, 0.01, 0.02, null, 0.04].forEach((value, index) => {
        if (value === null) expect(ndvi.first[index]).toBeNull();
        else expect(ndvi.first[index]).toBeCloseTo(value, 6);
      });
    });

    test('chunks that are missing as a whole, and chunks in trees of several levels', () => {
      expect(found.get('empty')!.variables['b']).toMatchObject({ missing: 64 * 64, sum: 10_000 - 64 * 64 });
      let sum = 0;
      for (let y = 0; y < 1043; y++) for (let x = 0; x < 1050; x++) sum += tree(x, y);
      expect(found.get('tree')!.variables['b']).toMatchObject({ dtype: 'uint16', sum, missing: 0 });
    });

    test('bands of whatever names', () => {
      const { variables } = found.get('names')!;
      expect(Object.keys(variables).sort()).toEqual(
        ['_', '__proto__', 'a_b', 'crs', 'crs_2', 'crs_3', 'ndvi é', 'x_2'].sort(),
      );
      expect(variables['a_b']).toMatchObject({ sum: 16 });
      expect(variables['a_b'].attrs['long_name']).toBe('a/b');
    });

    test('vector cubes, with geometries, identifiers and texts', () => {
      const { dims, coords, variables } = found.get('zones')!;
      expect(dims).toEqual({ geometry: 3, season: 2 });
      expect(coords['geometry']).toEqual(['a', 'bé', '2']);
      expect(coords['season']).toEqual(['DJF', 'MAM']);
      expect(coords['geometry_wkt']).toEqual([
        'POINT (11 46)',
        'POLYGON ((0 0, 1 0, 1 1, 0 0))',
        'GEOMETRYCOLLECTION EMPTY',
      ]);
      expect(variables['mean'].first).toEqual([0, 1, 4, null, 8, 9]);
      expect(variables['count'].first).toEqual([2, 3, 6, 7, 10, 11]);
    });

    test('cubes without pixels, without bands and without dimensions', () => {
      expect(found.get('numbers')!.coords['depth']).toEqual([0.5, 1.5]);
      expect(found.get('numbers')!.variables['data']).toMatchObject({ dtype: 'float32', first: [7, 8] });
      expect(found.get('single')!.variables['data']).toMatchObject({ dims: [], first: [42] });
    });
  });
});

/** What GDAL says of one array as a classic raster. */
const inspectGdal = `
import json, sys, numpy as np
from osgeo import gdal
gdal.UseExceptions()
out = []
for name in sys.argv[1:]:
    d = gdal.Open(name)
    out.append(dict(size=[d.RasterXSize, d.RasterYSize], transform=d.GetGeoTransform(), count=d.RasterCount,
        epsg=d.GetSpatialRef() and d.GetSpatialRef().GetAuthorityCode(None),
        nodata=d.GetRasterBand(1).GetNoDataValue(), sum=float(d.GetRasterBand(1).ReadAsArray().astype('f8').sum())))
print(json.dumps(out))
`;

describeWith(rasterio, 'python3 with GDAL', 'what GDAL reads of netCDF and Zarr', () => {
  test('size, place, reference system and values', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dataset-gdal-'));
    try {
      const classic = await write(netcdf, folder, 'series');
      const store = await write(zarr, folder, 'tree');
      const { stdout } = await run(rasterio!, [
        ...['-W', 'ignore', '-c', inspectGdal],
        `NETCDF:${classic}:B04`,
        `ZARR:"/vsizip/${store}":/b`,
      ]);
      let sum = 0;
      for (let y = 0; y < 90; y++) for (let x = 0; x < 150; x++) sum += x === y ? -32768 : x + 2 * y;
      let total = 0;
      for (let y = 0; y < 1043; y++) for (let x = 0; x < 1050; x++) total += tree(x, y);
      const transform = [600000, 10, 0, 5200000, 0, -10];
      expect(JSON.parse(stdout)).toEqual([
        { size: [150, 90], transform, count: 3, epsg: '32633', nodata: -32768, sum },
        { size: [1050, 1043], transform, count: 1, epsg: '32633', nodata: null, sum: total },
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('what netCDF and Zarr refuse', () => {
  test.each([netcdf, zarr])(
    '$name: text, values that are no cube, too many values, unknown options',
    async (format) => {
      const text = memoryCube({ dimensions: [{ type: 'other', name: 'o', labels: ['a'] }], data: ['b'] });
      const failing = [
        { code: 'FormatUnsuitable', data: text },
        { code: 'FormatUnsuitable', data: [1, 2] },
        { code: 'ProcessGraphComplexity', data: cases['series'].cube, changes: { maxPixels: 1000 } },
        { code: 'ProcessParameterInvalid', data: cases['series'].cube, options: { chunks: 5 } },
        { code: 'ProcessParameterInvalid', data: cases['series'].cube, options: { scale_factor: 0.1 } },
      ];
      for (const { code, data, changes, options } of failing)
        await expect(format.encode(data, encodeRequest(options, changes))).rejects.toMatchObject({ code });
    },
  );

  test.each([netcdf, zarr])('$name: a source that breaks leaves no open file', async (format) => {
    const broken = defineCube({
      ...cases['series'].cube,
      read: async ({ grid }) => {
        if (grid!.originX > 600000) throw new Error('broken source');
        return cases['series'].cube.read({ grid }, signal);
      },
    });
    await expect(format.encode(broken, encodeRequest({ chunk_size: 64 }))).rejects.toThrow('broken source');
  });
});
