"""The same tiles with rio-tiler: read, expression, colours, PNG. Prints CPU milliseconds per tile.
stdin: {"file", "tiles": [[z, x, y], ...], "resampling", "mode": "open" | "keep" | "read", "passes"}
"""
import json
import statistics
import sys
import time
import warnings

import numpy as np
import rasterio
from rio_tiler.io import Reader
from rio_tiler.models import ImageData

warnings.simplefilter('ignore')
job = json.load(sys.stdin)
colors = {i: (255 - i, i, 40, 255) for i in range(256)}
kept = None


def tile(address):
    global kept
    z, x, y = address
    options = dict(tilesize=256, reproject_method=job['resampling'], resampling_method=job['resampling'])
    if job['mode'] == 'read':
        with Reader(job['file']) as reader:
            return reader.tile(x, y, z, indexes=(1, 2, 3, 4), **options).array.sum()
    if job['mode'] == 'open':
        with Reader(job['file']) as reader:
            image = reader.tile(x, y, z, expression='(b4-b3)/(b4+b3)', **options)
        image.rescale(in_range=((-1, 1),), out_range=((0, 255),))
        return len(image.render(img_format='PNG', colormap=colors))
    # Its best: dataset kept open, numpy in place of the expression, fast compression.
    if kept is None:
        kept = Reader(job['file'])
    image = kept.tile(x, y, z, indexes=(3, 4), **options)
    red, infrared = image.array.data.astype('float32')
    with np.errstate(all='ignore'):
        index = (infrared - red) / (infrared + red)
    image = ImageData(np.ma.MaskedArray(index[None], mask=image.array.mask[:1]))
    image.rescale(in_range=((-1, 1),), out_range=((0, 255),))
    return len(image.render(img_format='PNG', colormap=colors, ZLEVEL=1))


with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN='EMPTY_DIR', GDAL_NUM_THREADS=1):
    tiles = job['tiles']
    for each in tiles:
        tile(each)
    costs = []
    for _ in range(job['passes']):
        start = time.process_time()
        for each in tiles:
            tile(each)
        costs.append((time.process_time() - start) * 1000 / len(tiles))
print(json.dumps(statistics.median(costs)))
