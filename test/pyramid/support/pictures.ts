import sharp from 'sharp';

/** A picture whose every pixel tells where it is: smooth colours, a grid of lines, and letters of noise. */
export function drawing(width: number, height: number, channels: 3 | 4 = 3): Buffer {
  const data = Buffer.alloc(width * height * channels);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += channels) {
      const isLine = x % 64 === 0 || y % 64 === 0;
      data[at] = isLine ? 20 : Math.round((x / width) * 255);
      data[at + 1] = isLine ? 20 : Math.round((y / height) * 255);
      data[at + 2] = isLine ? 20 : ((x >> 4) ^ (y >> 4)) & 1 ? 200 : 60;
      if (channels === 4) data[at + 3] = Math.hypot(x - width / 2, y - height / 2) < width / 2 ? 255 : 0;
    }
  return data;
}

export function encode(
  data: Buffer,
  width: number,
  height: number,
  format: 'png' | 'jpeg' | 'webp' | 'tiff',
) {
  const channels = (data.length / width / height) as 3 | 4;
  return sharp(data, { raw: { width, height, channels } }).toFormat(format).toBuffer();
}

export interface Pixels {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

export async function decode(bytes: Buffer): Promise<Pixels> {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}
