import { subGrid } from '../../src/geo/grid';
import type { Grid } from '../../src/geo/types';
import { type Block, type Cube, type Dimension, deriveCube } from '../../src/raster/cube';
import { MemoryBudget } from '../../src/raster/memory/budget';
import { accountReads } from '../../src/raster/memory/reads';
import { memoryCube } from '../../src/raster/memory-cube';
import { inRowChunks } from '../../src/raster/row-chunks';
import { shareReads } from '../../src/raster/shared-reads';
import { utmGrid } from './formats/support';

const signal = () => AbortSignal.timeout(20_000);
const grid = utmGrid(16, 16);
const dimensions: Dimension[] = [
  { type: 'temporal', name: 't', labels: ['2024-01-01', '2024-01-02', '2024-01-03', '2024-01-04'] },
  { type: 'spatial', name: 'y', axis: 'y' },
  { type: 'spatial', name: 'x', axis: 'x' },
];
/** 4 × 16 × 16 values of 4 bytes: 4096 bytes. */
const source = memoryCube({ dimensions, grid, data: new Float32Array(1024).fill(1) });

/** The first label of each pixel, made of all labels: reads 4096 bytes, makes 1024. */
function firstOf(input: Cube, onRead: () => void = () => {}): Cube {
  return deriveCube(input, {
    dimensions: input.dimensions.slice(1),
    async read(window, readSignal): Promise<Block> {
      const { data } = await input.read(window, readSignal);
      onRead();
      const { width, height } = window.grid!;
      return {
        grid: window.grid,
        shape: [height, width],
        data: (data as Float32Array).slice(0, width * height),
      };
    },
  });
}

/** Gives its block when told to. */
function held(input: Cube) {
  const opened = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const cube = deriveCube(input, {
    async read(window, readSignal) {
      begun.resolve();
      await opened.promise;
      return input.read(window, readSignal);
    },
  });
  return { cube, begun: begun.promise, open: opened.resolve };
}

describe('the budget of memory', () => {
  test('counts what a window and all that is read for it take, and gets all of it back', async () => {
    const budget = new MemoryBudget(16_384);
    let bytes = 0;
    const cube = accountReads(
      firstOf(accountReads(source, budget), () => (bytes = budget.bytes)),
      budget,
    );
    await cube.read({ grid }, signal());
    expect([bytes, budget.bytes]).toEqual([4096 + 1024, 0]);
  });

  test('refuses a window before anything of it is read', async () => {
    let reads = 0;
    const counted = deriveCube(source, {
      read: (window, readSignal) => {
        reads++;
        return source.read(window, readSignal);
      },
    });
    const budget = new MemoryBudget(8000);
    const cube = accountReads(firstOf(accountReads(counted, budget)), budget);
    await expect(cube.read({ grid }, signal())).rejects.toMatchObject({
      code: 'MemoryLimitExceeded',
      status: 400,
      message: expect.stringContaining('TILEGRAPH_LIMIT_MEMORY'),
    });
    expect([reads, budget.bytes]).toEqual([0, 0]);
    await cube.read({ grid: subGrid(grid, 0, 0, 16, 8) }, signal());
    expect([reads, budget.bytes]).toEqual([1, 0]);
  });

  test('passing a block on is no second block', async () => {
    const budget = new MemoryBudget(4 * 4096);
    let cube = accountReads(source, budget);
    for (let i = 0; i < 20; i++) {
      const input = cube;
      cube = accountReads(
        deriveCube(input, { read: (window, readSignal) => input.read(window, readSignal) }),
        budget,
      );
    }
    await cube.read({ grid }, signal());
    expect(budget.bytes).toBe(0);
  });

  test('strips of rows are given back one by one', async () => {
    const wide: Grid = { ...grid, width: 4096, height: 2048 };
    const labels = Array.from({ length: 16 }, (_, day) => `2024-01-${day + 10}`);
    const zeros = deriveCube(source, {
      grid: wide,
      dimensions: [{ type: 'temporal', name: 't', labels }, ...dimensions.slice(1)],
      async read(window) {
        const { width, height } = window.grid!;
        return { grid: window.grid, shape: [16, height, width], data: new Float32Array(16 * width * height) };
      },
    });
    const all = 16 * wide.width * wide.height * 4;
    const budget = new MemoryBudget(all);
    const input = accountReads(zeros, budget);
    let most = 0;
    const reduced = accountReads(
      deriveCube(input, {
        dimensions: dimensions.slice(1),
        read: (window, readSignal) =>
          inRowChunks(window, 16, async (part) => {
            const { data } = await input.read(part, readSignal);
            most = Math.max(most, budget.bytes);
            const { width, height } = part.grid!;
            return {
              grid: part.grid,
              shape: [height, width],
              data: data.slice(0, width * height) as Float32Array,
            };
          }),
      }),
      budget,
    );
    await reduced.read({ grid: wide }, signal());
    expect(most).toBe((1 << 24) * 4 + wide.width * wide.height * 4);
    expect(budget.bytes).toBe(0);
  });

  test('the oldest window always gets on; others wait for memory, and are told when it takes too long', async () => {
    const budget = new MemoryBudget(10_000, 50);
    const slow = [held(source), held(source), held(source)];
    const [first, second, third] = slow.map(({ cube }) =>
      accountReads(cube, budget).read({ grid }, signal()),
    );
    await Promise.all([slow[0].begun, slow[1].begun]);
    expect(budget.bytes).toBe(8192);
    await expect(third).rejects.toMatchObject({ code: 'TooManyRequests', status: 429, retryAfter: 10 });
    const patient = new MemoryBudget(10_000);
    const others = [held(source), held(source), held(source)];
    const reads = others.map(({ cube }) => accountReads(cube, patient).read({ grid }, signal()));
    await others[1].begun;
    expect(patient.bytes).toBe(8192);
    others[0].open();
    await others[2].begun;
    for (const { open } of [...slow, ...others]) open();
    await Promise.all([first, second, ...reads]);
    expect([budget.bytes, patient.bytes]).toEqual([0, 0]);
  });

  test('who leaves while waiting or reading leaves nothing behind', async () => {
    const budget = new MemoryBudget(11_000);
    const slow = [held(source), held(source), held(source)];
    const controller = new AbortController();
    const first = accountReads(slow[0].cube, budget).read({ grid }, signal());
    const second = accountReads(firstOf(accountReads(slow[1].cube, budget)), budget).read({ grid }, signal());
    await slow[1].begun;
    const third = accountReads(slow[2].cube, budget).read({ grid }, controller.signal);
    controller.abort(new Error('gone'));
    await expect(third).rejects.toThrow('gone');
    slow[0].open();
    slow[1].open();
    await Promise.all([first, second]);
    expect(budget.bytes).toBe(0);
  });

  test('shared windows count once', async () => {
    const budget = new MemoryBudget(32_000);
    const slow = held(source);
    const shared = shareReads(accountReads(slow.cube, budget));
    const reads = [1, 2, 3].map(() => accountReads(firstOf(shared), budget).read({ grid }, signal()));
    await slow.begun;
    slow.open();
    await Promise.all(reads);
    expect(budget.bytes).toBe(0);
  });

  test('colours stay readable', () => {
    const indexed = { palette: new Uint8Array(4), read: async () => new Uint8Array(1) };
    const coloured = deriveCube(source, { indexed });
    expect(accountReads(coloured, new MemoryBudget(1e6)).indexed).toBe(indexed);
  });
});

describe('memory that is held beside windows', () => {
  test('is claimed, given back in parts, and never that of the oldest window', async () => {
    const budget = new MemoryBudget(8000);
    const holding = budget.hold();
    await holding.claim(3000, signal());
    expect(budget.bytes).toBe(3000);
    // One window still has its half of the budget, though the other half is taken.
    await holding.claim(1000, signal());
    const block = await accountReads(firstOf(source), budget).read(
      { grid, select: new Map([['t', [0]]]) },
      signal(),
    );
    expect(block.data.length).toBeGreaterThan(0);
    holding.shrinkTo(500);
    expect(budget.bytes).toBe(500);
    holding.release();
    expect(budget.bytes).toBe(0);
    await holding.claim(100, signal());
    expect(budget.bytes).toBe(0);
  });

  test('is refused where it can never be there, and waits for others where it can', async () => {
    const budget = new MemoryBudget(8000, 50);
    const holding = budget.hold();
    await expect(holding.claim(4001, signal())).rejects.toMatchObject({ code: 'MemoryLimitExceeded' });
    await holding.claim(3000, signal());
    const other = budget.hold();
    await expect(other.claim(2000, signal())).rejects.toMatchObject({ code: 'TooManyRequests' });
    const patient = new MemoryBudget(8000);
    const [first, second] = [patient.hold(), patient.hold()];
    await first.claim(3000, signal());
    const waiting = second.claim(2000, signal());
    first.release();
    await waiting;
    expect(patient.bytes).toBe(2000);
  });

  test('comes back when nobody can read the cube any more, and is looked for when others wait', async () => {
    const budget = new MemoryBudget(8000);
    const load = async () => {
      const holding = budget.hold();
      await holding.claim(3000, signal());
      return holding.until(source);
    };
    await load().then((cube) => cube.read({ grid }, signal()));
    // The first has been forgotten: without that this would wait for half a minute and be refused.
    const kept = await load();
    expect(budget.bytes).toBe(3000);
    expect((await kept.read({ grid }, signal())).data).toHaveLength(1024);
  });
});
