import { join } from 'node:path';
import { tileMatrixSet } from '../../src/geo/tile-matrix-set';
import type { Grid } from '../../src/geo/types';
import type { Block, NumericArray } from '../../src/raster/cube';
import { describeWith, pythonWith, sharedFolder } from '../support/tools';
import { python } from './support/gdal';
import { newReader, oneScene, readBand } from './support/scenes';

const folder = sharedFolder && join(sharedFolder, 'data', 's2-bolzano', 'S2_L2A_20220612');
const file = (band: string) => join(folder ?? '', `${band}.tif`);
const mercator = tileMatrixSet('WebMercatorQuad')!;
const rasterio = pythonWith('numpy', 'rasterio');

/** What rasterio makes of a file's band on a grid; null where it has no data. */
function reproject(href: string, grid: Grid, resampling: string): (number | null)[] {
  return python(
    `
from rasterio.warp import reproject, Resampling
from affine import Affine
g = data['grid']
with rasterio.open(data['href']) as src:
    out = np.zeros((g['height'], g['width']), 'float64')
    reproject(rasterio.band(src, 1), out, dst_transform=Affine(g['resX'], 0, g['originX'], 0, -g['resY'], g['originY']),
      dst_crs=g['crs']['id'], dst_nodata=float('nan'), resampling=Resampling[data['resampling']], tolerance=0.001, num_threads=1)
answer([None if np.isnan(v) else v for v in out.ravel().tolist()])
`,
    { href, grid, resampling },
  );
}

function differing(block: Block, expected: readonly (number | null)[], tolerance: number): number {
  const data = block.data as NumericArray;
  let count = 0;
  for (let i = 0; i < data.length; i++) {
    const other = expected[i];
    const isMissing = Number.isNaN(data[i]);
    if (other === null || isMissing ? (other === null) !== isMissing : Math.abs(data[i] - other) > tolerance)
      count++;
  }
  return count / data.length;
}

describeWith(folder, 'the imagery beside the repository', 'real Sentinel-2 imagery', () => {
  const reader = newReader();
  afterAll(() => reader.close());

  test('says what the files say', async () => {
    const info = await reader.info(file('B04'), AbortSignal.timeout(5000));
    expect(info).toMatchObject({
      samples: 1,
      dataType: 'uint16',
      nodata: 0,
      grid: { originX: 674990, originY: 5154960, resX: 10, resY: 10, width: 935, height: 705 },
    });
    expect(info.grid.crs.id).toBe('EPSG:32632');
  });

  test('four stitched tiles of 256 are one of 512', async () => {
    const cube = await oneScene(reader, {
      B04: { href: file('B04'), sample: 0, scale: 0.0001 },
      SCL: { href: file('SCL'), sample: 0 },
    });
    const address = mercator.tileAt(11.34, 46.49, 13);
    for (const resampling of ['near', 'bilinear'] as const) {
      const whole = await cube.read({ grid: mercator.grid(address, 512) }, AbortSignal.timeout(5000));
      const { z, x, y } = address;
      for (const [dx, dy] of [
        [0, 0],
        [1, 0],
        [0, 1],
        [1, 1],
      ]) {
        const grid = mercator.grid({ z: z + 1, x: x * 2 + dx, y: y * 2 + dy }, 256);
        const part = await cube.read({ grid }, AbortSignal.timeout(5000));
        const one = whole.data as Float32Array;
        const quarter = part.data as Float32Array;
        let different = 0;
        for (let layer = 0; layer < 2; layer++)
          for (let row = 0; row < 256; row++)
            for (let column = 0; column < 256; column++) {
              const a = one[(layer * 512 + dy * 256 + row) * 512 + dx * 256 + column];
              const b = quarter[(layer * 256 + row) * 256 + column];
              if (!Object.is(a, b)) different++;
            }
        expect({ resampling, different }).toEqual({ resampling, different: 0 });
      }
    }
  });

  describeWith(rasterio, 'python3 with rasterio', 'as rasterio warps it', () => {
    const address = mercator.tileAt(11.34, 46.49, 14);
    // rasterio's own positions are up to an eighth of a pixel off, which shows more the smoother the method.
    test.each([
      ['nearest', 'near', 14, 0, 0.005],
      ['nearest', 'near', 15, 0, 0.005],
      ['bilinear', 'bilinear', 16, 1, 0.01],
    ] as const)('%s (%s) at zoom %i', async (theirs, ours, zoom, tolerance, share) => {
      const { x, y } = zoom === 14 ? address : mercator.tileAt(11.345, 46.493, zoom);
      const grid = mercator.grid({ z: zoom, x, y }, 256);
      const block = await readBand(reader, file('B04'), grid, { resampling: ours });
      expect(differing(block, reproject(file('B04'), grid, theirs), tolerance)).toBeLessThanOrEqual(share);
    });
  });
});
