"""Makes the bench's scene: 8192 x 8192 pixels of 10 m, four bands of uint16 pixel-interleaved, EPSG:32633,
a cloud-optimised GeoTIFF (deflate, predictor, 512 blocks, overviews). Noisy like a real picture, so that it
compresses like one. Usage: make-scene.py OUT.tif [size]
"""
import os
import subprocess
import sys

import numpy as np
import rasterio
from rasterio.transform import from_origin

out = sys.argv[1]
size = int(sys.argv[2]) if len(sys.argv) > 2 else 8192
rng = np.random.default_rng(7)


def enlarge(values, n):
    """Bilinear enlargement of a square array."""
    at = np.linspace(0, values.shape[0] - 1, n)
    low = np.clip(at.astype(int), 0, values.shape[0] - 2)
    part = (at - low).astype(np.float32)
    rows = values[low] * (1 - part)[:, None] + values[low + 1] * part[:, None]
    return rows[:, low] * (1 - part) + rows[:, low + 1] * part


def hills():
    total = np.zeros((size, size), np.float32)
    for cells, weight in ((16, 1.0), (64, 0.6), (256, 0.4), (1024, 0.25), (size // 2, 0.12)):
        total += weight * enlarge(rng.standard_normal((cells, cells)).astype(np.float32), size)
    return total


base = hills()
plants = 1 / (1 + np.exp(-hills()))
plain = out + '.plain.tif'
profile = dict(driver='GTiff', width=size, height=size, count=4, dtype='uint16', nodata=0, crs='EPSG:32633',
               transform=from_origin(500000, 5300000, 10, 10), tiled=True, blockxsize=512, blockysize=512)
with rasterio.open(plain, 'w', **profile) as target:
    y, x = np.ogrid[:size, :size]
    corner = (x + y) < 1500
    for band, (level, spread, green) in enumerate(((500, 90, -150), (800, 110, -100), (900, 200, -500), (1500, 250, 2600))):
        values = level + spread * base + green * plants + rng.standard_normal((size, size)).astype(np.float32) * 15
        pixels = np.clip(values, 1, 10000).astype(np.uint16)
        pixels[corner] = 0
        target.write(pixels, band + 1)
subprocess.run(['gdal_translate', '-q', '-of', 'COG', '-co', 'COMPRESS=DEFLATE', '-co', 'PREDICTOR=YES', '-co', 'BLOCKSIZE=512',
                '-co', 'RESAMPLING=AVERAGE', plain, out], check=True)
os.remove(plain)
