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
  if (p < 0 && scale === Number.POSITIVE_INFINITY) return 0;
  const scaled = p < 0 ? x / scale : x * scale;
  // There are no further digits; dividing and multiplying would only change the last one.
  if (!(Math.abs(scaled) < wholeFrom)) return x;
  return p < 0 ? roundToEven(scaled) * scale : roundToEven(scaled) / scale;
}

export const { run, kernel, answers } = elementwise({ operands: ['x', 'p'], operation: round });
