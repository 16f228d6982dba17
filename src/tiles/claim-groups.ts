import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TileAddress } from '../geo/types';
import { blockBits, coverOf, inBlocks } from './blocks';
import { type ClaimRequest, type ClaimSteps, isLarge, takeRandom } from './claim-steps';
import { NoTileAvailableError } from './errors';
import { FreeCells } from './free-cells';
import type { Assignment } from './types';
import { type CellWindow, cellCount, isInWindow, type RandomInteger } from './window';

/** So many claims look together at most: what they look at grows with their number. */
const largestGroup = 256;
/** Reading a block costs about as much as drawing a cell, and of the cells of an open block one in 64 is free at least. */
const blocksPerClaim = 64;
/** Cells drawn from open blocks: one is free with a probability of 87 % at least. */
const drawnCells = 128;
const drawAttempts = 2;
/** Random cells of a window that is neither nearly full nor had a free one among the first. */
const mostTries = 4096;
/** How many free cells a claim takes along, as other processes may look at the same ones. */
const alternatives = 4;
/** How many windows that are nearly full a process keeps in mind. */
const mostNearlyFull = 1000;
/** A window is nearly full where less than this part of its cells is free, or of its blocks has room. */
const nearlyFull = { cells: 1 / 64, blocks: 1 / 4 };
/** Covers beyond this can't be full: it would take 10^12 assignments and more. */
const largestCover = 1 << 16;

function windowKey({ serviceId, zoom, xRange, yRange }: ClaimRequest): string {
  return `${zoom}/${xRange.join('-')}/${yRange.join('-')} ${serviceId}`;
}

/** Room for blocks at the edge, which are often half outside and never fill up, and for some inside. */
function searchLimit({ xRange, yRange }: CellWindow, claims: number): number {
  const edge = Math.ceil((xRange[1] - xRange[0] + yRange[1] - yRange[0]) / 2);
  return Math.max(512 + edge, claims * blocksPerClaim);
}

/** A claim and its caller, who waits. */
class Member {
  isWaiting = true;

  constructor(
    readonly request: ClaimRequest,
    readonly resolve: (assignment: Assignment) => void,
    readonly reject: (error: unknown) => void,
  ) {}

  give(assignment: Assignment): void {
    this.isWaiting = false;
    this.resolve(assignment);
  }

  refuse(error: unknown): void {
    this.isWaiting = false;
    this.reject(error);
  }
}

/** What a group does for each claim that still waits; nothing leaves it waiting. Errors concern nobody else. */
async function forEach(
  members: readonly Member[],
  find: (member: Member) => Promise<Assignment | undefined>,
): Promise<void> {
  await Promise.all(
    members.map(async (member) => {
      try {
        const found = await find(member);
        if (found) member.give(found);
      } catch (error) {
        member.refuse(error);
      }
    }),
  );
}

/**
 * Claims of windows that are probably nearly full. Those of the same moment and window look together at what is free,
 * and each gets other cells of that; whoever gets none looks again with the rest. A window is either nearly full, then few
 * blocks are open and the database names them; or it is in between, then random cells of the blocks with room find one, or
 * where even those are many, more random cells: as many as the root of the window's size balances both. Only a look that
 * saw every open block, and that the user has no tile, can refuse.
 */
export class ClaimGroups {
  /** Claims that wait for the group before them, by window. */
  readonly #waiting = new Map<string, Member[]>();
  /** How many blocks have room in windows that are nearly full, the latest last: a hint, which may be outdated. */
  readonly #open = new Map<string, number>();

  constructor(
    readonly steps: ClaimSteps,
    readonly random: RandomInteger,
  ) {}

  /** As far as this process knows. */
  isNearlyFull(request: ClaimRequest): boolean {
    return this.#open.has(windowKey(request));
  }

  /** @throws NoTileAvailableError */
  claim(request: ClaimRequest): Promise<Assignment> {
    return new Promise((resolve, reject) => {
      const member = new Member(request, resolve, reject);
      const key = windowKey(request);
      const waiting = this.#waiting.get(key);
      if (waiting) waiting.push(member);
      else {
        this.#waiting.set(key, [member]);
        void this.#drain(key);
      }
    });
  }

  /** One group after the other: those who come meanwhile make a larger one. */
  async #drain(key: string): Promise<void> {
    const waiting = this.#waiting.get(key) as Member[];
    while (waiting.length > 0) {
      // Callers that were just answered ask again within this turn of the event loop.
      await nextTurn();
      const group = waiting.splice(0, largestGroup);
      try {
        await this.#serve(group, key);
      } catch (error) {
        for (const member of group) member.refuse(error);
      }
    }
    this.#waiting.delete(key);
  }

  async #serve(group: readonly Member[], key: string): Promise<void> {
    const [{ request }] = group;
    const few = group.length * blocksPerClaim;
    if (isLarge(request) && (this.#open.get(key) ?? Number.POSITIVE_INFINITY) > few)
      await this.#draw(group, few);
    for (let limit = searchLimit(request, group.length); ; ) {
      const waiting = group.filter(({ isWaiting }) => isWaiting);
      if (waiting.length === 0) return;
      if (await this.#handOut(waiting, limit)) continue;
      limit = Number.MAX_SAFE_INTEGER;
      const tries = Math.min(mostTries, Math.ceil(Math.sqrt(cellCount(request))));
      await forEach(waiting, (member) => takeRandom(this.steps, member.request, tries));
    }
  }

  /** Gives each a random free cell as far as there are any, or refuses them all; false where too many blocks are open. */
  async #handOut(members: readonly Member[], limit: number): Promise<boolean> {
    const free = await this.#look(members, 1, limit);
    if (!free) return false;
    const waiting = members.filter(({ isWaiting }) => isWaiting);
    if (free.count === 0 && waiting.length > 0) {
      const refusal = new NoTileAvailableError(waiting[0].request.serviceId, waiting[0].request);
      for (const member of waiting) member.refuse(refusal);
      return true;
    }
    // Of a user's claims one goes ahead; the others will see what it got.
    const users = new Map(waiting.map((member) => [member.request.userId, member]));
    const takers = [...users.values()].slice(0, free.count);
    const shares = new Map<Member, TileAddress[]>(takers.map((member) => [member, []]));
    for (const [index, cell] of free.sample(takers.length * alternatives, this.random).entries())
      shares.get(takers[index % takers.length])?.push(cell);
    await forEach(takers, (member) => this.#take(member.request, shares.get(member) ?? []));
    return true;
  }

  /** Draws cells of the blocks with room for each, unless they are so few that all can be read, or too many. */
  async #draw(members: readonly Member[], few: number): Promise<void> {
    const [{ request }] = members;
    const open = await this.#look(members, 2, searchLimit(request, members.length));
    if (!open || open.count < few) return;
    const cell = (): TileAddress => {
      const drawn = this.random(open.count * 64);
      const { z, x, y } = open.at(Math.floor(drawn / 64));
      return { z, x: (x << blockBits) + (drawn & 7), y: (y << blockBits) + ((drawn >> blockBits) & 7) };
    };
    for (let attempt = 0; attempt < drawAttempts; attempt++)
      await forEach(
        members.filter(({ isWaiting }) => isWaiting),
        ({ request }) =>
          this.#take(
            request,
            Array.from({ length: drawnCells }, cell).filter((drawn) => isInWindow(request, drawn)),
          ),
      );
  }

  async #take(request: ClaimRequest, cells: readonly TileAddress[]): Promise<Assignment | undefined> {
    const taken = await this.steps.take(request, cells);
    return typeof taken === 'object' ? taken : undefined;
  }

  /**
   * Gives those who hold a tile theirs, and answers what is free in the window: cells (level 1), or blocks of cells that
   * are not full (level 2); nothing where too many blocks are open.
   */
  async #look(members: readonly Member[], level: 1 | 2, limit: number): Promise<FreeCells | undefined> {
    const [{ request }] = members;
    const cover = coverOf(request, level);
    if (cover.count > largestCover) return undefined;
    const users = [...new Set(members.map(({ request: { userId } }) => userId))];
    const { blocks, held } = await this.steps.look(request, users, { cover, level, limit });
    const tiles = new Map(held.map((tile) => [tile.userId, tile]));
    for (const member of members) {
      const own = tiles.get(member.request.userId);
      if (own) member.give(own);
    }
    const window = inBlocks(request, level - 1);
    const free = blocks.length < limit ? new FreeCells(window, blocks) : undefined;
    const enough = cellCount(window) * (level === 1 ? nearlyFull.cells : nearlyFull.blocks);
    const open = level === 1 ? blocks.length : free?.count;
    this.#note(windowKey(request), free && free.count < enough ? open : undefined);
    return free;
  }

  /** @param open how many blocks have room in a window that is nearly full; nothing where it is not */
  #note(key: string, open: number | undefined): void {
    this.#open.delete(key);
    if (open === undefined) return;
    this.#open.set(key, open);
    if (this.#open.size <= mostNearlyFull) return;
    for (const oldest of this.#open.keys()) {
      this.#open.delete(oldest);
      break;
    }
  }
}
