import fc from 'fast-check';
import type { TileAddress } from '../../src/geo/types';
import { coverOf, type OpenBlock } from '../../src/tiles/blocks';
import { type BlockSearch, type ClaimRequest, type ClaimSteps, Claims } from '../../src/tiles/claim';
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

/** Blocks of a level with room as they follow from a set of taken cells, made the slow way. */
function blocksOf(taken: ReadonlySet<string>, { xRange, yRange }: CellWindow, level = 1): OpenBlock[] {
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
    fc.property(wide, fc.constantFrom(1, 2), (window, lowest) => {
      const { level, x, y, count } = coverOf(window, lowest);
      expect(x.map((at) => at * 8 ** level)[0]).toBeLessThanOrEqual(window.xRange[0]);
      expect((x[1] + 1) * 8 ** level).toBeGreaterThan(window.xRange[1]);
      expect((y[1] + 1) * 8 ** level).toBeGreaterThan(window.yRange[1]);
      expect(count <= 64 || level === 4).toBe(true);
      expect(level).toBeGreaterThanOrEqual(lowest);
    }),
  );
});

/** The steps of a claim on a set in memory. */
class MemorySteps implements ClaimSteps {
  readonly taken = new Set<string>();
  /** By level. */
  readonly searches = [0, 0];

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

  async openBlocks(request: ClaimRequest, { level, limit }: BlockSearch): Promise<readonly OpenBlock[]> {
    this.searches[level - 1]++;
    return blocksOf(this.taken, request, level).slice(0, limit);
  }

  /** Random cells of the whole window find nothing from now on, so that one sees what searches do alone. */
  hideRandomCells(): void {
    const take = this.take.bind(this);
    this.take = async (asked, cells) => (typeof cells === 'number' ? 'taken' : take(asked, cells));
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
  if (takenCount > 0) steps.hideRandomCells();
  const claims = new Claims(steps, random);
  const counts = new Map<string, number>();
  const draws = 12_000;
  for (let draw = 0; draw < draws; draw++) {
    const { tile } = await claims.claim(window);
    counts.set(key(tile), (counts.get(key(tile)) ?? 0) + 1);
  }
  expect(counts.size).toBe(freeCount);
  expect(chiSquare(counts, freeCount, draws)).toBeLessThan(limit);
  expect(steps.searches[0] > 0).toBe(takenCount > 0);
});

test('every free cell is equally likely: a large window, narrowed to open blocks', async () => {
  const random = seededRandom(11);
  const window = request([3, 202], [5, 204]);
  const steps = new MemorySteps(random);
  // One cell in each of many blocks, many cells in some.
  const free = new Set<string>();
  for (let index = 0; index < 140; index++)
    free.add(key({ x: 8 + 8 * (index % 14) + (index % 7), y: 8 + 8 * Math.floor(index / 14) }));
  for (let index = 0; index < 30; index++) free.add(key({ x: 170 + (index % 5), y: 190 + (index % 6) }));
  for (const cell of cellsOf({ zoom: 12, xRange: [0, 210], yRange: [0, 210] }))
    if (!free.has(key(cell))) steps.taken.add(key(cell));
  steps.hideRandomCells();
  const blocks = [blocksOf(steps.taken, window, 1), blocksOf(steps.taken, window, 2)];
  steps.openBlocks = async (_, { level }) => {
    steps.searches[level - 1]++;
    return blocks[level - 1];
  };
  const claims = new Claims(steps, random);
  const counts = new Map<string, number>();
  const draws = 6000;
  for (let draw = 0; draw < draws; draw++) {
    const { tile } = await claims.claim(window);
    counts.set(key(tile), (counts.get(key(tile)) ?? 0) + 1);
  }
  expect(new Set(counts.keys())).toEqual(free);
  // p = 10^-6 for 169 degrees of freedom.
  expect(chiSquare(counts, 170, draws)).toBeLessThan(271);
  expect(steps.searches[0]).toBeLessThan(draws / 4);
});

test('claims of the same moment share a search, which begins after they asked', async () => {
  const steps = new MemorySteps();
  const window = request([0, 29], [0, 29]);
  for (const cell of cellsOf(window)) steps.taken.add(key(cell));
  steps.taken.delete('29/0');
  steps.hideRandomCells();
  const claims = new Claims(steps, seededRandom(1));
  const claimed = await Promise.all(Array.from({ length: 20 }, () => claims.claim(window)));
  expect(claimed.map(({ tile }) => key(tile))).toEqual(Array.from({ length: 20 }, () => '29/0'));
  expect(steps.searches).toEqual([1, 0]);
  steps.taken.add('29/0');
  const late = claims.claim(window);
  await expect(late).rejects.toMatchObject({ code: 'NoTileAvailable' });
  expect(steps.searches).toEqual([2, 0]);
});

test('only a search that saw everything refuses', async () => {
  const steps = new MemorySteps();
  const window = request([0, 29], [0, 29]);
  for (const cell of cellsOf(window)) steps.taken.add(key(cell));
  await expect(new Claims(steps, seededRandom(1)).claim(window)).rejects.toMatchObject({
    code: 'NoTileAvailable',
  });
  steps.taken.delete('29/0');
  expect((await new Claims(steps, seededRandom(1)).claim(window)).tile).toEqual({ z: 12, x: 29, y: 0 });
});
