import { elementwise } from '../../kernel/elementwise';

/** Beyond it, neighbouring numbers are so far apart that every one of them would be as good as at a pole. */
const maxAngle = 2 ** 26;

/**
 * The tangent; an infinity with the sign of `x` where no number is nearer to a pole than `x` is, give or take what
 * is lost when an odd multiple of π/2 is computed: the poles themselves lie between numbers.
 */
function tan(x: number): number {
  const tangent = Math.tan(x);
  const isPole = Math.abs(x) < maxAngle && Math.abs(tangent * x) * Number.EPSILON > 0.25;
  return isPole ? Math.sign(x) * Number.POSITIVE_INFINITY : tangent;
}

export const { run, kernel, answers } = elementwise({ operands: ['x'], operation: tan });
