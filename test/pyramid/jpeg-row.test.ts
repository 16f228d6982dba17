import { encodeTile, TileEncoder } from '../../src/pyramid/encode-tile';
import { encodeJpegs } from '../../src/pyramid/jpeg-row';
import { decode, drawing, encode } from './support/pictures';
import { openWorkshop, type Workshop } from './support/workshop';

jest.setTimeout(120_000);

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop.close());

/** One of several tiles side by side, taken out pixel by pixel. */
function tileOf(samples: Uint8Array, sizePx: number, count: number, index: number) {
  const tile = Buffer.alloc(sizePx * sizePx * 3);
  for (let row = 0; row < sizePx; row++)
    for (let at = 0; at < sizePx * 3; at++)
      tile[row * sizePx * 3 + at] = samples[(row * count + index) * sizePx * 3 + at];
  return { samples: tile, width: sizePx, height: sizePx, channels: 3 as const };
}

test.each([
  [1, 256, 2],
  [37, 512, 3],
  [80, 256, 8],
  [89, 256, 5],
])(
  'quality %i, %i pixels: %i tiles that are compressed together have the bytes of each alone',
  async (quality, tileSizePx, count) => {
    const samples = drawing(tileSizePx * count, tileSizePx);
    const made = await encodeJpegs({ samples, tileSizePx, count }, quality);
    expect(made).toHaveLength(count);
    for (const [index, tile] of made!.entries()) {
      const alone = await encodeTile(tileOf(samples, tileSizePx, count, index), { format: 'jpeg', quality });
      expect(Buffer.compare(tile, alone)).toBe(0);
    }
  },
);

test.each(['many colours', 'one colour', 'one colour each'])('rows of %s at every quality', async (kind) => {
  const count = 4;
  const samples = drawing(256 * count, 256);
  if (kind === 'one colour') samples.fill(70);
  if (kind === 'one colour each')
    for (let at = 0; at < samples.length; at++) samples[at] = 50 * (Math.floor(at / 768) % count) + (at % 3);
  for (const quality of [80, 90, 100]) {
    const encoder = new TileEncoder({ format: 'jpeg', quality });
    const made = await encoder.encodeRow({ samples, tileSizePx: 256, count });
    expect(made.map(({ isEmpty }) => isEmpty)).toEqual([false, false, false, false]);
    for (const [index, { body }] of made.entries()) {
      const alone = await encodeTile(tileOf(samples, 256, count, index), { format: 'jpeg', quality });
      expect(Buffer.compare(body, alone)).toBe(0);
    }
  }
});

test.each([
  ['dzi', 3],
  ['xyz', 3],
  ['xyz', 4],
] as const)(
  'JPEG tiles of %s, of %i channels, are those of PNG, compressed one by one',
  async (layout, channels) => {
    const source = await shop.store(await encode(drawing(2200, 777, channels), 2200, 777, 'png'));
    const [jpeg, png] = await Promise.all([
      shop.generate(source, { layout, format: 'jpeg', write_empty: true }),
      shop.generate(source, { layout, format: 'png', write_empty: true }),
    ]);
    expect(jpeg.result.tile_count).toBe(png.result.tile_count);
    const keys = (await shop.keys(png.result.tiles_path)).filter((key) => /\d\.png$/.test(key));
    expect(keys).toHaveLength(jpeg.result.tile_count);
    for (const key of keys) {
      const { data, ...shape } = await decode(await shop.read(png.result.tiles_path + key));
      const expected = await encodeTile(
        { samples: data, ...shape, channels: shape.channels as 3 | 4 },
        { format: 'jpeg', quality: 80 },
      );
      const tile = await shop.read(jpeg.result.tiles_path + key.replace(/png$/, 'jpg'));
      expect([key, Buffer.compare(tile, expected)]).toEqual([key, 0]);
    }
  },
);
