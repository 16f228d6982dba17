import { createKernel } from '../../kernel/evaluator';
import type { Kernel, Scalar } from '../../kernel/operands';
import type { CallbackShape } from '../../kernel/types';
import type { Block, Cube, NumericArray, ValueStep } from '../../raster/cube';

/** Red, green, blue and opacity, 0 to 255. */
export type Rgba = readonly [number, number, number, number];

/** Turns values into palette indices. Index 0 is transparent and stands for missing values. */
export interface ColorTable {
  /** RGBA, four bytes an entry, at most 256 entries. */
  readonly palette: Uint8Array;
  /** The index of each value of a block with one band; NaN is always missing. */
  index(block: Block, signal: AbortSignal): Uint8Array | Promise<Uint8Array>;
  /** The same as a step on each value; absent where there is none. */
  readonly step?: ValueStep;
}

/** Steps of a continuous scale: all of the palette but the transparent entry. */
const steps = 255;

/** `#rgb`, `#rrggbb`, `#rrggbbaa` or three or four numbers. The schema of the process admits nothing else. */
export function parseColor(color: unknown): Rgba {
  if (Array.isArray(color)) {
    const [red, green, blue, alpha = 255] = color.map((part) => Math.round(Number(part)));
    return [red, green, blue, alpha];
  }
  const digits = String(color).slice(1);
  const full = digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits;
  const byte = (at: number) => Number.parseInt(full.slice(at, at + 2), 16);
  return [byte(0), byte(2), byte(4), full.length === 8 ? byte(6) : 255];
}

function interpolate(stops: readonly (readonly [number, Rgba])[], at: number): number[] {
  let upper = stops.findIndex(([position]) => position > at);
  if (upper < 0) upper = stops.length;
  const [low, high] = [stops[Math.max(0, upper - 1)], stops[Math.min(upper, stops.length - 1)]];
  const span = high[0] - low[0];
  const part = span > 0 ? Math.min(1, Math.max(0, (at - low[0]) / span)) : 0;
  return low[1].map((from, channel) => Math.round(from + (high[1][channel] - from) * part));
}

/**
 * What makes indices of values: one for each step of 1 / `factor` from `low`. NaN becomes byte 0, the transparent
 * entry, as bytes have no other way to keep it.
 */
function indexer(low: number, factor: number): Kernel {
  return (args, build) => {
    const x = args.get('x') as Scalar;
    const [from, by, first, last] = [low, factor, 1, steps].map((value) => build.table.constant(value));
    const value =
      build.missing === 'nan' && x.isNaNWhenInvalid
        ? x.node
        : build.node('($0 ? $1 : NaN)', 'number', [build.isValid(x.valid), x.node]);
    const step = build.node('(($0 - $1) * $2 + 1)', 'number', [value, from, by]);
    return build.always(build.node('($0 < $1 ? $1 : $0 > $2 ? $2 : $0)', 'number', [step, first, last]));
  };
}

/**
 * Colours between stops in 255 steps; values beyond the first and last stop take their colours.
 * @param stops sorted by value.
 * @param missing how the cube tells missing values.
 */
export function scaleTable(
  stops: readonly (readonly [value: number, color: Rgba])[],
  missing: Cube['missing'],
): ColorTable {
  const low = stops[0][0];
  const span = stops[stops.length - 1][0] - low;
  const palette = new Uint8Array((steps + 1) * 4);
  for (let step = 0; step < steps; step++)
    palette.set(interpolate(stops, low + (span * step) / (steps - 1)), (step + 1) * 4);
  const kernel = indexer(low, span > 0 ? steps / span : 0);
  const shape: CallbackShape = { inputs: new Map([['x', { kind: 'plane' }]]), missing };
  const { run } = createKernel(kernel, shape, { bytes: true });
  return {
    palette,
    step: { kernel },
    index(block, signal) {
      const { length } = block.data;
      const input = { data: [numbersOf(block)], valid: [block.valid] };
      const made = run(new Map([['x', input]]), length, signal);
      return made instanceof Promise
        ? made.then(({ data }) => data[0] as Uint8Array)
        : (made.data[0] as Uint8Array);
    },
  };
}

/** Text that says no number is missing. */
function numbersOf({ data }: Block): NumericArray {
  return Array.isArray(data) ? Float64Array.from(data, (value) => Number(value ?? Number.NaN)) : data;
}

/** Exact classes; all other values are transparent. */
export function classTable(classes: readonly (readonly [value: number, color: Rgba])[]): ColorTable {
  const palette = new Uint8Array((classes.length + 1) * 4);
  const byValue = new Map<number, number>();
  classes.forEach(([value, color], index) => {
    palette.set(color, (index + 1) * 4);
    byValue.set(value, index + 1);
  });
  // Small whole numbers, which classes mostly are, need no search.
  const direct = new Uint8Array(256);
  for (const [value, index] of byValue)
    if (Number.isInteger(value) && value >= 0 && value < 256) direct[value] = index;
  return {
    palette,
    index(block) {
      const { valid } = block;
      const values = numbersOf(block);
      const target = new Uint8Array(values.length);
      for (let i = 0; i < target.length; i++) {
        if (valid !== undefined && valid[i] === 0) continue;
        const value = values[i];
        const small = value & 255;
        target[i] = small === value ? direct[small] : (byValue.get(value) ?? 0);
      }
      return target;
    },
  };
}
