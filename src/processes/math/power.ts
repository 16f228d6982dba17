import { elementwise } from '../../kernel/elementwise';

/** NaN to the power of 0 is 1. */
export const { run, kernel, answers } = elementwise({
  operands: ['base', 'p'],
  operation: '($0 ** $1)',
  keepsNaN: false,
});
