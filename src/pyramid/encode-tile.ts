import sharp from 'sharp';
import { colourType } from '../raster/formats/png/rows';
import { encodePng } from '../raster/formats/png/stream';
import { encodeJpeg, encodeJpegs, type TilePicture } from './jpeg-row';
import type { MadeTile, TileFormat } from './types';

// Tiles are many and small: they run side by side, one thread each.
sharp.concurrency(1);
// No tile is asked for twice.
sharp.cache(false);

/** Pixels of a tile, 8 bits a channel: grey, grey and opacity, colours, colours and opacity. */
export interface RawTile {
  readonly samples: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
}

export interface TileEncoding {
  readonly format: TileFormat;
  /** 1 to 100; of PNG the compression, 0 to 9. */
  readonly quality: number;
}

/** What JPEG shows where a picture is transparent. */
const background = '#ffffff';

/** PNG's colour type by number of channels. */
const pngTypes = {
  1: colourType.grey,
  2: colourType.greyAlpha,
  3: colourType.rgb,
  4: colourType.rgba,
} as const;

/** Compresses a tile. */
export async function encodeTile(tile: RawTile, { format, quality }: TileEncoding): Promise<Uint8Array> {
  const { samples, width, height, channels } = tile;
  if (format === 'png')
    return encodePng({ width, height, depth: 8, colourType: pngTypes[channels] }, samples, {
      level: quality,
    });
  if (format === 'jpeg' && channels === 3) return encodeJpeg(samples, width, height, quality);
  const image = sharp(samples, { raw: { width, height, channels } });
  switch (format) {
    case 'webp':
      return image.webp({ quality, effort: 2 }).toBuffer();
    case 'avif':
      return image.avif({ quality, effort: 2 }).toBuffer();
    default: {
      const opaque = channels === 2 || channels === 4 ? image.flatten({ background }) : image;
      return opaque.jpeg({ quality, optimiseCoding: false }).toBuffer();
    }
  }
}

/** Whether every pixel is fully transparent. */
function isTransparent({ samples, channels }: RawTile): boolean {
  if (channels === 1 || channels === 3) return false;
  for (let at = channels - 1; at < samples.length; at += channels) if (samples[at] !== 0) return false;
  return true;
}

/** The single colour of a tile whose pixels are all alike; undefined for others, mostly at the second pixel. */
function onlyColour({ samples, channels }: Pick<RawTile, 'samples' | 'channels'>): string | undefined {
  for (let at = channels; at < samples.length; at++)
    if (samples[at] !== samples[at - channels]) return undefined;
  return samples.subarray(0, channels).join(',');
}

/** Tiles that are compressed together: with more of them there would be less to do at once. */
const together = 8;

/** Different tiles of one colour that are kept. */
const maxPlain = 256;

/** Compresses the tiles of one pyramid. Those of one colour, which maps of seas are full of, are compressed once. */
export class TileEncoder {
  readonly #plain = new Map<string, Promise<Uint8Array>>();

  constructor(private readonly encoding: TileEncoding) {}

  /** How many tiles side by side are best given to `encodeRow`; one: `encode` does as well. */
  tilesTogether(channels: RawTile['channels']): number {
    return this.encoding.format === 'jpeg' && channels === 3 ? together : 1;
  }

  /** Compresses tiles that lie side by side, each as `encode` does it. */
  async encodeRow(picture: TilePicture): Promise<readonly MadeTile[]> {
    const { count, samples } = picture;
    // Of one colour all of them must be to be worth no second look.
    if (onlyColour({ samples, channels: 3 }) === undefined) {
      const bodies = await encodeJpegs(picture, this.encoding.quality);
      if (bodies) return bodies.map((body) => ({ body, isEmpty: false }));
    }
    return Promise.all(Array.from({ length: count }, (_, index) => this.encode(tileOf(picture, index))));
  }

  async encode(raw: RawTile): Promise<MadeTile> {
    const isEmpty = isTransparent(raw);
    const colour = isEmpty ? 'none' : onlyColour(raw);
    if (colour === undefined) return { body: await encodeTile(raw, this.encoding), isEmpty };
    const key = `${raw.width}/${raw.height}/${raw.channels}/${colour}`;
    let made = this.#plain.get(key);
    if (!made) {
      made = encodeTile(raw, this.encoding);
      if (this.#plain.size < maxPlain) this.#plain.set(key, made);
    }
    return { body: await made, isEmpty };
  }
}

/** One of several tiles that lie side by side. */
function tileOf({ samples, tileSizePx, count }: TilePicture, index: number): RawTile {
  const stride = tileSizePx * 3;
  const tile = new Uint8Array(stride * tileSizePx);
  for (let row = 0, at = index * stride; row < tileSizePx; row++, at += stride * count)
    tile.set(samples.subarray(at, at + stride), row * stride);
  return { samples: tile, width: tileSizePx, height: tileSizePx, channels: 3 };
}
