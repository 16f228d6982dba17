import { inBlocks, type OpenBlock } from './blocks';
import type { BlockSearch } from './claim-steps';
import { FreeCells } from './free-cells';
import type { CellWindow } from './window';

/** A block's mask in two signed 32-bit halves. */
export type BlockMask = Pick<OpenBlock, 'high' | 'low'>;

interface BlockAddress {
  readonly level: number;
  readonly x: number;
  readonly y: number;
}

const empty: BlockMask = { high: 0, low: 0 };

/**
 * The open blocks of a window, found by a walk from the cover downwards past everything that is full.
 * @param maskOf of one state of the database; nothing for a block without a row
 */
export function openBlocks(
  window: CellWindow,
  { cover, level: last, limit }: BlockSearch,
  maskOf: (block: BlockAddress) => BlockMask | undefined,
): OpenBlock[] {
  const found: OpenBlock[] = [];
  const windows = Array.from({ length: cover.level }, (_, level) => inBlocks(window, level));
  const visit = (level: number, x: number, y: number) => {
    const { high, low } = maskOf({ level, x, y }) ?? empty;
    if (high === -1 && low === -1) return;
    const block = { x, y, high, low };
    if (level === last) {
      found.push(block);
      return;
    }
    const below = new FreeCells(windows[level - 1], [block]);
    for (let rank = 0; rank < below.count && found.length < limit; rank++) {
      const child = below.at(rank);
      visit(level - 1, child.x, child.y);
    }
  };
  for (let x = cover.x[0]; x <= cover.x[1]; x++)
    for (let y = cover.y[0]; y <= cover.y[1] && found.length < limit; y++) visit(cover.level, x, y);
  return found;
}
