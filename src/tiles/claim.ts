import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TileAddress } from '../geo/types';
import { blockBits, type Cover, coverOf, type OpenBlock } from './blocks';
import { NoTileAvailableError } from './errors';
import { FreeCells } from './free-cells';
import type { Assignment } from './types';
import { type CellWindow, cellCount, isInWindow, type RandomInteger } from './window';

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
  /** Of one state of the database, blocks of a level that touch the window and are not full. */
  openBlocks(request: ClaimRequest, search: BlockSearch): Promise<readonly OpenBlock[]>;
}

/** Of so many random cells one is free with a probability of 99.9 % while a tenth of the window is free. */
const firstTries = 64;
/** And of so many with 92 % while a hundredth is. */
const secondTries = 256;
const mostTries = 4096;
/** Windows with more cells are narrowed to open blocks; searching smaller ones looks at fewer blocks than these. */
const largeWindow = 1 << 14;
/** Cells drawn from open blocks, of which at least one in 64 is free: one is found with a probability of 87 %. */
const narrowedTries = 128;
const narrowedAttempts = 2;
/** How many free cells a searcher takes along, since others look for the same ones. */
const sampleSize = 16;
/** How many windows that are nearly full a process keeps in mind. */
const mostNearlyFull = 1000;
/** A window is nearly full where less than this part of its cells is free, or of its blocks has room. */
const nearlyFull = { cells: 1 / 64, blocks: 1 / 4 };
/** Covers beyond this can't be full: it would take 10^12 assignments and more. */
const largestCover = 1 << 16;

/** Room for blocks at the edge, which are often half outside and never fill up, and for some inside. */
function searchLimit({ xRange, yRange }: CellWindow): number {
  return Math.ceil(512 + (xRange[1] - xRange[0] + yRange[1] - yRange[0]) / 2);
}

function windowKey({ serviceId, zoom, xRange, yRange }: ClaimRequest): string {
  return `${zoom}/${xRange.join('-')}/${yRange.join('-')} ${serviceId}`;
}

/** The window in blocks of level 1. */
function inBlocks({ zoom, xRange, yRange }: CellWindow): CellWindow {
  return {
    zoom,
    xRange: [xRange[0] >> blockBits, xRange[1] >> blockBits],
    yRange: [yRange[0] >> blockBits, yRange[1] >> blockBits],
  };
}

/**
 * Claims on one database: the user's present tile, or else a random free cell of the window, each with the same
 * probability, at a cost that hardly depends on the window's size. Random cells first. A window in which none of them is
 * free is either nearly full, then few blocks are open and the database names them; or it is in between, then more random
 * cells find one: as many as the root of the window's size balances both. Windows that the latest search found nearly full
 * are searched at once. Only a search that saw every open block can refuse.
 */
export class Claims {
  /** Searches that have not begun, by what they look for. */
  readonly #searches = new Map<string, Promise<FreeCells | undefined>>();
  /** Windows, the latest last: a hint how to begin, which may be outdated. */
  readonly #nearlyFull = new Set<string>();

  constructor(
    readonly steps: ClaimSteps,
    readonly random: RandomInteger,
  ) {}

  /** @throws NoTileAvailableError */
  async claim(request: ClaimRequest): Promise<Assignment> {
    const cells = cellCount(request);
    const isLarge = cells > largeWindow;
    const early =
      (!this.#nearlyFull.has(windowKey(request)) &&
        ((await this.#takeRandom(request, firstTries)) ??
          (isLarge && (await this.#takeRandom(request, secondTries))))) ||
      (isLarge && (await this.#takeNarrowed(request)));
    if (early) return early;
    for (let limit = searchLimit(request); ; limit = Number.MAX_SAFE_INTEGER) {
      const found = await this.#takeFound(request, limit);
      if (found) return found;
      const tries = Math.min(mostTries, Math.ceil(Math.sqrt(cells)));
      const taken = await this.#takeRandom(request, tries);
      if (taken) return taken;
    }
  }

  /** Nothing when none of the cells is free. */
  async #takeRandom(request: ClaimRequest, tries: number): Promise<Assignment | undefined> {
    for (;;) {
      const taken = await this.steps.take(request, tries);
      if (typeof taken === 'object') return taken;
      const own = await this.#own(request);
      if (own || taken === 'taken') return own;
    }
  }

  /** Takes one of random cells of the blocks with room; nothing where none was free or too many have room. */
  async #takeNarrowed(request: ClaimRequest): Promise<Assignment | undefined> {
    const open = await this.#search(request, 2, searchLimit(request));
    // The few blocks are better looked at one by one.
    if (!open || open.count < narrowedTries) return undefined;
    const cell = (): TileAddress => {
      const { z, x, y } = open.at(this.random(open.count));
      return { z, x: (x << blockBits) + this.random(8), y: (y << blockBits) + this.random(8) };
    };
    for (let attempt = 0; attempt < narrowedAttempts; attempt++) {
      const cells = Array.from({ length: narrowedTries }, cell).filter((drawn) => isInWindow(request, drawn));
      const taken = await this.steps.take(request, cells);
      if (typeof taken === 'object') return taken;
      const own = await this.#own(request);
      if (own) return own;
    }
    return undefined;
  }

  /** Searches and takes; nothing where there are too many open blocks to look at. */
  async #takeFound(request: ClaimRequest, limit: number): Promise<Assignment | undefined> {
    for (;;) {
      const free = await this.#search(request, 1, limit);
      if (!free) return undefined;
      const taken = free.count > 0 && (await this.steps.take(request, free.sample(sampleSize, this.random)));
      if (typeof taken === 'object') return taken;
      // Another client of the same user may have got the last one.
      const own = await this.#own(request);
      if (own) return own;
      if (free.count === 0) throw new NoTileAvailableError(request.serviceId, request);
    }
  }

  #own({ serviceId, userId }: ClaimRequest): Promise<Assignment | undefined> {
    return this.steps.get(serviceId, userId);
  }

  /**
   * What is free in the window: cells (level 1), or blocks of cells that are not full (level 2). Claims of the same
   * window that ask at the same moment share a search, which begins after all of them asked. Nothing where there are
   * too many blocks.
   */
  #search(request: ClaimRequest, level: 1 | 2, limit: number): Promise<FreeCells | undefined> {
    const key = `${level} ${limit} ${windowKey(request)}`;
    let search = this.#searches.get(key);
    if (!search) {
      search = nextTurn().then(() => {
        this.#searches.delete(key);
        return this.#look(request, level, limit);
      });
      this.#searches.set(key, search);
    }
    return search;
  }

  async #look(request: ClaimRequest, level: 1 | 2, limit: number): Promise<FreeCells | undefined> {
    const cover = coverOf(request, level);
    if (cover.count > largestCover) return undefined;
    const blocks = await this.steps.openBlocks(request, { cover, level, limit });
    const window = level === 1 ? request : inBlocks(request);
    const free = blocks.length < limit ? new FreeCells(window, blocks) : undefined;
    const enough = cellCount(window) * (level === 1 ? nearlyFull.cells : nearlyFull.blocks);
    this.#note(windowKey(request), free !== undefined && free.count < enough);
    return free;
  }

  #note(key: string, isNearlyFull: boolean): void {
    this.#nearlyFull.delete(key);
    if (!isNearlyFull) return;
    this.#nearlyFull.add(key);
    if (this.#nearlyFull.size <= mostNearlyFull) return;
    for (const oldest of this.#nearlyFull) {
      this.#nearlyFull.delete(oldest);
      break;
    }
  }
}
