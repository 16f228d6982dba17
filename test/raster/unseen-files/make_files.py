"""Makes raster files of many kinds, and what GDAL warps of them. Called by unseen-files.test.ts.

stdin: {"folder": ..., "cases": [{"name", "epsg", "center": [lon, lat], "res", "size": [w, h], "dtype",
"nodata", "bands", "options": [creation options], "driver", "point", "mask", "warps": [{"resampling", "scale"}]}]}
stdout: for each case the target grids, and beside each file the expected pixels as float64.
"""
import json
import os
import subprocess
import sys
import warnings

import numpy as np
import rasterio
from affine import Affine
from rasterio.warp import transform, transform_bounds

warnings.simplefilter('ignore')
job = json.load(sys.stdin)
folder = job['folder']
answer = []


def picture(width, height, band, dtype, rng):
    """Smooth hills with some noise, over a good part of the type's range."""
    y, x = np.mgrid[:height, :width].astype('float64')
    hills = np.sin(x / 23 + band) + np.cos(y / 31) + 0.6 * np.sin((x + 2 * y) / 57)
    values = (hills + 2.6) / 5.2 + rng.normal(0, 0.01, hills.shape)
    if dtype == 'uint8':
        return np.clip(values * 240 + 8, 1, 255).astype(dtype)
    if dtype == 'int8':
        return np.clip(values * 240 - 120, -127, 127).astype(dtype)
    if dtype.startswith('uint'):
        return np.clip(values * (60000 if dtype == 'uint16' else 4e9), 1, None).astype(dtype)
    if dtype.startswith('int'):
        return ((values - 0.5) * (60000 if dtype == 'int16' else 4e9)).astype(dtype)
    return (values * 1000 - 300).astype(dtype)


for number, case in enumerate(job['cases']):
    rng = np.random.default_rng(number)
    width, height = case['size']
    res = case['res']
    crs = 'EPSG:%d' % case['epsg']
    x, y = transform('EPSG:4326', crs, [case['center'][0]], [case['center'][1]])
    to_source = Affine(res, 0, round(x[0] / res) * res - res * (width // 2), 0, -res, round(y[0] / res) * res + res * (height // 2))
    nodata = case.get('nodata')
    value = float(nodata) if nodata is not None else None
    plain = os.path.join(folder, 'plain.tif')
    path = os.path.join(folder, case['name'] + '.tif')
    dtype = case['dtype']
    profile = dict(driver='GTiff', width=width, height=height, count=case['bands'], dtype=dtype, crs=crs, transform=to_source)
    if value is not None:
        profile['nodata'] = value
    env = {}
    if case.get('mask'):
        env['GDAL_TIFF_INTERNAL_MASK'] = True
    with rasterio.Env(**env), rasterio.open(plain, 'w', **profile) as out:
        for band in range(case['bands']):
            pixels = picture(width, height, band, dtype, rng)
            if value is not None:
                pixels[height // 5 : height // 3, width // 4 : width // 2] = value
                pixels[rng.random(pixels.shape) < 0.003] = value
            out.write(pixels, band + 1)
        if case.get('mask'):
            shown = np.full((height, width), 255, 'uint8')
            shown[height // 3 : height // 2, width // 3 : width // 2] = 0
            out.write_mask(shown)
    command = ['gdal_translate', '-q', '-of', case.get('driver', 'GTiff')]
    for option in case.get('options', []):
        command += ['-co', option]
    if case.get('point'):
        command += ['-mo', 'AREA_OR_POINT=Point']
    subprocess.run(command + ['--config', 'GDAL_TIFF_INTERNAL_MASK', 'YES', plain, path], check=True)
    with rasterio.open(path) as src:
        bounds = transform_bounds(src.crs, 'EPSG:3857', *src.bounds)
    warps = []
    for index, warp in enumerate(case['warps']):
        # Web Mercator pixels of about the source's size times the scale, off the source's grid.
        span = (bounds[2] - bounds[0]) / width
        pixel = span * warp['scale']
        columns = int((bounds[2] - bounds[0]) * 1.1 / pixel)
        rows = int((bounds[3] - bounds[1]) * 1.1 / pixel)
        west = bounds[0] - (bounds[2] - bounds[0]) * 0.05 + pixel * 0.37
        north = bounds[3] + (bounds[3] - bounds[1]) * 0.05 - pixel * 0.21
        target = os.path.join(folder, 'warped.tif')
        planes = []
        for band in range(case['bands']):
            # One band at a time: what is missing in one band is not missing in the others.
            source = os.path.join(folder, 'band.vrt')
            subprocess.run(['gdal_translate', '-q', '-of', 'VRT', '-b', str(band + 1), path, source], check=True)
            command = ['gdalwarp', '-q', '-overwrite', '-et', '0', '-ovr', 'NONE', '-r', warp['resampling'], '-ot', 'Float64',
                       '-dstnodata', 'nan', '-t_srs', 'EPSG:3857', '-te', repr(west), repr(north - rows * pixel),
                       repr(west + columns * pixel), repr(north), '-ts', str(columns), str(rows), source, target]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
            with rasterio.open(target) as result:
                planes.append(result.read(1).astype('<f8'))
        pixels = np.stack(planes)
        expected = '%s.%d.f64' % (path, index)
        pixels.tofile(expected)
        warps.append(dict(resampling=warp['resampling'], west=west, north=north, res=pixel, width=columns, height=rows, expected=expected))
    answer.append(dict(path=path, warps=warps))
json.dump(answer, sys.stdout)
