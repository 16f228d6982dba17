import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mapTiles } from '../../src/pyramid/map/plan';
import { drawWithOpacity } from '../../src/raster/formats/picture';
import { withinOwnExtent } from '../../src/raster/own-extent';
import { drawing, encode } from '../pyramid/support/pictures';
import { describeWith, program } from '../support/tools';
import { newReader, world } from './support/scenes';

jest.setTimeout(60_000);

const gdal = program('gdal_translate');
describeWith(gdal, 'gdal_translate', 'a picture of means', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tilegraph-means-'));
  const reader = newReader();
  afterAll(async () => {
    await reader.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function geotiff(name: string, channels: 3 | 4, ...options: string[]): Promise<string> {
    const png = join(folder, `${name}.png`);
    const tif = join(folder, `${name}.tif`);
    const [width, height] = [701, 503];
    const samples = drawing(width, height, channels);
    writeFileSync(png, await encode(samples, width, height, 'png'));
    const place = name.includes('globe')
      ? ['-a_srs', 'EPSG:4326', '-a_ullr', '-180', '85', '180', '-85']
      : ['-a_srs', 'EPSG:32632', '-a_ullr', '676000', '5153000', '683010', '5147970'];
    execFileSync('gdal_translate', ['-q', ...place, ...options, png, tif]);
    return tif;
  }

  test.each<[string, 3 | 4, string[], readonly number[], number | undefined]>([
    ['colours', 3, [], [0, 1, 2], undefined],
    ['one band', 3, ['-b', '1'], [0], undefined],
    ['opacity', 4, [], [0, 1, 2], 3],
    ['no-data', 3, ['-a_nodata', '20'], [0, 1, 2], undefined],
    ['the globe', 3, [], [0, 1, 2], undefined],
    ['a mask', 3, ['-co', 'TILED=YES', '-mask', '1'], [0, 1, 2], undefined],
  ])('of a file with %s is what a scene cube averages', async (name, channels, options, colours, opacity) => {
    const href = await geotiff(name.replaceAll(' ', '-'), channels, ...options);
    const signal = AbortSignal.timeout(30_000);
    const samples = opacity === undefined ? colours : [...colours, opacity];
    const cube = await reader.sceneCube(
      {
        scenes: [
          {
            datetime: '1970-01-01T00:00:00Z',
            bbox: world,
            bands: new Map(samples.map((sample) => [`${sample}`, { href, sample }])),
          },
        ],
        bands: samples.map((sample) => ({ name: `${sample}` })),
        names: { x: 'x', y: 'y', t: 't', bands: 'bands' },
        dataVersion: '1',
        resampling: 'average',
      },
      signal,
    );
    let shown = 0;
    // Smaller, as large, larger than the file's pixels; in its middle, at its edge and beyond it.
    for (const [longitude, latitude, z] of [
      [11.34, 46.49, 11],
      [11.34, 46.49, 13],
      [11.293, 46.507, 14],
      [11.31, 46.49, 16],
      [-179, 60, 4],
      [179, -60, 2],
    ]) {
      const grid = mapTiles.grid(mapTiles.tileAt(longitude, latitude, z), 256);
      const means = await reader.meanPicture({ href, colours, opacity }, grid, signal);
      const request = { grid, options: {}, maxPixels: 1e7, signal };
      const drawn = await drawWithOpacity(withinOwnExtent(cube), request, 'PNG', {
        stretch: 'none',
        range: null,
      });
      expect(means.length).toBe(drawn.samples.length);
      let worst = 0;
      for (let i = 0; i < means.length; i++) worst = Math.max(worst, Math.abs(means[i] - drawn.samples[i]));
      expect([z, worst <= 1]).toEqual([z, true]);
      if (drawn.hasData) shown++;
    }
    expect(shown).toBeGreaterThanOrEqual(2);
  });
});
