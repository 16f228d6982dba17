import { elementwise } from '../../kernel/elementwise';

/** From here on, numbers have no fraction. */
const wholeFrom = 2 ** 52;

/** Rounds to the nearest whole number, halves to the even one. */
function roundToEven(x: number): number {
  // Also true for NaN and the infinities.
  if (!(Math.abs(x) < wholeFrom)) return x;
  const below = Math.floor(x);
  const fraction = x - below;
  if (fraction !== 0.5) return fraction < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** Rounds to `p` digits behind the decimal point; a negative `p` to tens, hundreds, … */
function round(x: number, p: number): number {
  if (p === 0) return roundToEven(x);
  const scale = 10 ** Math.abs(p);
  if (!Number.isFinite(x)) return x;
  if (p < 0) return scale === Number.POSITIVE_INFINITY ? 0 : roundToEven(x / scale) * scale;
  const scaled = x * scale;
  return Number.isFinite(scaled) ? roundToEven(scaled) / scale : x;
}

export const { run, kernel, answers } = elementwise({ operands: ['x', 'p'], operation: round });
