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

  test.each<[string, string[]]>([
    [
      'tiles',
      ['-co', 'TILED=YES', '-co', 'BLOCKXSIZE=64', '-co', 'BLOCKYSIZE=128', '-co', 'COMPRESS=DEFLATE'],
    ],
    ['strips', ['-co', 'BLOCKYSIZE=7', '-co', 'COMPRESS=LZW']],
    [
      'blocks that are missing',
      ['-co', 'TILED=YES', '-co', 'SPARSE_OK=TRUE', '-scale', '0', '255', '0', '0'],
    ],
  ])('by vectors, from %s, is byte for byte what loops draw', async (name, options) => {
    const plain = await geotiff(`${name.replaceAll(' ', '-')}-together`, 3, ...options);
    // With blocks of their own for each colour, pixels are not side by side.
    const apart = await geotiff(
      `${name.replaceAll(' ', '-')}-apart`,
      3,
      ...options,
      '-co',
      'INTERLEAVE=BAND',
    );
    const signal = AbortSignal.timeout(30_000);
    const room = {};
    let shown = 0;
    for (const [z, size] of [
      [5, 256],
      [7, 256],
      [8, 256],
      [10, 512],
      [12, 1024],
      [13, 256],
      [15, 300],
      [17, 256],
    ])
      for (const [longitude, latitude] of [
        [11.34, 46.49],
        [11.293, 46.507],
        [11.383, 46.462],
      ]) {
        const grid = {
          ...mapTiles.grid(mapTiles.tileAt(longitude, latitude, z), 256),
          width: size,
          height: size,
        };
        const colours = [0, 1, 2];
        const fast = await reader.meanPicture({ href: plain, colours }, grid, signal, room);
        const slow = await reader.meanPicture({ href: apart, colours }, grid, signal);
        expect([z, longitude, Buffer.compare(fast, slow)]).toEqual([z, longitude, 0]);
        if (fast.some((value) => value !== 0)) shown++;
      }
    expect(shown).toBeGreaterThanOrEqual(16);
  });

  test('of pixels that are those of the source is the source', async () => {
    const href = await geotiff('the-same', 3, '-co', 'TILED=YES');
    const { grid } = await reader.info(href, AbortSignal.timeout(30_000));
    const means = await reader.meanPicture({ href, colours: [0, 1, 2] }, grid, AbortSignal.timeout(30_000));
    const samples = drawing(701, 503, 3);
    const expected = Uint8Array.from(means, (_, at) =>
      at % 4 === 3 ? 255 : samples[(at >> 2) * 3 + (at % 4)],
    );
    expect(Buffer.compare(means, expected)).toBe(0);
  });
});
