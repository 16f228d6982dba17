import type { TileAddress } from '../geo/types';
import type { Cover, OpenBlock } from './blocks';
import type { Assignment } from './types';
import { type CellWindow, cellCount } from './window';

export interface ClaimRequest extends CellWindow {
  readonly serviceId: string;
  readonly userId: string;
  readonly actorId: string;
}

/** Which open blocks to look for. */
export interface BlockSearch {
  /** The blocks to begin with. */
  readonly cover: Cover;
  /** The level of the wanted ones, not above that of the cover. */
  readonly level: number;
  /** How many are wanted at most. */
  readonly limit: number;
}

/** What a state of the database tells about a window. */
export interface WindowView {
  /** Blocks of the wanted level that touch the window and are not full, as many as were wanted at most. */
  readonly blocks: readonly OpenBlock[];
  /** The tiles of the service that the users hold who were asked for. */
  readonly held: readonly Assignment[];
}

/** What claims ask of a database. */
export interface ClaimSteps {
  /** The tile that the user holds. */
  get(serviceId: string, userId: string): Promise<Assignment | undefined>;
  /**
   * In one transaction: the first of the cells that is free, taken for the user, counted and recorded. A number
   * stands for so many cells of the window, drawn independently at random: the first free one among them is
   * any free cell with the same probability.
   * `taken` when none of the cells is free; `raced` when one is but the user has a tile already, or somebody
   * else was faster.
   */
  take(
    request: ClaimRequest,
    cells: number | readonly TileAddress[],
  ): Promise<Assignment | 'taken' | 'raced'>;
  /** All of it as of the same instant. */
  look(request: ClaimRequest, userIds: readonly string[], search: BlockSearch): Promise<WindowView>;
}

/** Windows with more cells are worth more random cells, or are narrowed: in smaller ones there are few blocks. */
const largeWindow = 1 << 14;

export function isLarge(window: CellWindow): boolean {
  return cellCount(window) > largeWindow;
}

/** Draws until one of `tries` random cells is free; nothing when none of them is. */
export async function takeRandom(
  steps: ClaimSteps,
  request: ClaimRequest,
  tries: number,
): Promise<Assignment | undefined> {
  for (;;) {
    const taken = await steps.take(request, tries);
    if (typeof taken === 'object') return taken;
    const own = await steps.get(request.serviceId, request.userId);
    if (own || taken === 'taken') return own;
  }
}
