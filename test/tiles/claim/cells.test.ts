import fc from 'fast-check';
import { coverOf } from '../../../src/tiles/blocks';
import { FreeCells } from '../../../src/tiles/free-cells';
import { openBlocks } from '../../../src/tiles/open-blocks';
import { seededRandom } from '../../support/tile-stores';
import { blocksOf, cellsOf, key, range } from './support';

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
