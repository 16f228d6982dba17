import fc from 'fast-check';
import type { TileAddress } from '../../src/geo/types';
import { coverOf, type OpenBlock } from '../../src/tiles/blocks';
import { Claims } from '../../src/tiles/claim';
import type { BlockSearch, ClaimRequest, ClaimSteps, WindowView } from '../../src/tiles/claim-steps';
import { FreeCells } from '../../src/tiles/free-cells';
import { openBlocks } from '../../src/tiles/open-blocks';
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
      expect(count <= 4 || level === 4).toBe(true);
      expect(level).toBeGreaterThanOrEqual(lowest);
    }),
  );
});

/** The steps of a claim on a set in memory. */
class MemorySteps implements ClaimSteps {
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

const request = (xRange: CellRange, yRange: CellRange, userId = 'u'): ClaimRequest => ({
  ...{ serviceId: 's', userId, actorId: userId, zoom: 12, xRange, yRange },
});

/** Steps on a window of 30 × 30 cells of which only these are free; whoever claims there must look. */
function nearlyFull(free: readonly string[], random = seededRandom(1)) {
  const steps = new MemorySteps(random, true);
  const claimed = (userId: string) => request([0, 29], [0, 29], userId);
  for (const cell of cellsOf(claimed('')).map(key)) if (!free.includes(cell)) steps.taken.add(cell);
  steps.hideRandomCells();
  const claims = new Claims(steps, random);
  return { steps, claim: (userId: string) => claims.claim(claimed(userId)) };
}

async function outcomesOf(claims: readonly Promise<Assignment>[]): Promise<string[]> {
  const outcomes = await Promise.allSettled(claims);
  return outcomes.map((outcome) =>
    outcome.status === 'fulfilled'
      ? key(outcome.value.tile)
      : (outcome.reason.code ?? outcome.reason.message),
  );
}

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
  steps.look = async (_, _users, { level }) => {
    steps.searches[level - 1]++;
    return { blocks: blocks[level - 1], held: [] };
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

test('the walk finds all open blocks of a window, as many as are wanted', () => {
  fc.assert(
    fc.property(
      fc.record({ zoom: fc.constant(12), xRange: range(200), yRange: range(200) }),
      fc.array(fc.tuple(fc.nat(24), fc.nat(24)), { maxLength: 200 }),
      fc.constantFrom(1, 2),
      fc.nat(40),
      (window, squares, level, limit) => {
        // Full blocks of level 1, and some cells.
        const taken = new Set(
          squares.flatMap(([x, y]) => {
            const [left, top] = [x * 8, y * 8];
            return cellsOf({ zoom: 12, xRange: [left, left + 7], yRange: [top, top + (x % 3 ? 7 : 5)] }).map(
              key,
            );
          }),
        );
        const maskOf = (block: { level: number; x: number; y: number }) => {
          const side = 8 ** block.level;
          const corner = {
            zoom: 12,
            xRange: [block.x * side, block.x * side],
            yRange: [block.y * side, block.y * side],
          } as const;
          return blocksOf(taken, corner, block.level)[0] ?? { high: -1, low: -1 };
        };
        const wanted = blocksOf(taken, window, level);
        const cover = coverOf(window, level);
        const all = openBlocks(window, { cover, level, limit: Number.POSITIVE_INFINITY }, maskOf);
        expect(new Set(all.map((block) => JSON.stringify(block)))).toEqual(
          new Set(wanted.map(({ x, y, low, high }) => JSON.stringify({ x, y, high, low }))),
        );
        expect(all).toHaveLength(wanted.length);
        expect(openBlocks(window, { cover, level, limit }, maskOf)).toHaveLength(
          Math.min(limit, wanted.length),
        );
      },
    ),
    { numRuns: 30 },
  );
});

test('claims of the same moment look together, get different cells, and take none in vain', async () => {
  const free = ['29/0', '3/4', '5/5', '6/5', '7/29', '15/16', '16/15', '0/0'];
  const { steps, claim } = nearlyFull(free);
  const outcomes = await outcomesOf(Array.from({ length: 20 }, (_, index) => claim(`u${index}`)));
  expect(outcomes.slice(0, 8).toSorted()).toEqual(free.toSorted());
  expect(outcomes.slice(8)).toEqual(Array(12).fill('NoTileAvailable'));
  expect(steps.searches).toEqual([2, 0]);
  const takes = steps.takes;
  // The window is known to be full now: looks only, one for those who came before it began, one for who came later.
  const early = [claim('late'), claim('u3')];
  await Promise.resolve();
  expect(await outcomesOf([...early, claim('later')])).toEqual([
    'NoTileAvailable',
    outcomes[3],
    'NoTileAvailable',
  ]);
  expect(steps.searches).toEqual([3, 0]);
  expect(await outcomesOf([claim('last')])).toEqual(['NoTileAvailable']);
  expect(steps.searches).toEqual([4, 0]);
  expect(steps.takes).toBe(takes);
});

test('a user who asks several times at once gets one tile', async () => {
  const { steps, claim } = nearlyFull(['1/1', '2/2', '3/3']);
  const outcomes = await outcomesOf(['a', 'a', 'b', 'a', 'b'].map(claim));
  expect(new Set(outcomes).size).toBe(2);
  expect([outcomes[1], outcomes[3], outcomes[4]]).toEqual([outcomes[0], outcomes[0], outcomes[2]]);
  expect(steps.held.size).toBe(2);
});

test('who comes too late for a cell looks again, and finds what was released meanwhile', async () => {
  const { steps, claim } = nearlyFull(['1/1']);
  const take = steps.take.bind(steps);
  steps.take = async (asked, cells) => {
    if (steps.taken.has('29/29')) {
      steps.taken.add('1/1');
      steps.taken.delete('29/29');
    }
    return take(asked, cells);
  };
  // The first look is for cells that another process takes and releases between it and the insert.
  expect((await outcomesOf([claim('a'), claim('b')])).toSorted()).toEqual(['29/29', 'NoTileAvailable']);
});

test('what fails for one claim concerns no other; a look that fails concerns all who wait for it', async () => {
  const { steps, claim } = nearlyFull(['1/1', '2/2']);
  await outcomesOf([claim('first')]);
  const { take, look } = steps;
  steps.take = async (asked, cells) => {
    if (asked.userId === 'a') throw new Error('refused');
    return take.call(steps, asked, cells);
  };
  steps.taken.delete('3/3');
  const [one, other, third] = await outcomesOf(['a', 'b', 'c'].map(claim));
  expect(one).toBe('refused');
  expect(new Set([other, third]).size).toBe(2);
  expect([...steps.held.keys()].toSorted()).toEqual(['b', 'c', 'first']);
  steps.look = async () => {
    throw new Error('away');
  };
  expect(await outcomesOf([claim('d'), claim('e')])).toEqual(['away', 'away']);
  steps.look = look;
  expect(await outcomesOf([claim('d'), claim('b')])).toEqual(['NoTileAvailable', other]);
});

test('every free cell is equally likely for each of the claims that look together', async () => {
  const free = ['0/0', '1/0', '9/9', '29/0', '29/29', '14/15'];
  const { steps, claim } = nearlyFull(free, seededRandom(5));
  const users = ['a', 'b', 'c', 'd'];
  const counts = users.map(() => new Map<string, number>());
  const draws = 6000;
  for (let draw = 0; draw < draws; draw++) {
    for (const [index, cell] of (await outcomesOf(users.map(claim))).entries())
      counts[index].set(cell, (counts[index].get(cell) ?? 0) + 1);
    for (const cell of free) steps.taken.delete(cell);
    steps.held.clear();
  }
  for (const one of counts) {
    expect(new Set(one.keys())).toEqual(new Set(free));
    // p = 10^-6 for five degrees of freedom.
    expect(chiSquare(one, free.length, draws)).toBeLessThan(35.8);
  }
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
