import { crc32 } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { planImage } from '../../src/pyramid/image/plan';
import { layoutOf } from '../../src/pyramid/layouts/layout';
import { decode, drawing, encode } from './support/pictures';
import { openWorkshop, tiles, type Workshop } from './support/workshop';

jest.setTimeout(120_000);

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop.close());

const size = { width: 300, height: 200 };
const of = (channels: 1 | 2 | 3 | 4) => {
  const all = drawing(size.width, size.height, 4);
  const order = [[], [0], [0, 3], [0, 1, 2], [0, 1, 2, 3]][channels];
  const data = Buffer.from(
    Array.from({ length: all.length / 4 }, (_, at) => order.map((channel) => all[at * 4 + channel])).flat(),
  );
  return sharp(data, { raw: { ...size, channels } });
};
const frames = () => {
  const one = drawing(size.width, size.height, 4);
  const data = Buffer.concat([one, Buffer.alloc(one.length, 200)]);
  const raw = { width: size.width, height: 2 * size.height, channels: 4 as const, pageHeight: size.height };
  return sharp(data, { raw });
};

test.each<[string, () => Sharp]>([
  ['CMYK', () => of(3).toColourspace('cmyk').jpeg()],
  ['progressive JPEG', () => of(3).jpeg({ progressive: true })],
  ['16 bits', () => of(3).toColourspace('rgb16').png()],
  ['grey', () => of(1).toColourspace('b-w').png()],
  ['grey of 16 bits', () => of(1).toColourspace('grey16').png()],
  ['grey with opacity', () => of(2).png()],
  ['grey JPEG', () => of(1).toColourspace('b-w').jpeg()],
  ['a table of colours with opacity', () => of(4).png({ palette: true, colours: 16 })],
  ['interlaced', () => of(4).png({ progressive: true })],
  ['one bit a pixel', () => of(1).toColourspace('b-w').tiff({ bitdepth: 1, compression: 'ccittfax4' })],
  ['a wide gamut', () => of(3).withIccProfile('p3').png()],
  ['turned by EXIF', () => of(3).withMetadata({ orientation: 8 }).jpeg()],
  ['mirrored by EXIF', () => of(3).withMetadata({ orientation: 5 }).png()],
  ['moving WebP', () => frames().webp({ lossless: true, loop: 0, delay: [100, 100] })],
  ['moving GIF', () => frames().gif({ loop: 0, delay: [100, 100] })],
  ['AVIF', () => of(4).avif({ quality: 90 })],
])('tiles of a picture in %s show what the picture shows', async (_, make) => {
  const bytes = await make().toBuffer();
  // The first picture of several, standing, in sRGB.
  const { data, info } = await sharp(bytes)
    .autoOrient()
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { result } = await shop.generate(await shop.store(bytes), { tile_size: 512 });
  expect(result).toMatchObject({ width: info.width, height: info.height, levels: 1, tile_count: 1 });
  const tile = await sharp(await shop.read(`${result.tiles_path}0/0/0.png`))
    .extract({ left: 0, top: 0, width: info.width, height: info.height })
    .ensureAlpha()
    .raw()
    .toBuffer();
  expect(tile.equals(data)).toBe(true);
});

test.each(['xyz', 'dzi', 'zoomify', 'iiif3'] as const)('pictures of odd sizes in %s', async (layout) => {
  for (const [width, height] of [
    [1, 1],
    [1, 1100],
    [1030, 1],
    [256, 256],
    [257, 255],
  ]) {
    const source = await shop.store(await encode(drawing(width, height), width, height, 'png'));
    const { result } = await shop.generate(source, { layout });
    const largest = Math.max(width, height);
    // Deep Zoom goes on to a single pixel, and Zoomify rounds down.
    const levels =
      layout === 'dzi'
        ? Math.ceil(Math.log2(largest)) + 1
        : Math.max(0, Math.ceil(Math.log2(largest / 256))) + 1;
    expect([width, height, result.levels]).toEqual([width, height, levels]);
    const plan = planImage({ widthPx: width, heightPx: height, tileSizePx: 256, layout });
    const path = layoutOf(layout).path(plan, { z: levels - 1, x: 0, y: 0 }, 'png');
    const tile = await decode(await shop.read(result.tiles_path + path));
    const isPadded = layout === 'xyz';
    expect([tile.width, tile.height]).toEqual([
      isPadded ? 256 : Math.min(256, width),
      isPadded ? 256 : Math.min(256, height),
    ]);
    expect([...tile.data.subarray(0, 3)]).toEqual([20, 20, 20]);
    if (layout === 'xyz') expect(tiles(await shop.keys(result.tiles_path))).toHaveLength(result.tile_count);
  }
});

/** A TIFF of one strip, as programs of science write them: grey, and nothing said about further channels. */
function tiff(samples: Buffer, channels: number, bits: number, sampleFormat: number): Buffer {
  const [width, height] = [4, samples.length / 4 / channels / (bits / 8)];
  const entries = [
    [256, 4, width],
    [257, 4, height],
    [258, 3, bits],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, 0],
    [277, 3, channels],
    [278, 4, height],
    [279, 4, samples.length],
    [339, 3, sampleFormat],
  ];
  const head = Buffer.alloc(8 + 2 + entries.length * 12 + 4);
  head.write('II*\0', 0, 'latin1');
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(entries.length, 8);
  for (const [index, [tag, type, value]] of entries.entries()) {
    const at = 10 + index * 12;
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(type, at + 2);
    head.writeUInt32LE(1, at + 4);
    head.writeUInt32LE(tag === 273 ? head.length : value, at + 8);
  }
  return Buffer.concat([head, samples]);
}

test('values that are no picture, and sizes that are lies, are refused before they are decoded', async () => {
  const floats = Buffer.from(new Float32Array(16).fill(0.5).buffer);
  const lie = await encode(drawing(10, 10), 10, 10, 'png');
  lie.writeUInt32BE(60_000, 16);
  lie.writeUInt32BE(60_000, 20);
  // The checksum of the header.
  lie.writeUInt32BE(crc32(lie.subarray(12, 29)), 29);
  for (const [bytes, reason] of [
    [tiff(floats, 1, 32, 3), /type float/],
    [tiff(Buffer.alloc(64), 1, 32, 1), /type uint/],
    [tiff(Buffer.alloc(32), 1, 16, 2), /type short/],
    [tiff(Buffer.alloc(80), 5, 8, 1), /5 channels/],
    [tiff(Buffer.alloc(48), 3, 8, 1), /3 channels/],
    [lie, /60000 × 60000/],
  ] as const) {
    const refusal = { code: 'AssetInvalid', message: expect.stringMatching(reason) };
    const source = await shop.store(bytes);
    await expect(shop.estimate(source)).rejects.toMatchObject(refusal);
    await expect(shop.generate(source, {}, { prefix: 'refused/' })).rejects.toMatchObject(refusal);
  }
  const { result } = await shop.generate(await shop.store(tiff(Buffer.alloc(16, 9), 1, 8, 1)));
  expect(result).toMatchObject({ width: 4, height: 4, tile_count: 1 });
  expect((await shop.objects.list('refused')).items).toEqual([]);
});

test.each(['png', 'jpeg'] as const)(
  'a %s that is cut or spoilt half-way ends the generation',
  async (format) => {
    const noise = Buffer.from(Array.from({ length: 700 * 600 * 3 }, (_, at) => (at * 2_654_435_761) >>> 24));
    const whole = await encode(noise, 700, 600, format);
    const half = whole.subarray(0, whole.length / 2);
    const spoilt = Buffer.concat([half, Buffer.alloc(whole.length - half.length)]);
    for (const bytes of [half, whole.subarray(0, whole.length - 20), spoilt])
      await expect(shop.generate(await shop.store(bytes))).rejects.toMatchObject({
        ...{ code: 'AssetInvalid', status: 400, message: expect.stringContaining('cannot be decoded') },
      });
  },
);
