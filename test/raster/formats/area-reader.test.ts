import fc from 'fast-check';
import { subGrid } from '../../../src/geo/grid';
import type { Grid } from '../../../src/geo/types';
import { type Cube, deriveCube } from '../../../src/raster/cube';
import { createAreaReader } from '../../../src/raster/formats/area-reader';
import { type Area, layerGroups, type Raster, rasterOn } from '../../../src/raster/formats/layers';
import { bySourceBlocks } from '../../../src/raster/formats/source-blocks';
import { MemoryBudget } from '../../../src/raster/memory/budget';
import { functionCube, utmGrid } from './support';

const never = new AbortController().signal;
/** Where the source begins, in pixels before the raster. */
interface Shape {
  readonly width: number;
  readonly height: number;
  readonly block: readonly [width: number, height: number];
  readonly before: readonly [columns: number, rows: number];
  readonly tile: readonly [width: number, height: number];
  readonly missing: 'nan' | 'mask';
}

const value = (column: number, row: number, layer: number) =>
  (column + row) % 7 === 3 ? null : column + row * 1000 + layer * 1e6;

/** A raster over blocks of a source, and the windows that are read of it. */
function rasterOf({ width, height, block, before, missing }: Shape): { raster: Raster; windows: Grid[] } {
  const grid = utmGrid(width, height);
  const windows: Grid[] = [];
  const cube = functionCube({ grid, bands: ['a', 'b', 'c'], missing, value });
  const counted: Cube = deriveCube(cube, {
    blocks: {
      grid: subGrid(grid, -before[0], -before[1], 5000, 5000),
      ...{ width: block[0], height: block[1] },
    },
    read(window, signal) {
      windows.push(window.grid!);
      return cube.read(window, signal);
    },
  });
  return { raster: rasterOn(counted, grid), windows };
}

function areasOf({ width, height, tile }: Shape): Area[] {
  const areas: Area[] = [];
  for (let row = 0; row < height; row += tile[1])
    for (let column = 0; column < width; column += tile[0])
      areas.push({
        ...{ column, row },
        width: Math.min(tile[0], width - column),
        height: Math.min(tile[1], height - row),
      });
  return areas;
}

/** How many windows have a pixel of each block of the source. */
function readsOfBlocks({ block, before }: Shape, grid: Grid, windows: readonly Grid[]): number[] {
  const reads = new Map<string, number>();
  for (const window of windows) {
    const column = Math.round((window.originX - grid.originX) / grid.resX) + before[0];
    const row = Math.round((grid.originY - window.originY) / grid.resY) + before[1];
    for (let y = Math.floor(row / block[1]); y * block[1] < row + window.height; y++)
      for (let x = Math.floor(column / block[0]); x * block[0] < column + window.width; x++)
        reads.set(`${x}/${y}`, (reads.get(`${x}/${y}`) ?? 0) + 1);
  }
  return [...reads.values()];
}

const side = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));
const shapes: fc.Arbitrary<Shape> = fc.record({
  width: fc.integer({ min: 1, max: 50 }),
  height: fc.integer({ min: 1, max: 50 }),
  block: side(12),
  before: fc.tuple(fc.integer({ min: -5, max: 30 }), fc.integer({ min: -5, max: 30 })),
  tile: side(25),
  missing: fc.constantFrom('nan', 'mask'),
});

test('areas in any order are what windows of the cube are, and blocks of the source are read once', async () => {
  await fc.assert(
    fc.asyncProperty(
      shapes,
      fc.infiniteStream(fc.nat()),
      fc.integer({ min: 1, max: 4 }),
      async (shape, random, layers) => {
        const { raster, windows } = rasterOf(shape);
        const plain = deriveCube(raster.cube, { blocks: undefined });
        const [first, ...others] = areasOf(shape);
        const areas = [first, ...others.sort(() => (random.next().value % 2 === 0 ? 1 : -1))];
        for (const group of layerGroups(raster, layers)) {
          const read = createAreaReader(raster, never);
          windows.length = 0;
          const found = await Promise.all(areas.map((area) => read(area, group)));
          const reads = readsOfBlocks(shape, raster.grid, windows);
          const isTooLarge = shape.block.some(
            (length, axis) => length > 4 * Math.min(shape.tile[axis], axis ? shape.height : shape.width),
          );
          if (!isTooLarge) expect(Math.max(...reads)).toBe(1);
          const expected = createAreaReader({ ...raster, cube: plain }, never);
          for (const [index, area] of areas.entries())
            expect(found[index]).toEqual(await expected(area, group));
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('what waits for too long is let go and read again, once for each part', async () => {
  const shape: Shape = { width: 64, height: 64, block: [8, 8], before: [4, 4], tile: [8, 8], missing: 'nan' };
  const { raster, windows } = rasterOf(shape);
  const direct = createAreaReader({ ...raster, cube: deriveCube(raster.cube, { blocks: undefined }) }, never);
  // Room for a row of chunks, which are 9 of 8² pixels in three layers.
  const read = bySourceBlocks(raster, direct, 3 * 8 * 72 * 4);
  const areas = areasOf(shape);
  // Down, so that a column of chunks waits for the next one, and every second one after all others.
  areas.sort(
    (one, other) =>
      (one.column % 16) - (other.column % 16) || one.column - other.column || one.row - other.row,
  );
  for (const area of areas) expect(await read(area)).toEqual(await direct(area));
  windows.length = 0;
  const again = bySourceBlocks(raster, direct, 3 * 8 * 72 * 4);
  for (const area of areas) await again(area);
  const pixels = windows.reduce((sum, { width, height }) => sum + width * height, 0);
  expect(pixels).toBeGreaterThan(64 * 64);
  expect(pixels).toBeLessThan(2 * 64 * 64);
});

test('what waits counts in the memory of all runs, of which it leaves a quarter to windows', async () => {
  const shape: Shape = { width: 64, height: 64, block: [8, 8], before: [4, 4], tile: [8, 8], missing: 'nan' };
  const { raster, windows } = rasterOf(shape);
  const readAll = async (memory: MemoryBudget) => {
    const cube = deriveCube(raster.cube, { memory });
    windows.length = 0;
    const read = createAreaReader({ ...raster, cube }, never);
    let most = 0;
    for (const area of areasOf(shape)) {
      await read(area);
      most = Math.max(most, memory.bytes);
    }
    return most;
  };
  // A row of chunks is 9 of 8² pixels in three layers.
  const rowBytes = 9 * 64 * 3 * 4;
  const roomy = new MemoryBudget(100 * rowBytes);
  expect(await readAll(roomy)).toBeGreaterThan(rowBytes / 2);
  expect(Math.max(...readsOfBlocks(shape, raster.grid, windows))).toBe(1);
  expect(roomy.bytes).toBe(0);

  const taken = new MemoryBudget(100 * rowBytes);
  // Of two windows the second one shares with what waits.
  taken.enter();
  await taken.borrow(24.5 * rowBytes, never);
  expect(await readAll(taken)).toBeLessThanOrEqual(25 * rowBytes);
  expect(Math.max(...readsOfBlocks(shape, raster.grid, windows))).toBeGreaterThan(1);
});

test('a source whose blocks are rows of the whole width is read by areas as they are', async () => {
  const shape: Shape = {
    width: 64,
    height: 64,
    block: [64, 4],
    before: [0, 2],
    tile: [8, 8],
    missing: 'nan',
  };
  const { raster, windows } = rasterOf(shape);
  const read = createAreaReader(raster, never);
  for (const area of areasOf(shape)) await read(area);
  expect(windows.map(({ width, height }) => [width, height])).toEqual(areasOf(shape).map(() => [8, 8]));
});

test('what fails fails for all who wait for it, and nothing is left behind', async () => {
  const shape: Shape = { width: 64, height: 64, block: [8, 8], before: [4, 4], tile: [8, 8], missing: 'nan' };
  const { raster } = rasterOf(shape);
  const broken = deriveCube(raster.cube, { read: () => Promise.reject(new Error('broken')) });
  const read = createAreaReader({ ...raster, cube: broken }, never);
  const results = await Promise.allSettled(areasOf(shape).map((area) => read(area)));
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['rejected']));
});
