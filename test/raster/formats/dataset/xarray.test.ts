import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { netcdf } from '../../../../src/raster/formats/netcdf';
import { zarr } from '../../../../src/raster/formats/zarr';
import { describeWith, pythonWith } from '../../../support/tools';
import { cases, tree, write } from './cases';

const run = promisify(execFile);
const xarray = pythonWith('xarray', 'netCDF4', 'zarr');

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
