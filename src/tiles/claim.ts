import type { TileAddress } from '../geo/types';
import { type Cover, coverOf, type OpenBlock } from './blocks';
import { NoTileAvailableError } from './errors';
import { FreeCells } from './free-cells';
import type { Assignment } from './types';
import { type CellWindow, cellCount, type RandomInteger, randomCells } from './window';

export interface ClaimRequest extends CellWindow {
  readonly serviceId: string;
  readonly userId: string;
  readonly actorId: string;
}

/** What a claim asks of a database. */
export interface ClaimSteps {
  /**
   * In one transaction: the tile that the user holds already, else the first of the cells that is free, taken,
   * counted and recorded. `taken` when none of the cells is free (or there are none); `raced` when somebody
   * else was faster, be it for the cell or for the user.
   */
  take(request: ClaimRequest, cells: readonly TileAddress[]): Promise<Assignment | 'taken' | 'raced'>;
  /**
   * Of one state of the database, up to `limit` blocks of level 1 that touch the window and are not full.
   */
  openBlocks(request: ClaimRequest, cover: Cover, limit: number): Promise<readonly OpenBlock[]>;
}

/** Of so many random cells one is free with a probability of 97 % while a tenth of the window is free. */
const firstTry = 32;
/** How many free cells a searcher takes along, since others look for the same ones. */
const sampleSize = 16;
/** Covers beyond this can't be full: it would take 10^12 assignments and more. */
const largestCover = 1 << 16;

/** Room for blocks at the edge, which are often half outside and never fill up, and for a few inside. */
function searchLimit({ xRange, yRange }: CellWindow): number {
  return 512 + (xRange[1] - xRange[0] + yRange[1] - yRange[0]) / 2;
}

/**
 * Takes a random free cell of the window, each with the same probability, at a cost that hardly depends on the
 * window's size. Random cells first. A window in which none of them is free is either nearly full, then few
 * blocks are open and the database names them; or it is in between, then more random cells find one: as many
 * as the root of the window's size balances both. Only a search that saw every open block can refuse.
 * @throws NoTileAvailableError
 */
export async function claimTile(
  steps: ClaimSteps,
  request: ClaimRequest,
  random: RandomInteger,
): Promise<Assignment> {
  const cover = coverOf(request);
  const manyTries = Math.min(4096, Math.max(firstTry, Math.ceil(Math.sqrt(cellCount(request)))));
  let tries = firstTry;
  for (let isThorough = false; ; isThorough = true) {
    const taken = await takeRandom(steps, request, tries, random);
    if (taken) return taken;
    const found = await takeFound(steps, request, cover, isThorough, random);
    if (found) return found;
    tries = manyTries;
  }
}

async function takeRandom(
  steps: ClaimSteps,
  request: ClaimRequest,
  tries: number,
  random: RandomInteger,
): Promise<Assignment | undefined> {
  for (;;) {
    const taken = await steps.take(request, randomCells(request, tries, random));
    if (taken === 'taken') return undefined;
    if (taken !== 'raced') return taken;
  }
}

/** Searches and takes; nothing where there are too many open blocks to look at. */
async function takeFound(
  steps: ClaimSteps,
  request: ClaimRequest,
  cover: Cover,
  isThorough: boolean,
  random: RandomInteger,
): Promise<Assignment | undefined> {
  for (;;) {
    const free = await findFree(steps, request, cover, isThorough);
    if (!free) return undefined;
    // With nothing free this asks only for the user's own tile: another client of theirs may have got the last one.
    const taken = await steps.take(request, free.sample(sampleSize, random));
    if (typeof taken === 'object') return taken;
    if (free.count === 0) throw new NoTileAvailableError(request.serviceId, request);
  }
}

/** All free cells, or nothing where there are too many open blocks to look at. */
async function findFree(
  steps: ClaimSteps,
  request: ClaimRequest,
  cover: Cover,
  isThorough: boolean,
): Promise<FreeCells | undefined> {
  if (cover.count > largestCover) return undefined;
  const limit = isThorough ? Number.MAX_SAFE_INTEGER : Math.ceil(searchLimit(request));
  const blocks = await steps.openBlocks(request, cover, limit);
  return blocks.length < limit ? new FreeCells(request, blocks) : undefined;
}
