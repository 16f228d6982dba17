import { createPace } from '../../base/pace';
import type { PlannedLevel, PyramidPlan } from '../types';
import type { DecodedImage } from './decode';
import { type Halver, type HalvingMethod, halverOf, type ImageShape } from './halve';

/** Rows that are halved without giving way to others. */
const rowsAtOnce = 64;

/** A row of tiles: all pixels of its image rows. */
export interface TileRow extends ImageShape {
  readonly z: number;
  /** The row's number; its first image row is `y` times the size of a tile. */
  readonly y: number;
  /** Image rows, fewer than a tile's in the last one. */
  readonly rows: number;
  readonly samples: Uint8Array;
}

/** One level of a pyramid, of which the rows of one row of tiles are in memory. */
class Level implements ImageShape {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly z: number;
  readonly #room: Uint8Array;
  /** The image row that the memory begins with. */
  first = 0;
  /** The image row after the last one that is in memory. */
  end = 0;
  /** The row of tiles that is being filled. */
  row = 0;

  constructor(
    { z, widthPx, heightPx }: PlannedLevel,
    readonly channels: ImageShape['channels'],
    readonly tileSizePx: number,
    reach: number,
  ) {
    this.z = z;
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    const rows = Math.min(heightPx, tileSizePx + 2 * reach + 2);
    this.#room = new Uint8Array(rows * this.stride);
  }

  get stride(): number {
    return this.widthPx * this.channels;
  }

  /** The image row after the last one of the row of tiles. */
  get rowEnd(): number {
    return Math.min(this.heightPx, (this.row + 1) * this.tileSizePx);
  }

  /** The memory of image rows. */
  rows(first: number, end: number): Uint8Array {
    return this.#room.subarray((first - this.first) * this.stride, (end - this.first) * this.stride);
  }

  /** Goes on to the next row of tiles, keeping the image rows from one on. */
  advance(keepFrom: number): void {
    this.#room.set(this.rows(keepFrom, this.end));
    this.first = keepFrom;
    this.row++;
  }
}

/**
 * Rows of tiles of all levels, each as soon as its pixels are there: levels are halved from one another while the image
 * is read from the top down, so memory holds one row of tiles of each. What is given out is overwritten afterwards.
 * @throws the signal's reason; what the image throws
 */
export async function* tileRows(
  image: DecodedImage,
  plan: PyramidPlan,
  method: HalvingMethod,
  signal: AbortSignal,
): AsyncGenerator<TileRow> {
  const halver = halverOf(method);
  const levels = plan.levels.map((level) => new Level(level, image.channels, plan.tileSizePx, halver.reach));
  const top = levels[levels.length - 1];
  const rest = createPace(signal);
  while (top.end < top.heightPx) {
    const { end, rowEnd } = top;
    await image.readRows(end, top.rows(end, rowEnd), signal);
    top.end = rowEnd;
    yield* finishRow(levels, levels.length - 1, halver, rest);
  }
}

/** Gives out a row of tiles that is full, and goes on with the level below it. */
async function* finishRow(
  levels: readonly Level[],
  index: number,
  halver: Halver,
  rest: () => Promise<void> | undefined,
): AsyncGenerator<TileRow> {
  const level = levels[index];
  const { z, row: y, channels, widthPx, heightPx, rowEnd } = level;
  const first = y * level.tileSizePx;
  const samples = level.rows(first, rowEnd);
  yield { z, y, rows: rowEnd - first, samples, channels, widthPx, heightPx };
  if (index === 0) {
    level.advance(level.end);
    return;
  }
  const below = levels[index - 1];
  for (;;) {
    const possible =
      level.end === level.heightPx ? below.heightPx : Math.floor((level.end - halver.reach) / 2);
    const rows = Math.min(possible, below.rowEnd, below.end + rowsAtOnce) - below.end;
    if (rows <= 0) break;
    halver.halve({
      from: level,
      source: level.rows(level.first, level.end),
      sourceRow: level.first,
      target: below.rows(below.end, below.end + rows),
      targetRow: below.end,
      width: below.widthPx,
      rows,
    });
    below.end += rows;
    if (below.end === below.rowEnd) yield* finishRow(levels, index - 1, halver, rest);
    await rest();
  }
  level.advance(Math.min(level.end, Math.max(level.first, below.end * 2 - halver.reach)));
}
