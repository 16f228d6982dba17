import fc from 'fast-check';
import type { TileAddress } from '../../../src/geo/types';
import type { OpenBlock } from '../../../src/tiles/blocks';
import { Claims } from '../../../src/tiles/claim';
import type { BlockSearch, ClaimRequest, ClaimSteps, WindowView } from '../../../src/tiles/claim-steps';
import type { Assignment, CellRange } from '../../../src/tiles/types';
import { type CellWindow, randomCells } from '../../../src/tiles/window';
import { seededRandom } from '../../support/tile-stores';

export const key = ({ x, y }: { x: number; y: number }) => `${x}/${y}`;

export function cellsOf({ xRange, yRange }: CellWindow): TileAddress[] {
  const cells: TileAddress[] = [];
  for (let y = yRange[0]; y <= yRange[1]; y++)
    for (let x = xRange[0]; x <= xRange[1]; x++) cells.push({ z: 12, x, y });
  return cells;
}

/** Blocks of a level with room as they follow from a set of taken cells, made the slow way. */
export function blocksOf(taken: ReadonlySet<string>, { xRange, yRange }: CellWindow, level = 1): OpenBlock[] {
  const side = 8 ** level;
  const isFull = (left: number, top: number) => {
    for (let y = top; y < top + side / 8; y++)
      for (let x = left; x < left + side / 8; x++) if (!taken.has(key({ x, y }))) return false;
    return true;
  };
  const blocks: OpenBlock[] = [];
  for (let y = Math.floor(yRange[0] / side); y <= Math.floor(yRange[1] / side); y++)
    for (let x = Math.floor(xRange[0] / side); x <= Math.floor(xRange[1] / side); x++) {
      const half = (first: number) => {
        let mask = 0;
        for (let bit = 0; bit < 32; bit++) {
          const [column, row] = [x * 8 + (bit & 7), y * 8 + first + (bit >> 3)];
          if (isFull((column * side) / 8, (row * side) / 8)) mask |= 1 << bit;
        }
        return mask;
      };
      const block = { x, y, low: half(0), high: half(4) };
      if (block.low !== -1 || block.high !== -1) blocks.push(block);
    }
  return blocks;
}

export const range = (most: number): fc.Arbitrary<CellRange> =>
  fc
    .tuple(fc.integer({ min: 0, max: most }), fc.integer({ min: 0, max: most }))
    .map(([one, other]) => [Math.min(one, other), Math.max(one, other)]);

/** The steps of a claim on a set in memory. */
export class MemorySteps implements ClaimSteps {
  readonly taken = new Set<string>();
  /** By level. */
  readonly searches = [0, 0];
  readonly held = new Map<string, Assignment>();
  takes = 0;

  /** @param isKeeping whether who takes a cell has it from then on, or everything stays as it is. */
  constructor(
    readonly random = seededRandom(1),
    readonly isKeeping = false,
  ) {}

  async get(_: string, userId: string): Promise<Assignment | undefined> {
    return this.held.get(userId);
  }

  async take(
    request: ClaimRequest,
    cells: number | readonly TileAddress[],
  ): Promise<Assignment | 'taken' | 'raced'> {
    this.takes++;
    const candidates = typeof cells === 'number' ? randomCells(request, cells, this.random) : cells;
    for (const tile of candidates) {
      if (this.taken.has(key(tile))) continue;
      const now = new Date(0);
      const { serviceId, userId } = request;
      if (this.held.has(userId)) return 'raced';
      const claimed: Assignment = {
        ...{ serviceId, userId, tile, stage: 'claimed', claimedAt: now, updatedAt: now },
      };
      if (this.isKeeping) {
        this.taken.add(key(tile));
        this.held.set(userId, claimed);
      }
      return claimed;
    }
    return 'taken';
  }

  async look(
    request: ClaimRequest,
    userIds: readonly string[],
    { level, limit }: BlockSearch,
  ): Promise<WindowView> {
    this.searches[level - 1]++;
    const blocks = blocksOf(this.taken, request, level).slice(0, limit);
    return { blocks, held: userIds.flatMap((user) => this.held.get(user) ?? []) };
  }

  /** Random cells of the whole window find nothing from now on, so that one sees what searches do alone. */
  hideRandomCells(): void {
    const take = this.take.bind(this);
    this.take = async (asked, cells) => (typeof cells === 'number' ? 'taken' : take(asked, cells));
  }
}

export const request = (xRange: CellRange, yRange: CellRange, userId = 'u'): ClaimRequest => ({
  ...{ serviceId: 's', userId, actorId: userId, zoom: 12, xRange, yRange },
});

/** Steps on a window of 30 × 30 cells of which only these are free; whoever claims there must look. */
export function nearlyFull(free: readonly string[], random = seededRandom(1)) {
  const steps = new MemorySteps(random, true);
  const claimed = (userId: string) => request([0, 29], [0, 29], userId);
  for (const cell of cellsOf(claimed('')).map(key)) if (!free.includes(cell)) steps.taken.add(cell);
  steps.hideRandomCells();
  const claims = new Claims(steps, random);
  return { steps, claim: (userId: string) => claims.claim(claimed(userId)) };
}

export async function outcomesOf(claims: readonly Promise<Assignment>[]): Promise<string[]> {
  const outcomes = await Promise.allSettled(claims);
  return outcomes.map((outcome) =>
    outcome.status === 'fulfilled'
      ? key(outcome.value.tile)
      : (outcome.reason.code ?? outcome.reason.message),
  );
}

/** Pearson's statistic; for these degrees of freedom beyond `limit` with a probability below 10^-6. */
export function chiSquare(counts: ReadonlyMap<string, number>, cells: number, draws: number): number {
  const expected = draws / cells;
  let sum = (cells - counts.size) * expected;
  for (const count of counts.values()) sum += (count - expected) ** 2 / expected;
  return sum;
}
