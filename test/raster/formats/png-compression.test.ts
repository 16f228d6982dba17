import sharp from 'sharp';
import { colourType } from '../../../src/raster/formats/png/rows';
import { encodePng } from '../../../src/raster/formats/png/stream';

const side = 96;
const types = { 1: colourType.grey, 2: colourType.greyAlpha, 3: colourType.rgb, 4: colourType.rgba } as const;
type Channels = keyof typeof types;

/** A generator of bytes that are the same in every run. */
function noise(): () => number {
  let state = 7;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
}

/** A slope with grain, as photographs have it; areas of few colours; the same signs again and again. */
const pictures: Record<string, (channels: Channels) => Uint8Array> = {
  photograph: (channels) => {
    const next = noise();
    return Uint8Array.from(
      { length: side * side * channels },
      (_, at) =>
        (Math.floor(at / channels) % side) * 2 + Math.floor(at / channels / side) / 2 + (next() >> 5),
    );
  },
  areas: (channels) =>
    Uint8Array.from({ length: side * side * channels }, (_, at) => {
      const pixel = Math.floor(at / channels);
      return ((pixel % side) >> 5) * 60 + (Math.floor(pixel / side) >> 5) * 20;
    }),
  signs: (channels) => {
    const next = noise();
    const sign = Uint8Array.from({ length: 16 * 16 * channels }, () => next());
    return Uint8Array.from({ length: side * side * channels }, (_, at) => {
      const pixel = Math.floor(at / channels);
      return sign[((Math.floor(pixel / side) % 16) * 16 + (pixel % 16)) * channels + (at % channels)];
    });
  },
};

const encode = (samples: Uint8Array, channels: Channels, level: number) =>
  encodePng({ width: side, height: side, depth: 8, colourType: types[channels] }, samples, { level });

test.each(Object.keys(pictures))(
  '%s are what they were, at any compression and with any channels',
  async (name) => {
    for (const channels of [1, 2, 3, 4] as const)
      for (const level of [2, 6, 9]) {
        const samples = pictures[name](channels);
        const { data, info } = await sharp(await encode(samples, channels, level))
          .raw()
          .toBuffer({ resolveWithObject: true });
        const seen = Array.from({ length: channels }, (_, channel) =>
          channels < 3 && info.channels > 2 && channel === 1 ? 3 : channel,
        );
        for (let pixel = 0; pixel < side * side; pixel++)
          for (let channel = 0; channel < channels; channel++)
            if (data[pixel * info.channels + seen[channel]] !== samples[pixel * channels + channel])
              throw new Error(`${name} ${channels} ${level}: pixel ${pixel} differs`);
      }
  },
);

test('each kind of picture is compressed in the way that suits it', async () => {
  for (const [name, draw] of Object.entries(pictures)) {
    const samples = draw(3);
    const own = (await encode(samples, 3, 6)).length;
    const raw = { width: side, height: side, channels: 3 } as const;
    const plain = (await sharp(samples, { raw }).png({ compressionLevel: 6 }).toBuffer()).length;
    const filtered = await sharp(samples, { raw })
      .png({ compressionLevel: 6, adaptiveFiltering: true })
      .toBuffer();
    // Never much larger than the better of the two ways that libpng has.
    expect([name, own <= Math.min(plain, filtered.length) * 1.15 + 100]).toEqual([name, true]);
  }
});
