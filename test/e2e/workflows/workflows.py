"""What numpy, xarray and rasterio make of the workflows of graphs.ts.
Reads {"collection": file, "area": {west, north, width, height}, "workflow": name, …} from stdin, writes an array in
JSON, C order, null for missing values.
"""
import json
import os
import sys
import warnings

import numpy as np
import rasterio
import xarray as xr
from affine import Affine
from rasterio.features import rasterize
from rasterio.warp import Resampling, reproject, transform_geom

warnings.simplefilter('ignore')
data = json.load(sys.stdin)
area = data['area']
pixel = 10


def items():
    folder = os.path.dirname(data['collection'])
    document = json.load(open(data['collection']))
    found = [json.load(open(os.path.join(folder, link['href']))) for link in document['links'] if link['rel'] == 'item']
    return folder, sorted(found, key=lambda item: item['properties']['datetime'])


def cube(*names):
    """Reflectances of an area, by date, band, y and x, in double precision."""
    folder, scenes = items()
    y = area['north'] - (np.arange(area['height']) + 0.5) * pixel
    x = area['west'] + (np.arange(area['width']) + 0.5) * pixel
    planes = np.full((len(scenes), len(names), len(y), len(x)), np.nan)
    for t, scene in enumerate(scenes):
        for b, name in enumerate(names):
            asset = scene['assets'][name]
            meaning = asset['raster:bands'][0]
            with rasterio.open(os.path.join(folder, asset['href'])) as source:
                columns = np.floor((x - source.transform.c) / source.transform.a).astype(int)
                rows = np.floor((y - source.transform.f) / source.transform.e).astype(int)
                values = source.read(1)[np.ix_(rows, columns)].astype('float64')
            values[values == meaning.get('nodata', np.nan)] = np.nan
            planes[t, b] = values * meaning.get('scale', 1) + meaning.get('offset', 0)
    times = np.array([scene['properties']['datetime'].rstrip('Z') for scene in scenes], 'datetime64[ns]')
    coordinates = {'t': times, 'bands': list(names), 'y': y, 'x': x}
    return xr.DataArray(planes, coordinates, ('t', 'bands', 'y', 'x'))


def index(red='B04', nir='B08'):
    bands = cube(red, nir)
    return (bands.sel(bands=nir) - bands.sel(bands=red)) / (bands.sel(bands=nir) + bands.sel(bands=red))


def composite():
    return index().median('t')


def masked_median():
    bands = cube('B04', 'B08', 'SCL')
    classes = bands.sel(bands='SCL')
    bad = (classes == 3) | ((classes >= 8) & (classes <= 10))
    return bands.sel(bands=['B04', 'B08']).where(~bad).median('t')


def evi():
    bands = cube('B02', 'B04', 'B08')
    blue, red, nir = (bands.sel(bands=name) for name in ('B02', 'B04', 'B08'))
    # The sum of openEO leaves missing values out.
    both = [2.5 * (nir - red) / (nir + (6 * red - 7.5 * blue).fillna(0) + 1), (nir - red) / (nir + red)]
    return np.stack([one.values for one in both], 1)


def monthly():
    return cube('B08').resample(t='MS').mean()


def zonal():
    bands = cube('B04', 'B08')
    transform = Affine(pixel, 0, area['west'], 0, -pixel, area['north'])
    rows = []
    for feature in data['geometries']['features']:
        geometry = transform_geom('EPSG:4326', 'EPSG:32632', feature['geometry'])
        inside = rasterize([geometry], (area['height'], area['width']), transform=transform).astype(bool)
        rows.append(bands.where(xr.DataArray(inside, dims=('y', 'x'))).mean(('y', 'x')).values)
    return np.array(rows)


def smoothed():
    kernel = np.array(data['kernel'])
    values = index().isel(t=0).values
    reach = kernel.shape[0] // 2
    padded = np.pad(values, reach, mode='edge')
    out = np.zeros_like(values)
    for row in range(kernel.shape[0]):
        for column in range(kernel.shape[1]):
            out += kernel[row, column] * padded[row:row + values.shape[0], column:column + values.shape[1]]
    return out * data['factor']


def resampled():
    grid = data['grid']
    source = cube('B08').isel(t=0, bands=0).values
    out = np.full((grid['height'], grid['width']), np.nan)
    reproject(source, out, src_transform=Affine(pixel, 0, area['west'], 0, -pixel, area['north']), src_crs='EPSG:32632',
              src_nodata=np.nan, dst_nodata=np.nan, dst_crs=grid['crs'], resampling=Resampling.bilinear, tolerance=0.001,
              dst_transform=Affine(grid['resX'], 0, grid['originX'], 0, -grid['resY'], grid['originY']))
    return out


def merged():
    return cube('B08', 'B04')


def peak():
    values = index()
    best = values.fillna(-np.inf).argmax('t').astype('float64')
    return best.where(values.notnull().any('t'))


def rise():
    steps = index().diff('t')
    return steps.max('t')


result = np.asarray(globals()[data['workflow']](), 'float64')
json.dump([None if np.isnan(value) else value for value in result.ravel().tolist()], sys.stdout)
