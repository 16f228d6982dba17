import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { netcdf } from '../../../../src/raster/formats/netcdf';
import { zarr } from '../../../../src/raster/formats/zarr';
import { describeWith, pythonWith } from '../../../support/tools';
import { tree, write } from './cases';

const run = promisify(execFile);

const rasterio = pythonWith('osgeo.gdal', 'numpy');

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
