"""Raster files of kinds that the server has never seen, and what rasterio makes of them. Called by unseen-cog.test.ts.

stdin of `make`: {"folder", "cases": [{"name", "epsg", "center": [lon, lat], "res", "size": [w, h], "dtype", "nodata",
"files": [[band, ...], ...], "options": {creation options}, "driver", "resampling"}]}; stdout: {name: {bbox, transform}}.
stdin of `compare`: {"results": [{"result", "sources": [{"path", "band", "nodata", "scale"}], "resampling",
"isIndex"}]}; stdout: for each result how it differs from the sources warped onto its own grid with the exact transformation, or
from their normalized difference.
"""
import json
import os
import sys
import warnings

import numpy as np
import rasterio
from affine import Affine
from rasterio.io import MemoryFile
from rasterio.shutil import copy
from rasterio.vrt import WarpedVRT
from rasterio.warp import Resampling, transform, transform_bounds

warnings.simplefilter('ignore')


def picture(width, height, band, dtype, rng):
    """Hills with fine structure over a good part of the type's range; never 0."""
    y, x = np.mgrid[:height, :width].astype('float64')
    hills = (np.sin(x / 11 + band) + np.cos(y / 17) + 0.7 * np.sin((x + 3 * y) / 29) + 2.7) / 5.4
    values = np.clip(hills + rng.normal(0, 0.05, hills.shape), 0.01, 1)
    top = {'uint8': 250, 'int16': 30000, 'uint16': 60000, 'float32': 1000, 'float64': 1000}[dtype]
    bottom = {'int16': -30000, 'float32': -500, 'float64': -500}.get(dtype, 0)
    return (values * (top - bottom) + bottom).astype(dtype)


def make_file(folder, number, case, name, bands):
    width, height = case['size']
    res = case['res']
    crs = 'EPSG:%d' % case['epsg']
    (x,), (y,) = transform('EPSG:4326', crs, [case['center'][0]], [case['center'][1]])
    west = round(x / res) * res - res * (width // 2)
    north = round(y / res) * res + res * (height // 2)
    nodata = None if case.get('nodata') is None else float(case['nodata'])
    path = os.path.join(folder, name)
    plain = path + '.plain.tif'
    profile = dict(driver='GTiff', width=width, height=height, count=len(bands), dtype=case['dtype'], crs=crs,
                   transform=Affine(res, 0, west, 0, -res, north))
    if nodata is not None and case.get('fileNodata', True):
        profile['nodata'] = nodata
    with rasterio.open(plain, 'w', **profile) as out:
        for index, band in enumerate(bands):
            rng = np.random.default_rng(100 * number + band)
            pixels = picture(width, height, band, case['dtype'], rng)
            if nodata is not None:
                pixels[height // 5:height // 3, width // 4:width // 2] = nodata
                pixels[rng.random(pixels.shape) < 0.003] = nodata
            out.write(pixels, index + 1)
    copy(plain, path, driver=case.get('driver', 'COG'), **case.get('options', {}))
    os.remove(plain)
    with rasterio.open(path) as src:
        bbox = transform_bounds(src.crs, 'EPSG:4326', *src.bounds)
    return dict(bbox=bbox, shape=[height, width], transform=[res, 0, west, 0, -res, north])


def make(job):
    made = {}
    for number, case in enumerate(job['cases']):
        for name, bands in case['files'].items():
            made[name] = make_file(job['folder'], number, case, name, bands)
    return made


def expected(source, grid, resampling):
    """NaN where there is no data."""
    with rasterio.open(source['path']) as src:
        pixels = src.read(source['band']).astype('float64')
        nodata = source.get('nodata', src.nodata)
        if nodata is not None:
            pixels[pixels == nodata] = np.nan
        plain = dict(driver='GTiff', width=src.width, height=src.height, count=1, dtype='float64', nodata=np.nan, crs=src.crs,
                     transform=src.transform)
    # Not rasterio.warp.reproject: whatever tolerance it is given, its positions are up to an eighth of a pixel off.
    with MemoryFile() as memory:
        with memory.open(**plain) as copied:
            copied.write(pixels, 1)
        with memory.open() as copied, WarpedVRT(copied, crs=grid.crs, transform=grid.transform, width=grid.width, height=grid.height,
                                                resampling=Resampling[resampling], nodata=np.nan, tolerance=1e-6) as warped:
            out = warped.read(1)
    return out * source.get('scale', 1) + source.get('offset', 0)


def compare(result):
    with rasterio.open(result['result']) as grid:
        answer = dict(crs=grid.crs.to_epsg(), transform=list(grid.transform)[:6], size=[grid.width, grid.height], nodata=repr(grid.nodata),
                      dtypes=sorted(set(grid.dtypes)), bands=grid.count, differing=[], missing=[], mean=[], share=[])
        planes = [expected(source, grid, result.get('resampling', 'nearest')) for source in result['sources']]
        if result.get('isIndex'):
            planes = [(planes[1] - planes[0]) / (planes[1] + planes[0])]
        for index, theirs in enumerate(planes):
            own = grid.read(index + 1).astype('float64')
            if grid.nodata is not None:
                own[own == grid.nodata] = np.nan
            if not grid.dtypes[0].startswith('float'):
                theirs = np.floor(theirs + 0.5)
            holes = np.isnan(own) != np.isnan(theirs)
            both = ~np.isnan(own) & ~np.isnan(theirs)
            distance = np.abs(own[both] - theirs[both])
            span = np.ptp(theirs[both]) if both.any() else 1.0
            answer['missing'].append(float(holes.mean()))
            answer['differing'].append(float((holes.sum() + (distance > 1e-6 * span).sum()) / own.size))
            answer['mean'].append(float(distance.mean() / span) if both.any() else 0.0)
            answer['share'].append(float(both.mean()))
    return answer


command = sys.argv[1]
work = json.load(sys.stdin)
json.dump(make(work) if command == 'make' else [compare(each) for each in work['results']], sys.stdout)
