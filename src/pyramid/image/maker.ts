import { Buffers } from '../buffers';
import { type RawTile, TileEncoder, type TileEncoding } from '../encode-tile';
import { layoutOf } from '../layouts/layout';
import type { MadeTile, PyramidPlan, TileMaker, TileWork } from '../types';
import type { DecodedImage } from './decode';
import type { HalvingMethod } from './halve';
import { type TileRow, tileRows } from './tile-rows';

export interface ImageMakerOptions {
  /** The source; the maker closes it. */
  readonly image: DecodedImage;
  readonly plan: PyramidPlan;
  readonly encoding: TileEncoding;
  readonly resampling: HalvingMethod;
}

/** Makes the tiles of a plain image, of all levels while it is read from the top down. */
export function createImageMaker(options: ImageMakerOptions): TileMaker {
  return new ImageMaker(options);
}

class ImageMaker implements TileMaker {
  readonly #buffers = new Buffers();
  readonly #encoder: TileEncoder;

  constructor(private readonly options: ImageMakerOptions) {
    this.#encoder = new TileEncoder(options.encoding);
  }

  get plan(): PyramidPlan {
    return this.options.plan;
  }

  async make({ signal, wants, add }: TileWork): Promise<void> {
    const { image, plan, resampling } = this.options;
    for await (const row of tileRows(image, plan, resampling, signal)) {
      const [first, last] = plan.levels[row.z].x;
      for (let x = first; x <= last; x++) {
        const tile = { z: row.z, x, y: row.y };
        if (wants(tile)) await add(tile, () => this.#encode(this.#cut(row, x)));
      }
      signal.throwIfAborted();
    }
  }

  close(): Promise<void> {
    return this.options.image.close();
  }

  async #encode(raw: RawTile): Promise<MadeTile> {
    const made = await this.#encoder.encode(raw);
    this.#buffers.giveBack(raw.samples);
    return made;
  }

  #cut({ samples: strip, widthPx, channels, rows }: TileRow, x: number): RawTile {
    const { tileSizePx, layout } = this.options.plan;
    const width = Math.min(tileSizePx, widthPx - x * tileSizePx);
    const isCut = width < tileSizePx || rows < tileSizePx;
    const isPadded = isCut && layoutOf(layout).isPadded;
    const tile = {
      width: isPadded ? tileSizePx : width,
      height: isPadded ? tileSizePx : rows,
      channels: isPadded ? (4 as const) : channels,
    };
    const samples = this.#buffers.take(tile.width * tile.height * tile.channels);
    if (isPadded) samples.fill(0);
    const stride = widthPx * channels;
    for (let row = 0; row < rows; row++) {
      const from = row * stride + x * tileSizePx * channels;
      const to = row * tile.width * tile.channels;
      if (tile.channels === channels) samples.set(strip.subarray(from, from + width * channels), to);
      else copyOpaque(strip, from, samples, to, width);
    }
    return { samples, ...tile };
  }
}

/** Pixels without opacity into such with it. */
function copyOpaque(source: Uint8Array, from: number, target: Uint8Array, to: number, pixels: number): void {
  let at = from;
  let out = to;
  for (let pixel = 0; pixel < pixels; pixel++) {
    target[out++] = source[at++];
    target[out++] = source[at++];
    target[out++] = source[at++];
    target[out++] = 255;
  }
}
