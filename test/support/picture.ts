import sharp from 'sharp';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha of each pixel. */
  readonly data: Uint8Array;
  pixel(x: number, y: number): readonly [number, number, number, number];
  /** How many different colours there are. */
  colours(): number;
}

/** Decodes a PNG, JPEG or WEBP. @throws Error when it is none of these */
export async function decodePicture(bytes: ArrayBuffer | Uint8Array): Promise<Picture> {
  const { data, info } = await sharp(bytes)
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  return {
    width,
    height,
    data,
    pixel: (x, y) => {
      const at = 4 * (y * width + x);
      return [data[at], data[at + 1], data[at + 2], data[at + 3]];
    },
    colours: () => new Set(new Uint32Array(data.buffer, data.byteOffset, width * height)).size,
  };
}

/** The share of pixels that differ, from 0 to 1. @throws Error when the sizes do */
export function difference(a: Picture, b: Picture): number {
  if (a.width !== b.width || a.height !== b.height) throw new Error('The pictures have different sizes');
  const count = a.width * a.height;
  let different = 0;
  for (let at = 0; at < count; at++)
    if ([0, 1, 2, 3].some((channel) => a.data[4 * at + channel] !== b.data[4 * at + channel])) different++;
  return different / count;
}
