import { OpenEOError, ProcessException } from '../../base/errors';
import { createPace } from '../../base/pace';
import type { Arguments } from '../../graph/types';
import type { Border } from '../../raster/border';
import { type Block, type Cube, deriveCube, type Window } from '../../raster/cube';
import { extentCoverage, latticeOver } from '../../raster/lattice';
import { blockShape, layerLengths, missingBlock, product } from '../../raster/layers';
import { dropPixels } from '../../raster/missing-values';
import { inRowChunks } from '../../raster/row-chunks';
import { computedType } from './callback-result-type';
import { requireGrid } from './cube-dimensions';
import { readPadded } from './padded-window';
import { withoutRange } from './value-range';

/** Weights row by row. */
interface Kernel {
  readonly weights: Float64Array;
  readonly width: number;
  readonly height: number;
}

/** @throws ProcessException `KernelDimensionsUneven`; OpenEOError `ProcessParameterInvalid` for rows of unequal lengths */
function parseKernel(rows: readonly (readonly number[])[]): Kernel {
  const width = rows[0]?.length ?? 0;
  if (rows.length % 2 === 0 || rows.some((row) => row.length % 2 === 0))
    throw new ProcessException(
      'KernelDimensionsUneven',
      `The kernel has ${rows.length} rows of ${width} weights; both numbers have to be odd.`,
    );
  if (rows.some((row) => row.length !== width))
    throw new OpenEOError('ProcessParameterInvalid', {
      process: 'apply_kernel',
      parameter: 'kernel',
      reason: 'its rows have to be of equal length',
    });
  return { weights: Float64Array.from(rows.flat()), width, height: rows.length };
}

/** Adds the neighbours in one row, weighted. Four weights at once, so that sums are loaded and stored less often. */
function addRow(
  sums: Float64Array,
  padded: Float64Array,
  start: number,
  weights: Float64Array,
  first: number,
  count: number,
): void {
  const width = sums.length;
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    const [a, b, c, d] = weights.subarray(first + k, first + k + 4);
    for (let i = 0, at = start + k; i < width; i++, at++)
      sums[i] += a * padded[at] + b * padded[at + 1] + c * padded[at + 2] + d * padded[at + 3];
  }
  for (; k < count; k++) {
    const weight = weights[first + k];
    if (weight === 0) continue;
    for (let i = 0, at = start + k; i < width; i++, at++) sums[i] += weight * padded[at];
  }
}

/** Multiplications that take some milliseconds. */
const busyWork = 2_000_000;

/** Sums of weighted neighbours for one plane of `width` × `height` pixels, from a plane padded by the kernel. */
async function convolve(
  padded: Float64Array,
  kernel: Kernel,
  factor: number,
  { width, height, rest }: { width: number; height: number; rest: () => Promise<void> | undefined },
  put: (row: number, sums: Float64Array) => void,
): Promise<void> {
  const paddedWidth = width + kernel.width - 1;
  const sums = new Float64Array(width);
  let work = 0;
  for (let row = 0; row < height; row++) {
    sums.fill(0);
    for (let ky = 0; ky < kernel.height; ky++) {
      addRow(sums, padded, (row + ky) * paddedWidth, kernel.weights, ky * kernel.width, kernel.width);
      work += kernel.width * width;
      if (work < busyWork) continue;
      work = 0;
      await rest();
    }
    if (factor !== 1) for (let i = 0; i < width; i++) sums[i] *= factor;
    put(row, sums);
  }
}

/**
 * Neighbours are those at the resolution of the window; beyond the cube's extent the border rule makes them.
 * A window reads as many pixels more on each side as the kernel reaches.
 */
export function run(args: Arguments): Cube {
  const cube = args.data as Cube;
  const native = requireGrid(cube, 'apply_kernel', 'data');
  const kernel = parseKernel(args.kernel as readonly (readonly number[])[]);
  const factor = args.factor as number;
  const rule = args.border as number | Exclude<Border, 'outside'>;
  const fill = typeof rule === 'number' ? rule : 0;
  const padding = {
    border: typeof rule === 'number' ? 'outside' : rule,
    fill,
    invalid: args.replace_invalid as number,
  } as const;
  const dataType = computedType(cube.dataType === 'text' ? 'float32' : cube.dataType);
  const Values = dataType === 'float64' ? Float64Array : Float32Array;
  const [reachX, reachY] = [(kernel.width - 1) / 2, (kernel.height - 1) / 2];

  const result: Cube = deriveCube(cube, {
    dimensions: withoutRange(cube.dimensions),
    dataType,
    blocks: undefined,
    async read(window: Window, signal: AbortSignal): Promise<Block> {
      const lengths = layerLengths(cube, window);
      const layers = product(lengths);
      if (layers === 0 || window.grid!.width * window.grid!.height === 0) return missingBlock(result, window);
      return await inRowChunks(window, 4 * layers, async (part) => {
        const grid = part.grid!;
        const lattice = latticeOver(native, grid);
        const left = Math.max(0, -lattice.column);
        const top = Math.max(0, -lattice.row);
        const width = Math.min(grid.width, lattice.grid.width - lattice.column) - left;
        const height = Math.min(grid.height, lattice.grid.height - lattice.row) - top;
        const cover = extentCoverage(native, grid);
        if (width <= 0 || height <= 0 || cover === 'none') return missingBlock(result, part);
        const area = {
          lattice: lattice.grid,
          left: lattice.column + left - reachX,
          top: lattice.row + top - reachY,
          width: width + 2 * reachX,
          height: height + 2 * reachY,
        };
        const padded = await readPadded(cube, area, padding, part.select, layers, signal);
        const data = new Values(layers * grid.width * grid.height).fill(Number.NaN);
        const valid = cube.missing === 'mask' ? new Uint8Array(data.length) : undefined;
        const rest = createPace(signal);
        for (let layer = 0; layer < layers; layer++) {
          signal.throwIfAborted();
          const plane = padded.subarray(
            layer * area.width * area.height,
            (layer + 1) * area.width * area.height,
          );
          await convolve(plane, kernel, factor, { width, height, rest }, (row, sums) => {
            const to = (layer * grid.height + top + row) * grid.width + left;
            data.set(sums, to);
            valid?.fill(1, to, to + width);
          });
        }
        const block: Block = { grid, shape: blockShape(lengths, part), data, valid };
        return cover === 'all' ? block : dropPixels(block, cube.missing, cover);
      });
    },
  });
  return result;
}
