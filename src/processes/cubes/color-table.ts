/** Red, green, blue and opacity, 0 to 255. */
export type Rgba = readonly [number, number, number, number];

/** Turns values into palette indices. Index 0 is transparent and stands for missing values. */
export interface ColorTable {
  /** RGBA, four bytes an entry, at most 256 entries. */
  readonly palette: Uint8Array;
  /** Writes the index of each value. `valid` is 0 where a value is missing; NaN always is. */
  index(values: ArrayLike<number>, valid: Uint8Array | undefined, target: Uint8Array): void;
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

/** V8 optimises what is called often sooner than what loops for long. */
const pieceLength = 4096;

function indexPiece(
  values: ArrayLike<number>,
  target: Uint8Array,
  start: number,
  end: number,
  low: number,
  factor: number,
): void {
  for (let i = start; i < end; i++) {
    const step = (values[i] - low) * factor;
    // NaN is neither above nor below and gets 0, the transparent entry.
    target[i] = step > 0 ? (step >= steps ? steps : (step | 0) + 1) : step <= 0 ? 1 : 0;
  }
}

/**
 * Colours between stops in 255 steps; values beyond the first and last stop take their colours.
 * @param stops sorted by value.
 */
export function scaleTable(stops: readonly (readonly [value: number, color: Rgba])[]): ColorTable {
  const low = stops[0][0];
  const span = stops[stops.length - 1][0] - low;
  const palette = new Uint8Array((steps + 1) * 4);
  for (let step = 0; step < steps; step++)
    palette.set(interpolate(stops, low + (span * step) / (steps - 1)), (step + 1) * 4);
  const factor = span > 0 ? steps / span : 0;
  return {
    palette,
    index(values, valid, target) {
      for (let start = 0; start < target.length; start += pieceLength)
        indexPiece(values, target, start, Math.min(start + pieceLength, target.length), low, factor);
      if (valid) for (let i = 0; i < target.length; i++) target[i] *= valid[i];
    },
  };
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
    index(values, valid, target) {
      for (let i = 0; i < target.length; i++) {
        if (valid !== undefined && valid[i] === 0) continue;
        const value = values[i];
        const small = value & 255;
        target[i] = small === value ? direct[small] : (byValue.get(value) ?? 0);
      }
    },
  };
}
