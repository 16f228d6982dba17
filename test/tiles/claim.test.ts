import fc from 'fast-check';
import type { TileAddress } from '../../src/geo/types';
import { type Cover, coverOf, type OpenBlock } from '../../src/tiles/blocks';
import { type ClaimRequest, type ClaimSteps, claimTile } from '../../src/tiles/claim';
import { FreeCells } from '../../src/tiles/free-cells';
import type { Assignment, CellRange } from '../../src/tiles/types';
import { type CellWindow, randomCells } from '../../src/tiles/window';
import { seededRandom } from '../support/tile-stores';

const key = ({ x, y }: { x: number; y: number }) => `${x}/${y}`;

function cellsOf({ xRange, yRange }: CellWindow): TileAddress[] {
  const cells: TileAddress[] = [];
  for (let y = yRange[0]; y <= yRange[1]; y++)
    for (let x = xRange[0]; x <= xRange[1]; x++) cells.push({ z: 12, x, y });
  return cells;
}

/** Blocks as they follow from a set of taken cells, made the slow way. */
function blocksOf(taken: ReadonlySet<string>, { xRange, yRange }: CellWindow): OpenBlock[] {
  const blocks: OpenBlock[] = [];
  for (let y = yRange[0] >> 3; y <= yRange[1] >> 3; y++)
    for (let x = xRange[0] >> 3; x <= xRange[1] >> 3; x++) {
      const half = (first: number) => {
        let mask = 0;
        for (let bit = 0; bit < 32; bit++)
          if (taken.has(key({ x: x * 8 + (bit & 7), y: y * 8 + first + (bit >> 3) }))) mask |= 1 << bit;
        return mask;
      };
      const block = { x, y, low: half(0), high: half(4) };
      if (block.low !== -1 || block.high !== -1) blocks.push(block);
    }
  return blocks;
}

const range = (most: number): fc.Arbitrary<CellRange> =>
  fc
    .tuple(fc.integer({ min: 0, max: most }), fc.integer({ min: 0, max: most }))
    .map(([one, other]) => [Math.min(one, other), Math.max(one, other)]);
const windows = fc.record({ zoom: fc.constant(12), xRange: range(40), yRange: range(40) });

test('free cells are all free cells of the window, each once', () => {
  fc.assert(
    fc.property(windows, fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 600 }), (window, cells) => {
      const taken = new Set(cells.map(([x, y]) => key({ x, y })));
      const free = new FreeCells(window, blocksOf(taken, window));
      const wanted = cellsOf(window).filter((cell) => !taken.has(key(cell)));
      const found = Array.from({ length: free.count }, (_, rank) => free.at(rank));
      expect(new Set(found.map(key))).toEqual(new Set(wanted.map(key)));
      expect(free.count).toBe(wanted.length);
      const sample = free.sample(10, seededRandom(free.count));
      expect(new Set(sample.map(key)).size).toBe(Math.min(10, free.count));
    }),
  );
});

test('a cover holds the whole window and is small', () => {
  const wide = fc.record({ zoom: fc.constant(30), xRange: range(2 ** 30 - 1), yRange: range(2 ** 30 - 1) });
  fc.assert(
    fc.property(wide, (window) => {
      const { level, x, y, count } = coverOf(window);
      expect(x.map((at) => at * 8 ** level)[0]).toBeLessThanOrEqual(window.xRange[0]);
      expect((x[1] + 1) * 8 ** level).toBeGreaterThan(window.xRange[1]);
      expect((y[1] + 1) * 8 ** level).toBeGreaterThan(window.yRange[1]);
      expect(count <= 64 || level === 4).toBe(true);
    }),
  );
});

/** The steps of a claim on a set in memory. */
class MemorySteps implements ClaimSteps {
  readonly taken = new Set<string>();
  searches = 0;

  async get(): Promise<Assignment | undefined> {
    return undefined;
  }

  constructor(readonly random = seededRandom(1)) {}

  async take(request: ClaimRequest, cells: number | readonly TileAddress[]): Promise<Assignment | 'taken'> {
    const candidates = typeof cells === 'number' ? randomCells(request, cells, this.random) : cells;
    for (const tile of candidates) {
      if (this.taken.has(key(tile))) continue;
      const now = new Date(0);
      const { serviceId, userId } = request;
      return { serviceId, userId, tile, stage: 'claimed', claimedAt: now, updatedAt: now };
    }
    return 'taken';
  }

  async openBlocks(request: ClaimRequest, _cover: Cover, limit: number): Promise<readonly OpenBlock[]> {
    this.searches++;
    return blocksOf(this.taken, request).slice(0, limit);
  }
}

const request = (xRange: CellRange, yRange: CellRange): ClaimRequest => ({
  ...{ serviceId: 's', userId: 'u', actorId: 'u', zoom: 12, xRange, yRange },
});

/** Pearson's statistic; for these degrees of freedom beyond `limit` with a probability below 10^-6. */
function chiSquare(counts: ReadonlyMap<string, number>, cells: number, draws: number): number {
  const expected = draws / cells;
  let sum = (cells - counts.size) * expected;
  for (const count of counts.values()) sum += (count - expected) ** 2 / expected;
  return sum;
}

// Critical values of the chi-square distribution at p = 10^-6 for 59 and 5 degrees of freedom.
test.each([
  ['mostly free, by random cells', 0, 60, 125.6],
  ['nearly full, by search', 54, 6, 35.8],
])('every free cell is equally likely: %s', async (_, takenCount, freeCount, limit) => {
  const random = seededRandom(7 + takenCount);
  const window = request([13, 22], [5, 10]);
  const steps = new MemorySteps(random);
  // Unevenly over columns and blocks, so that a choice by column or block would show.
  for (const cell of cellsOf(window)
    .toSorted((one, other) => one.x - other.x || one.y - other.y)
    .slice(0, takenCount))
    steps.taken.add(key(cell));
  if (takenCount > 0) {
    // Random cells would find one: hide them, to see what the search does alone.
    const take = steps.take.bind(steps);
    steps.take = async (asked, cells) => (typeof cells === 'number' ? 'taken' : take(asked, cells));
  }
  const counts = new Map<string, number>();
  const draws = 12_000;
  for (let draw = 0; draw < draws; draw++) {
    const { tile } = await claimTile(steps, window, random);
    counts.set(key(tile), (counts.get(key(tile)) ?? 0) + 1);
  }
  expect(counts.size).toBe(freeCount);
  expect(chiSquare(counts, freeCount, draws)).toBeLessThan(limit);
  expect(steps.searches > 0).toBe(takenCount > 0);
});

test('only a search that saw everything refuses', async () => {
  const steps = new MemorySteps();
  const window = request([0, 29], [0, 29]);
  for (const cell of cellsOf(window)) steps.taken.add(key(cell));
  await expect(claimTile(steps, window, seededRandom(1))).rejects.toMatchObject({ code: 'NoTileAvailable' });
  steps.taken.delete('29/0');
  expect((await claimTile(steps, window, seededRandom(1))).tile).toEqual({ z: 12, x: 29, y: 0 });
});
