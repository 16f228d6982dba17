import type { TileAddress } from '../geo/types';
import type { OpenBlock } from './blocks';
import type { CellRange } from './types';
import type { CellWindow, RandomInteger } from './window';

function popCount(bits: number): number {
  let rest = bits - ((bits >>> 1) & 0x55555555);
  rest = (rest & 0x33333333) + ((rest >>> 2) & 0x33333333);
  return Math.imul((rest + (rest >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Ones at the positions of the block (of eight, from `first`) that lie in the range. */
function ones(first: number, [minimum, maximum]: CellRange): number {
  const from = Math.max(0, minimum - first);
  const to = Math.min(7, maximum - first);
  return from > to ? 0 : ((1 << (to + 1)) - 1) & ~((1 << from) - 1);
}

/** The columns repeated for each of four rows. */
function halfMask(columns: number, rows: number): number {
  let mask = 0;
  for (let row = 0; row < 4; row++) if ((rows >> row) & 1) mask |= columns << (8 * row);
  return mask;
}

/** The position of the set bit with this rank, counted from 0. */
function selectBit(bits: number, rank: number): number {
  let rest = bits;
  for (let left = rank; left > 0; left--) rest &= rest - 1;
  return 31 - Math.clz32(rest & -rest);
}

/**
 * The free cells of a window, numbered from 0 without listing them. One level up the same is true of blocks: those of
 * level 2 tell which of level 1 are not full, in a window that is counted in blocks.
 */
export class FreeCells {
  readonly count: number;
  readonly #low: Int32Array;
  readonly #high: Int32Array;
  /** Free cells in the blocks before. */
  readonly #before: Float64Array;

  /** @param blocks all blocks with room that touch the window; those without room do no harm. */
  constructor(
    readonly window: CellWindow,
    readonly blocks: readonly OpenBlock[],
  ) {
    this.#low = new Int32Array(blocks.length);
    this.#high = new Int32Array(blocks.length);
    this.#before = new Float64Array(blocks.length);
    let count = 0;
    for (const [index, block] of blocks.entries()) {
      const columns = ones(block.x * 8, window.xRange);
      const rows = ones(block.y * 8, window.yRange);
      this.#low[index] = ~block.low & halfMask(columns, rows);
      this.#high[index] = ~block.high & halfMask(columns, rows >> 4);
      this.#before[index] = count;
      count += popCount(this.#low[index]) + popCount(this.#high[index]);
    }
    this.count = count;
  }

  /** @param rank 0 … count − 1 */
  at(rank: number): TileAddress {
    const index = this.#blockWith(rank);
    const inLow = popCount(this.#low[index]);
    const inBlock = rank - this.#before[index];
    const bit =
      inBlock < inLow
        ? selectBit(this.#low[index], inBlock)
        : 32 + selectBit(this.#high[index], inBlock - inLow);
    const block = this.blocks[index];
    return { z: this.window.zoom, x: block.x * 8 + (bit & 7), y: block.y * 8 + (bit >> 3) };
  }

  /** Up to `wanted` different cells in random order: each free cell is the first with the same probability. */
  sample(wanted: number, random: RandomInteger): TileAddress[] {
    // A partial Fisher–Yates shuffle of the ranks; only those that were moved are remembered.
    const moved = new Map<number, number>();
    return Array.from({ length: Math.min(wanted, this.count) }, (_, position) => {
      const chosen = position + random(this.count - position);
      const rank = moved.get(chosen) ?? chosen;
      moved.set(chosen, moved.get(position) ?? position);
      return this.at(rank);
    });
  }

  /** The last block that begins at or before the rank; blocks without room begin where the next one does. */
  #blockWith(rank: number): number {
    let low = 0;
    let high = this.#before.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#before[middle] <= rank) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
