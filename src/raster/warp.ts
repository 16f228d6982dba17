import { createPace } from '../base/pace';
import { gridsEqual } from '../geo/grid';
import type { Grid } from '../geo/types';
import type { Plane } from './codecs/planes';
import type { Block, Cube, NumericArray } from './cube';
import type { Resampling } from './source';
import { createMapping, type Mapping } from './warp/mapping';
import { nearIndex } from './warp/near';
import { resamplePlane } from './warp/resample-plane';

/** Positions may be off by this part of a pixel. */
const tolerance = 0.001;

function isPlain(data: Block['data']): data is unknown[] {
  return Array.isArray(data);
}

/** Arrays that the resampling loops know; others become doubles. */
function asPlane(data: NumericArray): Plane {
  return data instanceof Float32Array ||
    data instanceof Float64Array ||
    data instanceof Uint8Array ||
    data instanceof Uint16Array ||
    data instanceof Int16Array
    ? data
    : Float64Array.from(data);
}

interface WarpOptions {
  readonly resampling: Resampling;
  readonly missing: Cube['missing'];
}

interface Warping {
  readonly result: Block;
  readonly steps: number;
  /** Fills a part of the result: one layer, or some rows of it where pixels are weighed. */
  step(index: number): void;
}

/** Output pixels that are weighed without giving way to others: a few milliseconds. */
const stepPixels = 1 << 14;

/** The same mapping in strips of rows, each a mapping of its own. */
function splitRows(mapping: Mapping): Mapping[] {
  return mapping.cells.flatMap((cell) => {
    const rows = Math.max(1, Math.floor(stepPixels / Math.max(1, cell.column1 - cell.column0)));
    const strips: Mapping[] = [];
    for (let row0 = cell.row0; row0 < cell.row1; row0 += rows)
      strips.push({ ...mapping, cells: [{ ...cell, row0, row1: Math.min(cell.row1, row0 + rows) }] });
    return strips;
  });
}

/** The text that appears most often, found by numbers that stand for the texts. */
function prepareTexts(block: Block, texts: readonly unknown[], target: Grid, options: WarpOptions): Warping {
  const numbers = new Map<unknown, number>();
  const data = Float64Array.from(texts, (text) => {
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    return number;
  });
  const names = [...numbers.keys()];
  const { result, steps, step } = prepare({ ...block, data }, target, options);
  const found: unknown[] = new Array(result.data.length).fill(null);
  const name = () => {
    for (let i = 0; i < found.length; i++)
      if (result.valid?.[i] !== 0) found[i] = names[result.data[i] as number] ?? null;
  };
  return {
    result: { ...result, data: found },
    steps: steps + 1,
    step: (index) => (index < steps ? step(index) : name()),
  };
}

function prepare(block: Block, target: Grid, options: WarpOptions): Warping {
  const source = block.grid;
  if (!source) throw new TypeError('A block without a grid cannot be warped');
  if (gridsEqual(source, target)) return { result: { ...block, grid: target }, steps: 0, step: () => {} };
  if (isPlain(block.data) && options.resampling === 'mode')
    return prepareTexts(block, block.data, target, options);
  const layers = block.shape.slice(0, -2);
  const count = layers.reduce((product, length) => product * length, 1);
  const shape = [...layers, target.height, target.width];
  const from = source.width * source.height;
  const to = target.width * target.height;
  const mapping = createMapping(target, source, tolerance);
  const geometry = { stride: source.width, x0: 0, y0: 0, width: source.width, height: source.height };
  const hasMask = options.missing === 'mask';
  const valid = hasMask ? new Uint8Array(count * to) : undefined;

  if (isPlain(block.data)) {
    const { data: texts } = block;
    const index = nearIndex(mapping, geometry);
    const data: unknown[] = new Array(count * to).fill(null);
    const step = (number: number) => {
      for (let i = 0; i < to; i++) {
        if (index[i] < 0 || block.valid?.[number * from + index[i]] === 0) continue;
        data[number * to + i] = texts[number * from + index[i]];
        if (valid) valid[number * to + i] = 1;
      }
    };
    return { result: { grid: target, shape, data, ...(valid && { valid }) }, steps: count, step };
  }

  const input = asPlane(block.data);
  const isWide = input instanceof Float64Array;
  const data = isWide ? new Float64Array(count * to) : new Float32Array(count * to);
  data.fill(Number.NaN);
  const parts = options.resampling === 'near' ? [mapping] : splitRows(mapping);
  const step = (index: number) => {
    const number = Math.floor(index / parts.length);
    resamplePlane(
      options.resampling,
      parts[index % parts.length],
      {
        ...geometry,
        data: input.subarray(number * from, (number + 1) * from) as Plane,
        ...(block.valid && { valid: block.valid.subarray(number * from, (number + 1) * from) }),
      },
      { nodata: Number.NaN, isNan: !hasMask },
      {
        data: data.subarray(number * to, (number + 1) * to),
        ...(valid && { valid: valid.subarray(number * to, (number + 1) * to) }),
        width: target.width,
      },
    );
  };
  return {
    result: { grid: target, shape, data, ...(valid && { valid }) },
    steps: count * parts.length,
    step,
  };
}

/**
 * A block on another grid: every layer is resampled. Output pixels outside of the block are missing.
 * In the `nan` form NaN is what is missing, in the `mask` form what `valid` says.
 * @returns numbers as Float32Array where the input's fit in (else Float64Array); text stays text, taken by
 *   nearest pixel unless the most frequent one is wanted.
 */
export function warpBlock(block: Block, target: Grid, options: WarpOptions): Block {
  const { result, steps, step } = prepare(block, target, options);
  for (let index = 0; index < steps; index++) step(index);
  return result;
}

/** As {@link warpBlock}, with turns for others in between. @throws the signal's reason when it is aborted */
export async function warpBlockInTurns(
  block: Block,
  target: Grid,
  options: WarpOptions,
  signal: AbortSignal,
): Promise<Block> {
  const { result, steps, step } = prepare(block, target, options);
  const rest = createPace(signal);
  for (let index = 0; index < steps; index++) {
    step(index);
    await rest();
  }
  return result;
}
