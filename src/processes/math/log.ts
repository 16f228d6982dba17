import { elementwise } from '../../kernel/elementwise';

/** Exact for powers of the usual bases; -Infinity at 0 for every base. */
function log(x: number, base: number): number {
  if (base === 10) return Math.log10(x);
  if (base === 2) return Math.log2(x);
  if (x === 0 && !Number.isNaN(base)) return Number.NEGATIVE_INFINITY;
  return Math.log(x) / Math.log(base);
}

export const { run, kernel, answers } = elementwise({ operands: ['x', 'base'], operation: log });
