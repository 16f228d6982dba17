import { elementwise } from '../../kernel/elementwise';

/** The remainder with the sign of the divisor; a division by zero gives an infinity with the sign of `x`. */
function mod(x: number, y: number): number {
  if (y === 0) return x / 0;
  const remainder = x % y;
  const isOtherSide = remainder !== 0 && remainder < 0 !== y < 0;
  return isOtherSide && Number.isFinite(y) ? remainder + y : remainder;
}

export const { run, kernel, answers } = elementwise({ operands: ['x', 'y'], operation: mod });
