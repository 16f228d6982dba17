import type { TileAddress } from '../geo/types';
import { type Cover, coverOf, type OpenBlock } from './blocks';
import { NoTileAvailableError } from './errors';
import { FreeCells } from './free-cells';
import type { Assignment } from './types';
import { type CellWindow, cellCount, type RandomInteger } from './window';

export interface ClaimRequest extends CellWindow {
  readonly serviceId: string;
  readonly userId: string;
  readonly actorId: string;
}

/** What a claim asks of a database. */
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
  /** Of one state of the database, up to `limit` blocks of level 1 that touch the window and are not full. */
  openBlocks(request: ClaimRequest, cover: Cover, limit: number): Promise<readonly OpenBlock[]>;
}

/** Of so many random cells one is free with a probability of 99.9 % while a tenth of the window is free. */
const firstTries = 64;
/** And of so many with 92 % while a hundredth is. */
const secondTries = 256;
const mostTries = 4096;
/** How many free cells a searcher takes along, since others look for the same ones. */
const sampleSize = 16;
/** Covers beyond this can't be full: it would take 10^12 assignments and more. */
const largestCover = 1 << 16;

/** Room for blocks at the edge, which are often half outside and never fill up, and for some inside. */
function searchLimit({ xRange, yRange }: CellWindow): number {
  return 512 + (xRange[1] - xRange[0] + yRange[1] - yRange[0]) / 2;
}

/**
 * The user's present tile, or else a random free cell of the window, each with the same probability, at a cost
 * that hardly depends on the window's size. Random cells first. A window in which none of them is free is either
 * nearly full, then few blocks are open and the database names them; or it is in between, then more random cells
 * find one: as many as the root of the window's size balances both. Only a search that saw every open block
 * can refuse.
 * @throws NoTileAvailableError
 */
export async function claimTile(
  steps: ClaimSteps,
  request: ClaimRequest,
  random: RandomInteger,
): Promise<Assignment> {
  const first = await takeRandom(steps, request, firstTries);
  if (first) return first;
  const cells = cellCount(request);
  // A search in a small window looks at fewer blocks than these are cells.
  const second = cells > 64 * secondTries && (await takeRandom(steps, request, secondTries));
  if (second) return second;
  for (let limit = Math.ceil(searchLimit(request)); ; limit = Number.MAX_SAFE_INTEGER) {
    const found = await takeFound(steps, request, limit, random);
    if (found) return found;
    const tries = Math.min(mostTries, Math.ceil(Math.sqrt(cells)));
    const taken = await takeRandom(steps, request, tries);
    if (taken) return taken;
  }
}

/** Nothing when none of the cells is free. */
async function takeRandom(
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

/** Searches and takes; nothing where there are too many open blocks to look at. */
async function takeFound(
  steps: ClaimSteps,
  request: ClaimRequest,
  limit: number,
  random: RandomInteger,
): Promise<Assignment | undefined> {
  const cover = coverOf(request);
  if (cover.count > largestCover) return undefined;
  for (;;) {
    const blocks = await steps.openBlocks(request, cover, limit);
    if (blocks.length >= limit) return undefined;
    const free = new FreeCells(request, blocks);
    const taken = free.count > 0 && (await steps.take(request, free.sample(sampleSize, random)));
    if (typeof taken === 'object') return taken;
    // Another client of the same user may have got the last one.
    const own = await steps.get(request.serviceId, request.userId);
    if (own) return own;
    if (free.count === 0) throw new NoTileAvailableError(request.serviceId, request);
  }
}
