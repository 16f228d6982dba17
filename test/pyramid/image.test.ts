import sharp from 'sharp';
import { planImage } from '../../src/pyramid/image/plan';
import { layoutOf } from '../../src/pyramid/layouts/layout';
import type { LayoutId } from '../../src/pyramid/types';
import { decode, drawing, encode } from './support/pictures';
import { openWorkshop, type Workshop } from './support/workshop';

jest.setTimeout(120_000);

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop.close());

test('levels are as many as the rule says, and level 0 is one tile', () => {
  for (const tileSizePx of [256, 512])
    for (const [widthPx, heightPx] of [
      ...[
        [1, 1],
        [256, 256],
        [257, 1],
        [512, 512],
        [513, 7],
        [16384, 16384],
        [16385, 3],
        [1999, 1501],
      ],
    ]) {
      const plan = planImage({ widthPx, heightPx, tileSizePx, layout: 'xyz' });
      const levels = Math.max(1, Math.ceil(Math.log2(Math.max(widthPx, heightPx) / tileSizePx)) + 1);
      expect(plan.levels).toHaveLength(levels);
      expect(plan.levels[0]).toMatchObject({ z: 0, count: 1 });
      const { widthPx: width, heightPx: height, count } = plan.levels[levels - 1];
      expect([width, height]).toEqual([widthPx, heightPx]);
      expect(count).toBe(Math.ceil(widthPx / tileSizePx) * Math.ceil(heightPx / tileSizePx));
    }
});

const size = { width: 1301, height: 777 };
const pixels = drawing(size.width, size.height);

/** Puts the tiles of a level together again. */
async function assemble(prefix: string, layout: LayoutId, z: number, format: 'png' | 'jpeg' = 'png') {
  const plan = planImage({ widthPx: size.width, heightPx: size.height, tileSizePx: 256, layout });
  const level = plan.levels[z];
  const data = Buffer.alloc(level.widthPx * level.heightPx * 3);
  let padding = 0;
  for (let y = 0; y <= level.y[1]; y++)
    for (let x = 0; x <= level.x[1]; x++) {
      const tile = await decode(await shop.read(prefix + layoutOf(layout).path(plan, { z, x, y }, format)));
      const width = Math.min(256, level.widthPx - x * 256);
      const height = Math.min(256, level.heightPx - y * 256);
      const whole = layout === 'xyz' ? [256, 256] : [width, height];
      expect([tile.width, tile.height]).toEqual(whole);
      for (let row = 0; row < tile.height; row++)
        for (let column = 0; column < tile.width; column++) {
          const from = (row * tile.width + column) * tile.channels;
          if (row < height && column < width)
            tile.data.copy(data, ((y * 256 + row) * level.widthPx + x * 256 + column) * 3, from, from + 3);
          else if (tile.channels !== 4 || tile.data[from + 3] !== 0) padding++;
        }
    }
  return { data, width: level.widthPx, height: level.heightPx, padding, levels: plan.levels.length };
}

test.each(['xyz', 'dzi', 'zoomify', 'iiif3'] as const)(
  'the tiles of %s are the picture, and smaller levels its means',
  async (layout) => {
    const source = await shop.store(await encode(pixels, size.width, size.height, 'png'));
    const { result } = await shop.generate(source, { layout });
    const top = result.levels - 1;
    const whole = await assemble(result.tiles_path, layout, top);
    expect(whole.data.equals(pixels)).toBe(true);
    expect(whole.padding).toBe(0);
    let above = whole;
    for (let z = top - 1; z >= 0; z--) {
      const level = await assemble(result.tiles_path, layout, z);
      const round = layoutOf(layout).rounding;
      expect([level.width, level.height]).toEqual([
        Math.max(1, Math[round](above.width / 2)),
        Math.max(1, Math[round](above.height / 2)),
      ]);
      let worst = 0;
      for (let y = 0; y < level.height; y++)
        for (let x = 0; x < level.width; x++)
          for (let channel = 0; channel < 3; channel++) {
            let sum = 0;
            for (const [dx, dy] of [
              [0, 0],
              [1, 0],
              [0, 1],
              [1, 1],
            ]) {
              const column = Math.min(above.width - 1, x * 2 + dx);
              const row = Math.min(above.height - 1, y * 2 + dy);
              sum += above.data[(row * above.width + column) * 3 + channel];
            }
            worst = Math.max(worst, Math.abs(level.data[(y * level.width + x) * 3 + channel] - sum / 4));
          }
      expect(worst).toBeLessThanOrEqual(0.5);
      above = level;
    }
  },
);

test('the result tells what was made', async () => {
  const source = await shop.store(await encode(pixels, size.width, size.height, 'jpeg'));
  const { result, files } = await shop.generate(source, { format: 'webp', tile_size: 512 });
  expect(result).toMatchObject({
    ...{ ...size, levels: 3, tile_size: 512, format: 'webp', layout: 'xyz', minzoom: 0, maxzoom: 2 },
    ...{ tile_count: 6 + 2 + 1, skipped_empty: 0 },
  });
  const keys = await shop.keys(result.tiles_path);
  expect(keys.filter((key) => key.endsWith('.webp'))).toHaveLength(9);
  expect(files.map(({ name }) => name)).toEqual(['tilejson.json', 'metadata.json']);
  expect(JSON.parse(String(await shop.read(`${result.tiles_path}metadata.json`)))).toEqual(result);
});

test.each(['png', 'jpeg', 'webp', 'avif'] as const)('tiles in %s', async (format) => {
  const source = await shop.store(await encode(drawing(300, 200, 4), 300, 200, 'png'));
  const { result } = await shop.generate(source, { format });
  const key = (await shop.keys(result.tiles_path)).find((each) => each.startsWith('1/0/0.'));
  const bytes = await shop.read(result.tiles_path + key);
  const metadata = await sharp(bytes).metadata();
  expect(format === 'avif' ? metadata.format === 'heif' : metadata.format === format).toBe(true);
  expect(metadata.hasAlpha).toBe(format !== 'jpeg');
  const { data, channels } = await decode(bytes);
  // The corner is transparent; JPEG shows white there.
  if (format === 'jpeg') expect([...data.subarray(0, 3)].every((value) => value > 245)).toBe(true);
  else expect(data[channels - 1]).toBeLessThan(5);
});

test('empty tiles are left out unless they are asked for', async () => {
  const data = Buffer.alloc(1024 * 1024 * 4);
  data.fill(255, 0, 4 * 100);
  const source = await shop.store(await encode(data, 1024, 1024, 'png'));
  const sparse = await shop.generate(source);
  expect(sparse.result).toMatchObject({ tile_count: 3, skipped_empty: 18 });
  const full = await shop.generate(source, { write_empty: true });
  expect(full.result).toMatchObject({ tile_count: 21, skipped_empty: 0 });
});

test.each(['near', 'bilinear', 'cubic', 'lanczos'] as const)('smaller levels by %s', async (resampling) => {
  // A single colour stays what it is, a step stays where it is.
  const flat = Buffer.alloc(600 * 300 * 3);
  for (let y = 0; y < 300; y++)
    for (let x = 0; x < 600; x++) flat.fill(x < 300 ? 40 : 200, (y * 600 + x) * 3, (y * 600 + x) * 3 + 3);
  const source = await shop.store(await encode(flat, 600, 300, 'png'));
  const { result } = await shop.generate(source, { resampling });
  const { data } = await decode(await shop.read(`${result.tiles_path}0/0/0.png`));
  const at = (x: number) => data[(30 * 256 + x) * 4];
  expect([at(10), at(60), at(90), at(140)]).toEqual([40, 40, 200, 200]);
  const edge = at(74) + at(75);
  expect(Math.abs(edge - 240)).toBeLessThanOrEqual(resampling === 'near' ? 200 : 2);
});

test('what is no picture, is broken or too large is refused, and leaves nothing', async () => {
  const invalid = { code: 'AssetInvalid', status: 400 };
  const png = await encode(pixels, size.width, size.height, 'png');
  for (const bytes of [Buffer.from('hello'), Buffer.alloc(0), png.subarray(0, 2000), png.subarray(8), svg]) {
    const source = await shop.store(bytes);
    await expect(shop.generate(source, {}, { prefix: 'refused/' })).rejects.toMatchObject(invalid);
  }
  await expect(shop.generate({ kind: 'file', open: async () => undefined })).rejects.toMatchObject(invalid);
  expect((await shop.objects.list('refused')).items).toEqual([]);
});
const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>');

test.each([
  [{ layout: 'dzi', archive: 'pmtiles' }, /xyz only/],
  [{ minzoom: 1 }, /minzoom/],
  [
    {
      area: {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [1, 0],
            [0, 1],
          ],
        ],
      },
    },
    /no place on Earth/,
  ],
  [{ quality: 10 }, /0 to 9/],
  [{ format: 'jpeg', quality: 0 }, /1 to 100/],
  [{ resampling: 'mode' }, /average/],
] as const)('%j is refused', async (options, message) => {
  const source = await shop.store(await encode(pixels, size.width, size.height, 'png'));
  await expect(shop.generate(source, options)).rejects.toMatchObject({
    code: 'RequestInvalid',
    message: expect.stringMatching(message),
  });
});

test('photographs that were taken lying are tiled standing', async () => {
  const lying = await sharp(pixels, { raw: { ...size, channels: 3 } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  const { result } = await shop.generate(await shop.store(lying));
  expect([result.width, result.height]).toEqual([size.height, size.width]);
});

test('a dry run counts exactly and makes nothing', async () => {
  const source = await shop.store(await encode(pixels, size.width, size.height, 'png'));
  const before = await shop.keys('out/');
  const run = await shop.estimate(source, { archive: 'pmtiles' });
  expect(await shop.keys('out/')).toEqual(before);
  const { result, files } = await shop.generate(source, { archive: 'pmtiles' });
  expect(run.tile_count).toBe(result.tile_count);
  expect(run.levels.map(({ tiles }) => tiles)).toEqual([1, 2, 6, 24]);
  expect(run.storage_operations).toEqual({ put: result.tile_count + files.length, get: 33, list: 2 });
  expect(run.estimated_bytes).toBeGreaterThan(100_000);
  expect(run.estimated_price).toMatchObject({ currency: 'USD', requests: expect.any(Number) });
});

test('pictures that are tiled at the same time have the same tiles, one through a pipe and one by a file', async () => {
  const source = await shop.store(await encode(pixels, size.width, size.height, 'png'));
  const runs = await Promise.all([shop.generate(source), shop.generate(source)]);
  const [one, other] = await Promise.all(
    runs.map(async ({ result: { tiles_path: path } }) => {
      const keys = await shop.keys(path);
      const tiles = keys.filter((key) => key.endsWith('.png'));
      return Promise.all(tiles.map(async (key) => [key, await shop.read(path + key)]));
    }),
  );
  expect(one.length).toBeGreaterThan(0);
  expect(other).toEqual(one);
});

test('tiles that vanish while they are made are made once more', async () => {
  const source = await shop.store(await encode(pixels, size.width, size.height, 'png'));
  let isFirst = true;
  const put: typeof shop.objects.put = async (key, ...rest) => {
    const stored = await shop.objects.put(key, ...rest);
    if (isFirst && key.endsWith('.png')) {
      isFirst = false;
      await shop.objects.remove(key);
    }
    return stored;
  };
  const objects = new Proxy(shop.objects, {
    get: (all, name) => (name === 'put' ? put : Reflect.get(all, name).bind(all)),
  });
  const { result } = await shop.generate(source, {}, { prefix: 'vanishing/', objects });
  const keys = await shop.keys('vanishing/');
  expect(isFirst).toBe(false);
  expect(keys.filter((key) => key.endsWith('.png'))).toHaveLength(result.tile_count);
});
