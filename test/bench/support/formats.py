"""Writes the pixels of formats.cjs with the usual libraries; prints CPU ms of the fastest run and bytes as JSON."""
import json, os, shutil, sys, time
import numpy as np, pandas as pd, rasterio, rasterio.shutil, xarray as xr, zarr
from numcodecs import Zlib
from rasterio.io import MemoryFile

folder, size, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
pixels = np.fromfile(os.path.join(folder, 'pixels'), 'f4').reshape(3, size, size)
names = ['B02', 'B03', 'B04']
y, x = 52e5 - 5 - 10 * np.arange(size), 6e5 + 5 + 10 * np.arange(size)
data = xr.Dataset({n: (('y', 'x'), pixels[i]) for i, n in enumerate(names)}, coords={'y': y, 'x': x})
chunk = (min(512, size),) * 2


def gtiff(path):
    profile = dict(width=size, height=size, count=3, dtype='float32', crs='EPSG:32633', nodata=float('nan'),
                   transform=rasterio.transform.from_origin(6e5, 52e5, 10, 10))
    with MemoryFile() as memory:
        with memory.open(driver='GTiff', **profile) as target:
            target.write(pixels)
        rasterio.shutil.copy(memory.name, path, driver='COG', compress='DEFLATE', level=6, predictor='YES',
                             overview_resampling='average', interleave='BAND')


def netcdf(path):
    data.to_netcdf(path, encoding={n: dict(zlib=True, complevel=4, shuffle=True, chunksizes=chunk) for n in names})


def to_zarr(path):
    store = zarr.storage.ZipStore(path, mode='w')
    data.to_zarr(store, zarr_format=2, encoding={n: dict(compressors=(Zlib(4),), chunks=chunk) for n in names})
    store.close()


def table():
    columns = {'y': np.repeat(y, size), 'x': np.tile(x, size)}
    return pd.DataFrame(columns | {n: pixels[i].ravel() for i, n in enumerate(names)})


writers = {
    'GTiff': (f'GDAL {rasterio.__gdal_version__} COG', gtiff),
    'netCDF': ('xarray, netCDF4', netcdf),
    'Zarr': ('xarray, zarr', to_zarr),
    'CSV': ('pandas', lambda path: table().to_csv(path, index=False)),
    'Parquet': ('pandas, pyarrow', lambda path: table().to_parquet(path)),
}
found = {}
for format, (name, write) in writers.items():
    path = os.path.join(folder, 'rival')
    times = []
    for _ in range(1 if format == 'CSV' else runs):
        if os.path.exists(path):
            os.remove(path)
        started = time.process_time()
        write(path)
        times.append(time.process_time() - started)
    found[format] = dict(name=name, ms=min(times) * 1000, bytes=os.path.getsize(path))
print(json.dumps(found))
