import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mapTiles } from '../../../src/pyramid/map/plan';
import { describeWith, program } from '../../support/tools';
import { decode, drawing, encode, type Pixels } from '../support/pictures';
import { openWorkshop, tiles, type Workshop } from '../support/workshop';

jest.setTimeout(240_000);

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop.close());

/** How far the pixels of one tile lie beside those of another: least squares over gradients (Lucas and Kanade). */
function shiftOf(one: Pixels, other: Pixels): { dx: number; dy: number; weight: number } {
  const { width, height } = one;
  const at = (image: Pixels, x: number, y: number) => image.data[(y * width + x) * image.channels];
  const seen = (image: Pixels, x: number, y: number) =>
    image.channels !== 4 || image.data[(y * width + x) * 4 + 3] === 255;
  let [xx, xy, yy, xt, yt] = [0, 0, 0, 0, 0];
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++) {
      const around = [
        [0, 0],
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ];
      if (!around.every(([dx, dy]) => seen(one, x + dx, y + dy) && seen(other, x + dx, y + dy))) continue;
      const gx = (at(other, x + 1, y) - at(other, x - 1, y)) / 2;
      const gy = (at(other, x, y + 1) - at(other, x, y - 1)) / 2;
      const difference = at(one, x, y) - at(other, x, y);
      xx += gx * gx;
      xy += gx * gy;
      yy += gy * gy;
      xt += gx * difference;
      yt += gy * difference;
    }
  const determinant = xx * yy - xy * xy;
  return determinant < 1e6
    ? { dx: 0, dy: 0, weight: 0 }
    : { dx: (yy * xt - xy * yt) / determinant, dy: (xx * yt - xy * xt) / determinant, weight: 1 };
}

const gdal = program('gdal2tiles.py') && program('gdal_translate');
describeWith(gdal, 'gdal2tiles.py', 'a GeoTIFF beside gdal2tiles', () => {
  /** The picture in a projection, with opacity. */
  async function geotiff(name: string, ...options: string[]): Promise<string> {
    const png = join(shop.folder, `${name}.png`);
    const tif = join(shop.folder, `${name}.tif`);
    writeFileSync(png, await encode(drawing(901, 703, 4), 901, 703, 'png'));
    execFileSync('gdal_translate', ['-q', ...options, png, tif]);
    return tif;
  }

  test.each([
    ['UTM', ['-a_srs', 'EPSG:32632', '-a_ullr', '676000', '5153000', '682307', '5148079']],
    ['longitude and latitude', ['-a_srs', 'EPSG:4326', '-a_ullr', '11.2', '46.6', '11.2815', '46.5563']],
  ])('in %s: the same tiles, at most half a pixel beside theirs', async (name, place) => {
    const tif = await geotiff(name.slice(0, 3), ...place);
    const theirs = join(shop.folder, `gdal-${name.slice(0, 3)}`);
    execFileSync('gdal2tiles.py', ['-q', '-x', '--xyz', '-w', 'none', '-r', 'average', tif, theirs]);
    const { result } = await shop.generate(await shop.store(readFileSync(tif)));
    const made = tiles(await shop.keys(result.tiles_path));
    const expected = tiles(readdirSync(theirs, { recursive: true }) as string[]);
    expect(made).toEqual(expected);
    const shifts: { dx: number; dy: number; weight: number }[] = [];
    for (const tile of made) {
      const one = await decode(await shop.read(result.tiles_path + tile));
      const other = await decode(readFileSync(join(theirs, tile)));
      shifts.push(shiftOf(one, other));
    }
    const judged = shifts.filter(({ weight }) => weight > 0);
    expect(judged.length).toBeGreaterThan(made.length / 2);
    // Theirs are cut at whole pixels of the source, each a bit beside the truth: their middle counts.
    for (const axis of ['dx', 'dy'] as const) {
      const sorted = judged.map((shift) => shift[axis]).sort((one, other) => one - other);
      expect(Math.abs(sorted[sorted.length >> 1])).toBeLessThanOrEqual(0.5);
    }
    await expectExact(tif, result.tiles_path, made);
  });

  /** Beside gdalwarp, which warps onto the pixels of a tile exactly. */
  async function expectExact(tif: string, prefix: string, made: readonly string[]): Promise<void> {
    const warped = join(shop.folder, 'warped.tif');
    let judged = 0;
    // One in three, of every zoom.
    const sample = made.filter((_, index) => index % 3 === 0);
    for (const tile of sample) {
      const [z, x, y] = tile.split(/[/.]/).map(Number);
      const { west, south, east, north } = mapTiles.bounds({ z, x, y });
      const place = ['-te', west, south, east, north, '-ts', 256, 256].map(String);
      const options = ['-q', '-overwrite', '-t_srs', 'EPSG:3857', '-et', '0', '-r', 'average', ...place];
      execFileSync('gdalwarp', [...options, tif, warped]);
      const shift = shiftOf(await decode(await shop.read(prefix + tile)), await decode(readFileSync(warped)));
      judged += shift.weight;
      expect(Math.max(Math.abs(shift.dx), Math.abs(shift.dy))).toBeLessThanOrEqual(0.1);
    }
    expect(judged).toBeGreaterThan(sample.length / 2);
  }

  test('what is no-data is transparent, and tiles of nothing else are left out', async () => {
    const png = join(shop.folder, 'holes.png');
    const data = drawing(1024, 1024);
    for (let y = 0; y < 1024; y++) data.fill(0, y * 1024 * 3, y * 1024 * 3 + 512 * 3);
    writeFileSync(png, await encode(data, 1024, 1024, 'png'));
    const tif = join(shop.folder, 'holes.tif');
    const ullr = ['-a_ullr', '1252344.27', '5871520.4', '1257236.24', '5866628.43'];
    execFileSync('gdal_translate', ['-q', '-a_srs', 'EPSG:3857', ...ullr, '-a_nodata', '0', png, tif]);
    const { result } = await shop.generate(await shop.store(readFileSync(tif)), { minzoom: 15, maxzoom: 15 });
    const run = await shop.estimate(await shop.store(readFileSync(tif)), { minzoom: 15, maxzoom: 15 });
    expect(result.tile_count + result.skipped_empty).toBe(run.tile_count);
    expect(result.skipped_empty).toBeGreaterThan(run.tile_count / 4);
    const [first] = tiles(await shop.keys(result.tiles_path));
    expect((await decode(await shop.read(result.tiles_path + first))).channels).toBe(4);
  });

  test('a large file without overviews is tiled at small zooms too', async () => {
    const tif = join(shop.folder, 'large.tif');
    const small = await geotiff(
      'small',
      '-a_srs',
      'EPSG:32632',
      '-a_ullr',
      '676000',
      '5153000',
      '685010',
      '5145970',
    );
    execFileSync('gdal_translate', ['-q', '-outsize', '4100', '4100', '-co', 'COMPRESS=DEFLATE', small, tif]);
    const { result } = await shop.generate(await shop.store(readFileSync(tif)), { minzoom: 9, maxzoom: 11 });
    expect(result.tile_count).toBeGreaterThan(2);
  });

  test.each([
    ['a rotated raster', ['-a_srs', 'EPSG:32632'], /rotated/],
    ['a table of colours', ['-a_srs', 'EPSG:32632', '-a_ullr', '0', '10', '10', '0'], /colours of a table/],
    [
      'a raster of heights',
      ['-a_srs', 'EPSG:32632', '-a_ullr', '0', '10', '10', '0', '-ot', 'Int16'],
      /int16.*-ot Byte/,
    ],
    [
      'metres that are called degrees',
      ['-a_srs', 'EPSG:4326', '-a_ullr', '600000', '10', '600010', '0'],
      /no degrees/,
    ],
  ])('%s is refused with a reason', async (name, place, reason) => {
    const png = join(shop.folder, 'refused.png');
    const sharp = (await import('sharp')).default;
    const plain = sharp(drawing(64, 64), { raw: { width: 64, height: 64, channels: 3 } });
    writeFileSync(png, await plain.png({ palette: name.includes('table') }).toBuffer());
    const tif = join(shop.folder, 'refused.tif');
    // A world file says how the picture is turned.
    const world = join(shop.folder, 'refused.wld');
    if (name.includes('rotated')) writeFileSync(world, '2\n3\n1\n-6\n0\n0\n');
    execFileSync('gdal_translate', ['-q', ...place, png, tif]);
    rmSync(world, { force: true });
    const source = await shop.store(readFileSync(tif));
    await expect(shop.generate(source)).rejects.toMatchObject({
      code: 'AssetInvalid',
      message: expect.stringMatching(reason),
    });
  });

  test('a TIFF without a place is a plain image', async () => {
    const png = join(shop.folder, 'plain.png');
    writeFileSync(png, await encode(drawing(300, 200), 300, 200, 'png'));
    const tif = join(shop.folder, 'plain.tif');
    execFileSync('gdal_translate', ['-q', png, tif]);
    const { result } = await shop.generate(await shop.store(readFileSync(tif)), { layout: 'dzi' });
    expect(result).toMatchObject({ width: 300, height: 200, layout: 'dzi' });
  });
});
