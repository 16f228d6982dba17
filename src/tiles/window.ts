import type { TileAddress } from '../geo/types';
import type { CellRange } from './types';

/** The cells that a claim may choose from: a rectangle of one zoom level, inclusive on all sides. */
export interface CellWindow {
  readonly zoom: number;
  readonly xRange: CellRange;
  readonly yRange: CellRange;
}

/** A uniformly distributed integer in 0 … `limit` − 1, without bias. */
export type RandomInteger = (limit: number) => number;

/** Cells in the window: up to 2^60, so large counts are approximate. */
export function cellCount({ xRange, yRange }: CellWindow): number {
  return (xRange[1] - xRange[0] + 1) * (yRange[1] - yRange[0] + 1);
}

export function isInWindow({ xRange, yRange }: CellWindow, { x, y }: TileAddress): boolean {
  return x >= xRange[0] && x <= xRange[1] && y >= yRange[0] && y <= yRange[1];
}

/** One cell of the window, each with the same probability, free or not. */
function randomCell({ zoom, xRange, yRange }: CellWindow, random: RandomInteger): TileAddress {
  return {
    z: zoom,
    x: xRange[0] + random(xRange[1] - xRange[0] + 1),
    y: yRange[0] + random(yRange[1] - yRange[0] + 1),
  };
}

/** `count` cells, drawn independently: the first free one among them is any free cell with the same probability. */
export function* randomCells(
  window: CellWindow,
  count: number,
  random: RandomInteger,
): Generator<TileAddress, void, undefined> {
  for (let drawn = 0; drawn < count; drawn++) yield randomCell(window, random);
}
