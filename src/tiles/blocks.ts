import type { TileAddress } from '../geo/types';
import type { CellRange } from './types';
import type { CellWindow } from './window';

/**
 * Where there is room is kept as a hierarchy of bitmaps. A block of level 1 is a square of 8 × 8 cells with a
 * bit for every cell that is taken; a block of level n is a square of 8 × 8 blocks of level n − 1 with a bit
 * for every one that is full. A block without a row has no bit set. So a claim changes one row (one in 64
 * claims changes two), and whoever looks for the last free cell skips what is full, 64 blocks at a time.
 */
export const blockBits = 3;
/** A block of the top level is 4096 cells wide. */
export const topLevel = 4;
/** A mask with all 64 bits set, as the signed integer that both databases store. */
export const fullMask = -1;

/** A block with room, as the database answers: its mask in two signed 32-bit halves. */
export interface OpenBlock {
  readonly x: number;
  readonly y: number;
  /** Rows 4 to 7 of the block, each of eight cells or blocks of the level below. */
  readonly high: number;
  /** Rows 0 to 3 of the block. Bit 8·row + column. */
  readonly low: number;
}

/** The block of `level` that contains the cell. */
export function blockOf({ x, y }: TileAddress, level: number): { readonly x: number; readonly y: number } {
  return { x: x >> (blockBits * level), y: y >> (blockBits * level) };
}

/** The bit that stands for the cell, or for the block below with the cell in it, in the block of `level`. */
export function bitOf({ x, y }: TileAddress, level: number): number {
  const shift = blockBits * (level - 1);
  return (((y >> shift) & 7) << blockBits) | ((x >> shift) & 7);
}

/** The window in blocks of `level`; in cells for level 0. */
export function inBlocks({ zoom, xRange, yRange }: CellWindow, level: number): CellWindow {
  const shift = blockBits * level;
  return {
    zoom,
    xRange: [xRange[0] >> shift, xRange[1] >> shift],
    yRange: [yRange[0] >> shift, yRange[1] >> shift],
  };
}

/** The blocks of one level that a window touches. */
export interface Cover {
  readonly level: number;
  readonly x: CellRange;
  readonly y: CellRange;
  /** How many there are. */
  readonly count: number;
}

function coverAt(window: CellWindow, level: number): Cover {
  const { xRange: x, yRange: y } = inBlocks(window, level);
  return { level, x, y, count: (x[1] - x[0] + 1) * (y[1] - y[0] + 1) };
}

/** So few blocks cover any window that is not wider than one of them; more would be looked at though they are full. */
const few = 4;

/** Where a search begins: the lowest level from `lowest` on at which few blocks cover the window, or the top level. */
export function coverOf(window: CellWindow, lowest: number): Cover {
  for (let level = lowest; level < topLevel; level++) {
    const cover = coverAt(window, level);
    if (cover.count <= few) return cover;
  }
  return coverAt(window, topLevel);
}
