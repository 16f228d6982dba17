import type { TileAddress } from '../../geo/types';
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
      for (const tiles of this.#groups(row, wants)) await add(tiles, () => this.#encode(row, tiles));
      signal.throwIfAborted();
    }
  }

  close(): Promise<void> {
    return this.options.image.close();
  }

  /** The tiles of a row that are wanted, neighbours together as far as that makes less work. */
  #groups(row: TileRow, wants: TileWork['wants']): TileAddress[][] {
    const { levels, tileSizePx } = this.options.plan;
    const [first, last] = levels[row.z].x;
    const whole = row.rows < tileSizePx ? 0 : Math.floor(row.widthPx / tileSizePx);
    const most = this.#encoder.tilesTogether(row.channels);
    const groups: TileAddress[][] = [];
    for (let x = first; x <= last; x++) {
      const tile = { z: row.z, x, y: row.y };
      if (!wants(tile)) continue;
      const group = groups.at(-1);
      if (group && group.length < most && group[0].x + group.length === x && x < whole) group.push(tile);
      else groups.push([tile]);
    }
    return groups;
  }

  async #encode(row: TileRow, tiles: readonly TileAddress[]): Promise<readonly MadeTile[]> {
    const raw = this.#cut(row, tiles[0].x, tiles.length);
    const made =
      tiles.length === 1
        ? [await this.#encoder.encode(raw)]
        : await this.#encoder.encodeRow({ ...raw, tileSizePx: raw.height, count: tiles.length });
    this.#buffers.giveBack(raw.samples);
    return made;
  }

  /** Pixels of neighbours. */
  #cut({ samples: strip, widthPx, channels, rows }: TileRow, x: number, count: number): RawTile {
    const { tileSizePx, layout } = this.options.plan;
    const width = Math.min(tileSizePx * count, widthPx - x * tileSizePx);
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
