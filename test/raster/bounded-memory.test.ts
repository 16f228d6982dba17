import { Readable } from 'node:stream';
import { type Cube, defineCube, deriveCube } from '../../src/raster/cube';
import { gtiff } from '../../src/raster/formats/gtiff';
import { png } from '../../src/raster/formats/png';
import type { OutputFormat } from '../../src/raster/formats/types';
import { MemoryBudget } from '../../src/raster/memory/budget';
import { accountReads } from '../../src/raster/memory/reads';
import { utmGrid } from './formats/support';

const signal = new AbortController().signal;

/** A picture of any size that exists only where it is read, with a process over it. */
function endless(side: number, budget: MemoryBudget): { cube: Cube; peak: () => number } {
  const grid = utmGrid(side, side);
  let peak = 0;
  const source = defineCube({
    dimensions: [
      { type: 'spatial', name: 'y', axis: 'y' },
      { type: 'spatial', name: 'x', axis: 'x' },
    ],
    grid,
    dataType: 'float32',
    nodata: null,
    missing: 'nan',
    locality: 'local',
    isGridFixed: false,
    dataVersion: '1',
    async read(window) {
      peak = Math.max(peak, budget.bytes);
      const { width, height } = window.grid!;
      return { grid: window.grid, shape: [height, width], data: new Float32Array(width * height).fill(7) };
    },
  });
  const input = accountReads(source, budget);
  const doubled = deriveCube(input, {
    async read(window, readSignal) {
      const block = await input.read(window, readSignal);
      peak = Math.max(peak, budget.bytes);
      return { ...block, data: (block.data as Float32Array).map((value) => value * 2) };
    },
  });
  return { cube: accountReads(doubled, budget), peak: () => peak };
}

async function peakOf(format: OutputFormat, side: number): Promise<{ peak: number; bytes: number }> {
  const budget = new MemoryBudget(2 ** 28);
  const { cube, peak } = endless(side, budget);
  const options = format === gtiff ? { level: 1, overviews: 'none' } : {};
  const { body } = await format.encode(cube, { options, signal, maxPixels: 1e9 });
  let bytes = 0;
  if (body instanceof Readable) for await (const chunk of body) bytes += (chunk as Uint8Array).length;
  else bytes = body.length;
  expect(budget.bytes).toBe(0);
  return { peak: peak(), bytes };
}

test.each([
  ['GTiff', gtiff],
  ['PNG', png],
])(
  '%s takes as much memory for 36 million pixels as for 9',
  async (_, format) => {
    const small = await peakOf(format, 3000);
    const large = await peakOf(format, 6000);
    expect(large.bytes).toBeGreaterThan(small.bytes);
    expect(small.peak).toBeGreaterThan(0);
    expect(large.peak).toBeLessThanOrEqual(small.peak * 1.2);
    // Written at once it would be 144 MB.
    expect(large.peak).toBeLessThan(50_000_000);
  },
  180_000,
);
