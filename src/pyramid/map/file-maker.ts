import { endianness } from 'node:os';
import { createPace } from '../../base/pace';
import type { TileAddress } from '../../geo/types';
import { Buffers } from '../buffers';
import { type RawTile, TileEncoder, type TileEncoding } from '../encode-tile';
import { halverOf } from '../image/halve';
import type { PlannedLevel, PyramidPlan, TileMaker, TileWork } from '../types';
import type { Draw, Drawn } from './drawing';
import { mapTiles } from './plan';

/** Whether the first byte of a number is its lowest. */
const isLittle = endianness() === 'LE';

/** Tiles a side of what is drawn at once. */
const tilesPerSide = 4;

export interface FileMakerOptions {
  readonly plan: PyramidPlan;
  readonly encoding: TileEncoding;
  readonly draw: Draw;
  /** Whether smaller zooms may be made by averaging the pixels of larger ones. */
  readonly isMean: boolean;
  /** Values of one picture. */
  readonly maxPixels: number;
}

/**
 * Makes the tiles of a file, sixteen at once from one reading. Where pixels are means, two zooms below them are halved
 * from the same pixels; the next one is drawn anew, from the overview that fits. So what is missing after a crash can be
 * made without much of what is there already.
 */
export function createFileMaker(options: FileMakerOptions): TileMaker {
  const { plan, encoding, draw, isMean, maxPixels } = options;
  const { tileSizePx } = plan;
  const side = (tilesPerSide * tileSizePx) ** 2 * 4 > maxPixels ? 1 : tilesPerSide;
  const levels = new Map(plan.levels.map((level) => [level.z, level]));
  const halvings = isMean ? Math.log2(side) : 0;
  const encoder = new TileEncoder(encoding);
  const buffers = new Buffers();
  return {
    plan,
    close: async () => {},
    async make({ signal, wants, add }: TileWork): Promise<void> {
      const rest = createPace(signal);
      for (const { z, x, y } of drawnLevels(plan, halvings))
        for (let row = Math.floor(y[0] / side); row * side <= y[1]; row++)
          for (let column = Math.floor(x[0] / side); column * side <= x[1]; column++) {
            signal.throwIfAborted();
            const parts = Array.from({ length: halvings + 1 }, (_, k) =>
              tilesIn(levels.get(z - k), { z, x: column, y: row }, side, k).filter(wants),
            );
            if (parts.every((tiles) => tiles.length === 0)) continue;
            const corner = mapTiles.grid({ z, x: column * side, y: row * side }, tileSizePx);
            let width = side * tileSizePx;
            let picture = await draw({ ...corner, width, height: width }, signal);
            for (const [k, tiles] of parts.entries()) {
              if (parts.slice(k).every((later) => later.length === 0)) break;
              if (k > 0) {
                picture = halve(picture, width);
                width >>= 1;
              }
              await rest();
              const across = width / tileSizePx;
              for (const tile of tiles) {
                const cut = () =>
                  cutTile(
                    picture,
                    width,
                    (tile.x % across) * tileSizePx,
                    (tile.y % across) * tileSizePx,
                    tileSizePx,
                    buffers,
                  );
                await add([tile], async () => {
                  const raw = cut();
                  const made = await encoder.encode(raw);
                  buffers.giveBack(raw.samples);
                  return [made];
                });
              }
            }
          }
    },
  };
}

/** The levels that are drawn from the source, the finest first. */
function drawnLevels({ levels }: PyramidPlan, halvings: number): PlannedLevel[] {
  return [...levels].reverse().filter((_, index) => index % (halvings + 1) === 0);
}

/** The tiles of a level that lie in a square of tiles of a level some zooms above it. */
function tilesIn(
  level: PlannedLevel | undefined,
  square: TileAddress,
  side: number,
  zoomsBelow: number,
): TileAddress[] {
  if (!level) return [];
  const tiles: TileAddress[] = [];
  const across = side >> zoomsBelow;
  const first = (range: readonly [number, number], number: number) => Math.max(range[0], number * across);
  const last = (range: readonly [number, number], number: number) =>
    Math.min(range[1], (number + 1) * across - 1);
  for (let y = first(level.y, square.y); y <= last(level.y, square.y); y++)
    for (let x = first(level.x, square.x); x <= last(level.x, square.x); x++)
      tiles.push({ z: level.z, x, y });
  return tiles;
}

function halve({ samples, channels }: Drawn, width: number): Drawn {
  const half = width >> 1;
  const target = new Uint8Array(half * half * channels);
  halverOf('average').halve({
    from: { widthPx: width, heightPx: width, channels },
    ...{ source: samples, sourceRow: 0, target, targetRow: 0, width: half, rows: half },
  });
  return { samples: target, channels };
}

/** Pixels of one tile; without opacity where all of them are opaque. */
function cutTile(
  { samples, channels }: Drawn,
  width: number,
  left: number,
  top: number,
  sizePx: number,
  buffers: Buffers,
): RawTile {
  const size = { width: sizePx, height: sizePx };
  const start = (top * width + left) * channels;
  if (!isOpaque(samples, start, channels, width, sizePx)) {
    const cut = buffers.take(sizePx * sizePx * channels);
    for (let row = 0; row < sizePx; row++) {
      const from = start + row * width * channels;
      cut.set(samples.subarray(from, from + sizePx * channels), row * sizePx * channels);
    }
    return { samples: cut, ...size, channels };
  }
  const colours = channels === 4 ? 3 : 1;
  const opaque = buffers.take(sizePx * sizePx * colours);
  const isAligned = ((samples.byteOffset | opaque.byteOffset | start) & 3) === 0;
  if (colours === 3 && isLittle && isAligned && sizePx % 4 === 0) {
    dropOpacity(samples, start, width, opaque, sizePx);
    return { samples: opaque, ...size, channels: colours };
  }
  for (let row = 0, to = 0; row < sizePx; row++) {
    let from = start + row * width * channels;
    for (const end = from + sizePx * channels; from < end; from += channels, to += colours) {
      opaque[to] = samples[from];
      if (colours === 1) continue;
      opaque[to + 1] = samples[from + 1];
      opaque[to + 2] = samples[from + 2];
    }
  }
  return { samples: opaque, ...size, channels: colours };
}

/** Takes the colours of a square of pixels, four pixels at once. */
function dropOpacity(samples: Uint8Array, start: number, width: number, opaque: Uint8Array, sizePx: number) {
  const from = new Uint32Array(samples.buffer, samples.byteOffset, samples.length >> 2);
  const to = new Uint32Array(opaque.buffer, opaque.byteOffset, opaque.length >> 2);
  for (let row = 0, out = 0; row < sizePx; row++) {
    let at = (start >> 2) + row * width;
    for (const end = at + sizePx; at < end; at += 4, out += 3) {
      const b = from[at + 1];
      const c = from[at + 2];
      to[out] = (from[at] & 0xffffff) | (b << 24);
      to[out + 1] = ((b >>> 8) & 0xffff) | (c << 16);
      to[out + 2] = ((c >>> 16) & 0xff) | (from[at + 3] << 8);
    }
  }
}

function isOpaque(
  samples: Uint8Array,
  start: number,
  channels: number,
  width: number,
  sizePx: number,
): boolean {
  for (let row = 0; row < sizePx; row++) {
    const from = start + row * width * channels;
    for (let at = from + channels - 1; at < from + sizePx * channels; at += channels)
      if (samples[at] !== 255) return false;
  }
  return true;
}
