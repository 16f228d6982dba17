import { Claims } from '../../../src/tiles/claim';
import { seededRandom } from '../../support/tile-stores';
import { blocksOf, cellsOf, chiSquare, key, MemorySteps, nearlyFull, outcomesOf, request } from './support';

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
