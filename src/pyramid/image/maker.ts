import { join } from 'node:path';
import type { TileAddress } from '../../geo/types';
import { encodeTile, isTransparent, onlyColour, type RawTile, type TileEncoding } from '../encode-tile';
import { layoutOf } from '../layouts/layout';
import type { MadeTile, PyramidPlan, TileMaker } from '../types';
import { type HalvingMethod, halveImage, type RawImage } from './halve';
import { Strips } from './strips';

/** Buffers of tiles that are kept for further ones. */
const maxFree = 32;

export interface ImageMakerOptions {
  /** The decoded source; the maker closes it. */
  readonly image: RawImage;
  readonly plan: PyramidPlan;
  readonly encoding: TileEncoding;
  readonly resampling: HalvingMethod;
  /** For the scratch files of smaller levels. */
  readonly folder: string;
}

/** Makes the tiles of a plain image. Levels are halved from one another in scratch files as they are asked for. */
export function createImageMaker(options: ImageMakerOptions): TileMaker {
  return new ImageMaker(options);
}

class ImageMaker implements TileMaker {
  readonly #levels: Promise<RawImage>[] = [];
  readonly #strips = new Strips();
  /** Buffers of finished tiles, for further ones. */
  readonly #free: Buffer[] = [];
  /** Encoded tiles of one colour, which maps of seas are full of. */
  readonly #plain = new Map<string, Promise<Uint8Array>>();

  constructor(private readonly options: ImageMakerOptions) {
    this.#levels[options.plan.levels.length - 1] = Promise.resolve(options.image);
  }

  get plan(): PyramidPlan {
    return this.options.plan;
  }

  async make(tile: TileAddress, signal: AbortSignal): Promise<MadeTile> {
    signal.throwIfAborted();
    const raw = await this.#cut(tile, signal);
    const isEmpty = isTransparent(raw);
    const colour = isEmpty ? 'none' : onlyColour(raw);
    const body =
      colour === undefined
        ? await encodeTile(raw, this.options.encoding)
        : await this.#encodePlain(raw, colour);
    if (this.#free.length < maxFree) this.#free.push(raw.samples);
    return { body, isEmpty };
  }

  async close(): Promise<void> {
    for (const level of Object.values(this.#levels)) {
      const image = await level.catch(() => undefined);
      await image?.file.close();
    }
  }

  #encodePlain(raw: RawTile, colour: string): Promise<Uint8Array> {
    const key = `${raw.width}/${raw.height}/${raw.channels}/${colour}`;
    let made = this.#plain.get(key);
    if (!made) {
      made = encodeTile(raw, this.options.encoding);
      if (this.#plain.size < 256) this.#plain.set(key, made);
    }
    return made;
  }

  /** Halves down from the nearest level that is there. */
  #level(z: number, signal: AbortSignal): Promise<RawImage> {
    let level = this.#levels[z];
    if (!level) {
      const { plan, resampling, folder } = this.options;
      const { widthPx, heightPx } = plan.levels[z];
      level = this.#level(z + 1, signal).then((above) =>
        halveImage(above, join(folder, `${z}.raw`), { widthPx, heightPx }, resampling, signal),
      );
      this.#levels[z] = level;
    }
    return level;
  }

  async #cut({ z, x, y }: TileAddress, signal: AbortSignal): Promise<RawTile & { readonly samples: Buffer }> {
    const { plan } = this.options;
    const { tileSizePx } = plan;
    const image = await this.#level(z, signal);
    // The next level is halved while this one's tiles are compressed.
    if (z > 0) this.#level(z - 1, signal).catch(() => {});
    const { channels, widthPx, heightPx } = image;
    const width = Math.min(tileSizePx, widthPx - x * tileSizePx);
    const height = Math.min(tileSizePx, heightPx - y * tileSizePx);
    const isCut = width < tileSizePx || height < tileSizePx;
    const isPadded = isCut && layoutOf(plan.layout).isPadded;
    const tile = {
      width: isPadded ? tileSizePx : width,
      height: isPadded ? tileSizePx : height,
      channels: isPadded ? (4 as const) : channels,
    };
    const samples = this.#take(tile.width * tile.height * tile.channels);
    if (isPadded) samples.fill(0);
    await this.#strips.use(`${z}/${y}`, image, y * tileSizePx, height, (strip) => {
      const stride = widthPx * channels;
      for (let row = 0; row < height; row++) {
        const from = row * stride + x * tileSizePx * channels;
        const to = row * tile.width * tile.channels;
        if (tile.channels === channels) strip.copy(samples, to, from, from + width * channels);
        else copyOpaque(strip, from, samples, to, width);
      }
    });
    return { samples, ...tile };
  }

  #take(length: number): Buffer {
    const index = this.#free.findIndex((buffer) => buffer.length === length);
    return index < 0 ? Buffer.allocUnsafeSlow(length) : this.#free.splice(index, 1)[0];
  }
}

/** Pixels without opacity into such with it. */
function copyOpaque(source: Buffer, from: number, target: Buffer, to: number, pixels: number): void {
  let at = from;
  let out = to;
  for (let pixel = 0; pixel < pixels; pixel++) {
    target[out++] = source[at++];
    target[out++] = source[at++];
    target[out++] = source[at++];
    target[out++] = 255;
  }
}
